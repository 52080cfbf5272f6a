"""Maps over vertices are the same whatever file they come in, and left stays left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jne_engine.formats.surface_values import read_surface_values
from tests.engine.readers.files import cuts, refused
from tests.engine.readers.image_files import (
    GRAYORDINATES,
    MAPS,
    N_VERTICES,
    array,
    cifti,
    cifti_labels,
    gifti,
    gifti_labels,
    gifti_maps,
    gifti_mesh,
    mgh,
    mgh_maps,
    morph,
    packed,
)

FILES = {
    "lh.betas.mgh": mgh_maps(),
    "lh.betas.mgz": packed(mgh_maps()),
    "maps.func.gii": gifti_maps(),
    "ascii.func.gii": gifti_maps("ASCII"),
    "plain.shape.gii": gifti_maps("B64BIN"),
}


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_maps(tmp_path: Path, name: str) -> None:
    values = read_surface_values(write(tmp_path, name, FILES[name]))
    assert list(values.parts) == ["left"]
    np.testing.assert_allclose(values.parts["left"], MAPS, atol=1e-6 if "ascii" in name else 0)
    assert values.parts["left"].dtype == np.float32
    assert values.n_vertices == {"left": N_VERTICES}
    named = ("map 0", "map 1", "map 2") if name.endswith(".gii") else ("", "", "")
    assert values.names == named


def test_freesurfer_values_have_no_ending(tmp_path: Path) -> None:
    values = read_surface_values(write(tmp_path, "rh.curv", morph()))
    np.testing.assert_array_equal(values.parts["right"][0], MAPS[0])


def test_columns_of_one_array_are_maps(tmp_path: Path) -> None:
    content = gifti([array(MAPS.T, "NIFTI_INTENT_NONE")])
    values = read_surface_values(write(tmp_path, "rh.maps.func.gii", content))
    np.testing.assert_array_equal(values.parts["right"], MAPS)


def test_grayordinates_go_to_their_vertices(tmp_path: Path) -> None:
    values = read_surface_values(write(tmp_path, "a.dscalar.nii", cifti()))
    assert values.names == ("one", "two")
    assert dict(values.n_vertices) == {"left": N_VERTICES, "right": N_VERTICES}
    left, right = values.parts["left"], values.parts["right"]
    np.testing.assert_array_equal(left[:, 5:30], GRAYORDINATES[:, :25])
    np.testing.assert_array_equal(right[:, ::2], GRAYORDINATES[:, 25:45])
    assert np.isnan(left[:, :5]).all()
    assert np.isnan(left[:, 30:]).all()
    assert np.isnan(right[:, 1::2]).all()


@pytest.mark.parametrize(("name", "side"), [
    ("lh.a.mgh", "left"), ("rh.a.mgh", "right"), ("S1.L.a.mgh", "left"),
    ("sub-1_hemi-R_a.mgh", "right"), ("a_left.mgh", "left"),
])  # fmt: skip
def test_names_tell_the_hemisphere(tmp_path: Path, name: str, side: str) -> None:
    assert list(read_surface_values(write(tmp_path, name, mgh_maps())).parts) == [side]


def test_the_hemisphere_is_told_once_and_never_guessed(tmp_path: Path) -> None:
    path = write(tmp_path, "maps.mgh", mgh_maps())
    assert list(read_surface_values(path, hemi="right").parts) == ["right"]
    with refused("maps.mgh", "which hemisphere"):
        read_surface_values(path)
    with refused("rh.maps.func.gii", "which hemisphere"):  # its metadata say left
        read_surface_values(write(tmp_path, "rh.maps.func.gii", gifti_maps()))
    with refused("lh.a.mgh", "which hemisphere"):
        read_surface_values(write(tmp_path, "lh.a.mgh", mgh_maps()), hemi="right")


@pytest.mark.parametrize(("name", "content", "match"), [
    ("lh.a.mgh", mgh(), "not a volume"), ("lh.a.shape.gii", gifti_mesh(), "as a mesh or as labels"),
    ("lh.a.func.gii", gifti_labels(), "as a mesh or as labels"),
    ("lh.a.func.gii", gifti([]), ""), ("lh.a.func.gii", b"<GIFTI/>", ""),
    ("lh.a.func.gii", b"<a/>", "a GIFTI file"), ("lh.a.txt", b"1 2 3", "another format"),
    ("lh.curv", b"\xff\xff\xff" + bytes(12), ""), ("lh.curv", morph() + b"\0", "161 bytes"),
    ("lh.curv", morph()[:14] + b"\2" + morph()[15:], "one value a vertex"),
    ("a.dscalar.nii", b"x", "CIFTI-2"), ("a.dscalar.nii", cifti() + b"\0", "no more"),
])  # fmt: skip
def test_other_content_is_refused(tmp_path: Path, name: str, content: bytes, match: str) -> None:
    with refused(name, match):
        read_surface_values(write(tmp_path, name, content))


def test_labels_of_grayordinates_are_still_numbers(tmp_path: Path) -> None:
    values = read_surface_values(write(tmp_path, "a.dscalar.nii", cifti_labels()))
    assert values.names == ("atlas",)
    np.testing.assert_array_equal(values.parts["left"][0, 5:9], [0, 10, 20, 30])


@pytest.mark.parametrize(("name", "content"), [
    ("lh.a.func.gii", gifti_maps()), ("lh.curv", morph()), ("a.dscalar.nii", cifti()),
])  # fmt: skip
def test_files_cut_short_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    for length in cuts(len(content.rstrip())):
        with refused(name):
            read_surface_values(write(tmp_path, name, content[:length]))
