"""A subject's own surfaces are read whole, or refused; templates come from packages."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.cortex.projection_weights import build_projection, sample_sheets
from jne_engine.cortex.spaces import HEMISPHERES, VolumeSpace
from jne_engine.formats.sheets import (
    has_subject_surface,
    list_subject_files,
    load_sheets,
    read_subject_surface,
)
from tests.engine.readers.files import refused
from tests.engine.test_projection import SHEETS, N


def write_sheets(folder: Path) -> None:
    """Write both surfaces of both balls as FreeSurfer does."""
    folder.mkdir(parents=True, exist_ok=True)
    for hemi, sheet in SHEETS.items():
        for name, mesh in zip(("white", "pial"), sheet, strict=True):
            path = folder / f"{hemi[0]}h.{name}"
            nib.freesurfer.write_geometry(path, mesh.coordinates, mesh.faces)


def test_a_subjects_own_surfaces_are_read(tmp_path: Path) -> None:
    with refused("lh.white", "own surfaces"):
        read_subject_surface(tmp_path, "S1")
    assert not has_subject_surface(tmp_path)
    write_sheets(tmp_path)
    assert has_subject_surface(tmp_path)
    assert len(list_subject_files(tmp_path)) == 4
    own = read_subject_surface(tmp_path, "S1")
    assert (tuple(own.shapes), own.depth, own.n_vertices("left")) == (("white", "pial"), {}, N)
    sheets = own.sheets()
    np.testing.assert_array_equal(sheets["right"].pial.coordinates, SHEETS["right"].pial[0])
    for hemi in HEMISPHERES:
        nib.freesurfer.write_morph_data(tmp_path / f"{hemi[0]}h.sulc", np.arange(N))
    depth = read_subject_surface(tmp_path, "S1").depth
    np.testing.assert_array_equal(depth["left"], np.arange(N))
    other = SHEETS["left"].pial.faces[::-1]
    nib.freesurfer.write_geometry(tmp_path / "lh.pial", SHEETS["left"].pial[0], other)
    with refused("lh.white and lh.pial", "same triangles"):
        read_subject_surface(tmp_path, "S1")


def test_a_volume_in_template_space_goes_to_a_template_surface() -> None:
    affine = np.diag([4.0, 4, 4, 1])
    affine[:3, 3] = (-92, -130, -76)
    voxels = np.argwhere(np.ones((47, 57, 48), bool))
    space = VolumeSpace((47, 57, 48), affine, voxels)
    height = nib.affines.apply_affine(affine, voxels)[:, 2]
    sheets = load_sheets("fsaverage5")
    points = sample_sheets(space, sheets)
    made = build_projection(space, points, surface="fsaverage5", source="fsaverage5")
    found = made.project(height)
    for hemi in HEMISPHERES:
        white, pial = (mesh.coordinates[:, 2] for mesh in sheets[hemi])
        middle = (white + pial) / 2
        np.testing.assert_array_equal(made.space.vertices(hemi), np.arange(10242))
        np.testing.assert_allclose(found[made.space.columns(hemi)], middle, atol=1e-3)
    with pytest.raises(InputError):
        load_sheets("fsaverage")
