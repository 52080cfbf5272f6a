"""NSD's volumes are drawn by NSD's own transforms, on the best surface there is, or not at all."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from jne_engine.cortex.icosahedron import FSAVERAGE
from jne_engine.cortex.projection_weights import build_projection, sample_sheets
from jne_engine.cortex.spaces import HEMISPHERES, VolumeSpace
from jne_engine.datasets.nsd.layout import NsdTree
from jne_engine.datasets.nsd.projection import find_projection, read_nsd_projection
from tests.engine.readers.files import refused
from tests.engine.readers.test_sheets import write_sheets
from tests.engine.test_projection import AFFINE, SHAPE, SHEETS, N, grid, millimetres


@pytest.fixture
def tree(tmp_path: Path) -> NsdTree:
    for folder in ("nsddata/ppdata/subj03/transforms", "nsddata/freesurfer/subj03/surf"):
        (tmp_path / folder).mkdir(parents=True)
    return NsdTree(root=tmp_path, subject=3)


def transforms(tree: NsdTree) -> Path:
    return tree.root / "nsddata/ppdata/subj03/transforms"


def write_mgz(path: Path, values: np.ndarray) -> None:
    nib.save(nib.MGHImage(values.astype(np.float32), np.eye(4)), path)


def write_transforms(tree: NsdTree, *, name: str = "func1pt8", outside: int = 0) -> None:
    """Write one-based voxel coordinates of three depths, as NSD does."""
    for hemi, (white, pial) in SHEETS.items():
        for layer, share in (("B1", 0.75), ("B2", 0.5), ("B3", 0.25)):
            at = white.coordinates + share * (pial.coordinates - white.coordinates)
            places = nib.affines.apply_affine(np.linalg.inv(AFFINE), at) + 1
            places[:outside] = 9999
            write_mgz(transforms(tree) / f"{hemi[0]}h.{name}-to-layer{layer}.mgz",
                      places[:, None, None, :])  # fmt: skip


def write_fsaverage(tree: NsdTree, seed: int = 0) -> dict[str, np.ndarray]:
    """Write the subject's vertex of each of fsaverage's, from 1; return them from 0."""
    rng = np.random.default_rng(seed)
    found = {hemi: rng.integers(0, N, FSAVERAGE["fsaverage"]) for hemi in HEMISPHERES}
    for hemi, vertices in found.items():
        path = transforms(tree) / f"{hemi[0]}h.white-to-fsaverage.mgz"
        write_mgz(path, vertices[:, None, None] + 1)
    return found


def field(space: VolumeSpace) -> np.ndarray:
    return millimetres(space) @ np.array([0.3, -0.7, 1.1])


@pytest.mark.parametrize(("space", "name"), [("func1pt8mm", "func1pt8"), ("func1mm", "func1pt0")])
def test_the_subjects_own_surfaces_take_what_the_transforms_say(tree, space, name) -> None:
    """The transforms name a volume by its voxels' size; written for the balls, they meet them."""
    tree = NsdTree(root=tree.root, subject=3, space=space)
    write_sheets(tree.root / "nsddata/freesurfer/subj03/surf")
    write_transforms(tree, name=name, outside=20)
    found = read_nsd_projection(tree, grid())
    assert "own surfaces" in find_projection(tree)[0]
    points = sample_sheets(grid(), SHEETS)
    meshed = build_projection(grid(), points, surface="balls", source="balls")
    np.testing.assert_array_equal(found.space.left, np.arange(20, N))
    values = meshed.project(field(grid()))
    kept = np.concatenate([np.arange(20, N), N + np.arange(20, N)])
    np.testing.assert_allclose(found.project(field(grid())), values[kept], atol=1e-3)
    assert found.own.name == found.space.surface == "subj03-nativesurface"
    assert "layers B1 to B3" in found.note


def test_without_own_surfaces_fsaverage_takes_its_nearest_vertices(tree) -> None:
    write_transforms(tree)
    assert "no surface; copy" in find_projection(tree)[1]
    assert read_nsd_projection(tree, grid()) is None
    nearest = write_fsaverage(tree)
    found = read_nsd_projection(tree, grid())
    assert found.own is None
    assert found.space.surface == "fsaverage"
    points = sample_sheets(grid(), SHEETS)
    meshed = build_projection(grid(), points, surface="balls", source="balls")
    native, shown = meshed.project(field(grid())), found.project(field(grid()))
    for hemi in HEMISPHERES:
        own = native[meshed.space.columns(hemi)]
        np.testing.assert_allclose(shown[found.space.columns(hemi)], own[nearest[hemi]], atol=1e-3)


def test_surfaces_alone_are_not_enough_for_they_are_not_in_register(tree) -> None:
    write_sheets(tree.root / "nsddata/freesurfer/subj03/surf")
    drawn, problem = find_projection(tree)
    assert drawn == ""
    assert "lh.func1pt8-to-layerB1.mgz is missing" in problem
    assert "copy nsddata/ppdata/subj03/transforms" in problem
    assert read_nsd_projection(tree, grid()) is None
    assert find_projection(NsdTree(root=tree.root, subject=3, space="fsaverage")) == ("", "")


def test_what_does_not_fit_is_named(tree) -> None:
    write_transforms(tree)
    write_fsaverage(tree)
    path = transforms(tree) / "rh.white-to-fsaverage.mgz"
    write_mgz(path, np.full((FSAVERAGE["fsaverage"], 1, 1), N + 1))
    with refused("rh.white-to-fsaverage.mgz", f"vertices 1 to {N}"):
        read_nsd_projection(tree, grid())
    write_mgz(path, np.ones((7, 1, 1)))
    with refused("rh.white-to-fsaverage.mgz", "163842"):
        read_nsd_projection(tree, grid())
    write_mgz(transforms(tree) / "lh.func1pt8-to-layerB2.mgz", np.ones((N, 1, 1, 2)))
    with refused("lh.func1pt8-to-layerB2.mgz", "3 coordinates"):
        read_nsd_projection(tree, grid())


def test_surfaces_of_another_subject_are_refused(tree) -> None:
    write_transforms(tree)
    write_sheets(tree.root / "nsddata/freesurfer/subj03/surf")
    short = SHEETS["left"].white.coordinates[: N - 3]
    for name in ("white", "pial"):
        path = tree.root / f"nsddata/freesurfer/subj03/surf/lh.{name}"
        nib.freesurfer.write_geometry(path, short, SHEETS["left"].white.faces[:-1])
    with refused("lh.white of subj03", "300 vertices as the transforms"):
        read_nsd_projection(tree, VolumeSpace(SHAPE, AFFINE, grid().voxels))
