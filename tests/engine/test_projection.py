"""A vertex takes the values of the voxels around it, of its own side, and says where none is."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from jne_engine.errors import InputError
from jne_engine.projection import (
    Sheet,
    load_sheets,
    project_volume,
    read_sheets,
)
from jne_engine.spaces import HEMISPHERES, Mesh, VolumeSpace
from tests.engine.readers.files import refused

AFFINE = np.array([[-2.0, 0.1, 0, 41], [0.1, 2.0, 0, -38], [0, 0.2, 1.9, -37], [0, 0, 0, 1]])
SHAPE = (42, 40, 39)
CENTRES = {"left": (-18.0, -2, 1), "right": (18.0, -2, 1)}


def ball(centre: tuple[float, ...], radius: float) -> Mesh:
    """Return points of a ball around a centre; triangles that only have to be there."""
    rng = np.random.default_rng(3)
    points = rng.normal(size=(300, 3))
    points *= radius / np.linalg.norm(points, axis=1, keepdims=True)
    faces = np.arange(300).reshape(100, 3)
    return Mesh((points + centre).astype(np.float32), faces)


SHEETS = {h: Sheet(ball(c, 9.0), ball(c, 12.0)) for h, c in CENTRES.items()}


def grid(mask: np.ndarray | None = None) -> VolumeSpace:
    """Return all voxels of the grid, or some, in an order of their own."""
    voxels = np.argwhere(np.ones(SHAPE, bool) if mask is None else mask)
    return VolumeSpace(SHAPE, AFFINE, np.random.default_rng(1).permutation(voxels))


def millimetres(space: VolumeSpace) -> np.ndarray:
    return nib.affines.apply_affine(space.affine, space.voxels)


def test_a_linear_field_is_read_at_the_middle_of_the_cortex() -> None:
    """Trilinear interpolation is exact for a linear field, and so is the mean over depths."""
    space = grid()
    field = np.array([0.3, -0.7, 1.1])
    found = project_volume(millimetres(space) @ field + 5, space, SHEETS, source="balls")
    for hemi, (white, pial) in SHEETS.items():
        middle = (white.coordinates.astype(float) + pial.coordinates) / 2
        np.testing.assert_allclose(found.values[hemi], middle @ field + 5, atol=1e-3)
        assert found.values[hemi].dtype == np.float32


def test_a_smooth_field_is_read_within_the_error_of_interpolation() -> None:
    space = grid()
    wave = 2 * np.pi / 40
    values = np.sin(wave * millimetres(space)).prod(axis=1)
    found = project_volume(values, space, SHEETS, source="balls")
    bound = 3 * (wave * 2.1) ** 2 / 8 + 3 * wave**2 * 3.0**2 / 24  # of the grid, of the depths
    for hemi, (white, pial) in SHEETS.items():
        middle = (white.coordinates.astype(float) + pial.coordinates) / 2
        error = found.values[hemi] - np.sin(wave * middle).prod(axis=1)
        assert np.abs(error).max() < bound


def test_left_stays_left() -> None:
    space = grid()
    found = project_volume(np.sign(millimetres(space)[:, 0]), space, SHEETS, source="balls")
    np.testing.assert_allclose(found.values["left"], -1, atol=1e-6)
    np.testing.assert_allclose(found.values["right"], 1, atol=1e-6)


def test_vertices_without_a_voxel_are_nan_and_the_others_are_not_diluted() -> None:
    everywhere = grid()
    left = millimetres(everywhere)[:, 0] < 0
    mask = np.zeros(SHAPE, bool)
    mask[tuple(everywhere.voxels[left].T)] = True
    space = grid(mask)
    found = project_volume(np.full(space.n_voxels, 7.0), space, SHEETS, source="balls")
    np.testing.assert_allclose(found.values["left"], 7, rtol=1e-6)
    assert np.isnan(found.values["right"]).all()
    assert "300 of 600 vertices have a voxel" in found.note
    assert "linear" in found.note
    assert "balls" in found.note


def test_values_that_are_not_finite_count_as_no_voxel() -> None:
    space = grid()
    values = np.full(space.n_voxels, 3.0)
    values[millimetres(space)[:, 2] > 1] = np.nan
    values[millimetres(space)[:, 0] > 0] = np.inf
    found = project_volume(values, space, SHEETS, source="balls")
    height = SHEETS["left"].pial.coordinates[:, 2]
    np.testing.assert_allclose(found.values["left"][height < 0], 3, rtol=1e-6)
    assert np.isnan(found.values["left"][height > 7]).all()
    assert np.isnan(found.values["right"]).all()


def test_surfaces_outside_of_the_volume_are_named() -> None:
    far = {"left": Sheet(ball((900.0, 0, 0), 9), ball((900.0, 0, 0), 12))}
    space = grid()
    with refused("projection", "balls"):
        project_volume(np.ones(space.n_voxels), space, far, source="balls")
    with refused("values", "one value a voxel"):
        project_volume(np.ones(3), space, far, source="balls")


def write_sheets(folder: Path) -> None:
    """Write both surfaces of both balls as FreeSurfer does."""
    for hemi, sheet in SHEETS.items():
        for name, mesh in zip(("white", "pial"), sheet, strict=True):
            path = folder / f"{hemi[0]}h.{name}"
            nib.freesurfer.write_geometry(path, mesh.coordinates, mesh.faces)


def test_a_subjects_own_surfaces_are_read(tmp_path: Path) -> None:
    with refused("lh.white", "own surfaces"):
        read_sheets(tmp_path)
    write_sheets(tmp_path)
    sheets = read_sheets(tmp_path)
    np.testing.assert_array_equal(sheets["right"].pial.coordinates, SHEETS["right"].pial[0])
    other = SHEETS["left"].pial.faces[::-1]
    nib.freesurfer.write_geometry(tmp_path / "lh.pial", SHEETS["left"].pial[0], other)
    with refused("lh.white and lh.pial", "same triangles"):
        read_sheets(tmp_path)


def test_a_volume_in_template_space_goes_to_a_template_surface() -> None:
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = (-92, -130, -76)
    voxels = np.argwhere(np.ones((47, 57, 48), bool))
    space = VolumeSpace((47, 57, 48), affine, voxels)
    height = nib.affines.apply_affine(affine, voxels)[:, 2]
    sheets = load_sheets("fsaverage5")
    found = project_volume(height, space, sheets, source="fsaverage5")
    for hemi in HEMISPHERES:
        white, pial = (mesh.coordinates[:, 2] for mesh in sheets[hemi])
        np.testing.assert_allclose(found.values[hemi], (white + pial) / 2, atol=1e-3)
    with pytest.raises(InputError):
        load_sheets("fsaverage")
