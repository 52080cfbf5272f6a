"""NSD's volumes go to a subject's surfaces by NSD's own map, or by its meshes, and say which."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from jne_engine.nsd_projection import project_nsd, read_nsd_points
from jne_engine.projection import project_points, project_volume
from jne_engine.spaces import HEMISPHERES, VolumeSpace
from tests.engine.readers.files import refused
from tests.engine.test_projection import AFFINE, SHAPE, SHEETS, grid, millimetres, write_sheets


def test_points_are_the_meshes_in_voxels(tmp_path: Path) -> None:
    """NSD's transforms, written for the balls at three depths, give what the meshes give."""
    space = grid()
    values = millimetres(space) @ np.array([0.3, -0.7, 1.1])
    write_transforms(tmp_path)
    points = read_nsd_points(tmp_path, "func1pt8mm")
    found = project_points(values, space, points)
    expected = project_volume(values, space, SHEETS, source="balls")
    for hemi in HEMISPHERES:
        np.testing.assert_allclose(found.values[hemi], expected.values[hemi], atol=1e-3)
    assert "B1 to B3" in found.note


def test_points_outside_of_the_volume_are_nan(tmp_path: Path) -> None:
    write_transforms(tmp_path, outside=20)
    space = grid()
    points = read_nsd_points(tmp_path, "func1pt8mm")
    found = project_points(np.ones(space.n_voxels), space, points).values["left"]
    assert np.isnan(found[:20]).all()
    np.testing.assert_allclose(found[20:], 1)


def write_transforms(folder: Path, outside: int = 0) -> None:
    """Write one-based voxel coordinates of three depths, as NSD does."""
    for hemi, (white, pial) in SHEETS.items():
        for layer, share in (("B1", 0.75), ("B2", 0.5), ("B3", 0.25)):
            at = white.coordinates + share * (pial.coordinates - white.coordinates)
            places = nib.affines.apply_affine(np.linalg.inv(AFFINE), at) + 1
            places[: outside // 2] = np.nan
            places[outside // 2 : outside] = 9999
            image = nib.MGHImage(places.astype(np.float32)[:, None, None, :], np.eye(4))
            nib.save(image, folder / f"{hemi[0]}h.func1pt8-to-layer{layer}.mgz")


def test_the_best_map_that_is_there_is_used_and_recorded(tmp_path: Path) -> None:
    space = VolumeSpace(SHAPE, AFFINE, grid().voxels, "func1pt8mm")
    values = millimetres(space) @ np.array([0.3, -0.7, 1.1])
    with refused("subj03 func1pt8mm", "nsddata/ppdata/subj03/transforms.*freesurfer/subj03/surf"):
        project_nsd(values, space, tmp_path, subject=3)
    surfaces = tmp_path / "nsddata/freesurfer/subj03/surf"
    transforms = tmp_path / "nsddata/ppdata/subj03/transforms"
    surfaces.mkdir(parents=True)
    transforms.mkdir(parents=True)
    write_sheets(surfaces)
    meshed = project_nsd(values, space, tmp_path, subject=3)
    assert "by the headers alone" in meshed.note
    write_transforms(transforms)
    mapped = project_nsd(values, space, tmp_path, subject=3)
    assert "NSD's transforms" in mapped.note
    for hemi in HEMISPHERES:
        np.testing.assert_allclose(mapped.values[hemi], meshed.values[hemi], atol=1e-3)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with refused("lh.func1pt8-to-layerB1.mgz", "transforms"):
        read_nsd_points(tmp_path, "func1pt8mm")
    with refused("NSD volume"):
        read_nsd_points(tmp_path, "MNI")
    with refused("NSD volume"):
        project_nsd(np.ones(1), grid(), tmp_path, subject=1)
