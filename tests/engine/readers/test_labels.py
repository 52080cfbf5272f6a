"""Labels are the same whatever file they come in."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from jne_engine.formats.annotations import read_annotation, read_ctab
from jne_engine.formats.labels import read_labels
from tests.engine.readers.files import cuts, refused
from tests.engine.readers.image_files import (
    INDEX,
    annot,
    cifti,
    cifti_labels,
    ctab,
    gifti_labels,
    gifti_maps,
    mgh_maps,
    old_annot,
    packed,
)

MGZ = packed(mgh_maps(INDEX[None].astype(np.int32)))
FILES = {
    "lh.atlas.annot": annot(),
    "lh.old.annot": old_annot(),
    "lh.atlas.label.gii": gifti_labels(),
    "lh.atlas.mgz": MGZ,
    "lh.float.mgz": packed(mgh_maps(INDEX[None].astype(np.float32))),
}


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    (folder / f"{name}.ctab").write_text(ctab())
    return path


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_labels(tmp_path: Path, name: str) -> None:
    labels = read_labels(write(tmp_path, name, FILES[name]), surface="fsaverage")
    assert labels.names == ("", "V1", "hV4", "FFA-1")
    assert labels.surface == "fsaverage"
    assert list(labels.index) == ["left"]
    np.testing.assert_array_equal(labels.index["left"], INDEX)  # 0 is "unknown" in the file
    np.testing.assert_array_equal(labels.vertices("left", ("hV4",)), np.flatnonzero(INDEX == 2))


def test_dense_labels_have_both_hemispheres(tmp_path: Path) -> None:
    labels = read_labels(write(tmp_path, "a.dlabel.nii", cifti_labels()))
    assert labels.names == ("", "V1", "hV4", "FFA-1")
    np.testing.assert_array_equal(labels.index["left"][5:30], np.arange(25) % 4)
    np.testing.assert_array_equal(labels.index["right"][::2], np.arange(25, 45) % 4)
    assert not labels.index["left"][:5].any()
    assert not labels.index["right"][1::2].any()


def test_annotations_agree_with_nibabel(tmp_path: Path) -> None:
    for content in (annot(np.where(INDEX == 1, -1, INDEX)), old_annot()):
        path = write(tmp_path, "lh.a.annot", content)
        known, _, names = nib.freesurfer.read_annot(path)
        found = read_annotation(path)
        by_code = [found.names.get(int(code)) for code in found.codes]
        assert by_code == [None if i < 0 else names[i].decode() for i in known]


def test_colours_without_a_name_are_no_label(tmp_path: Path) -> None:
    """Nibabel gives such a vertex the label of the next larger colour."""
    content = bytearray(annot())
    content[4 + 8 * 7 + 4 : 4 + 8 * 7 + 8] = (123456).to_bytes(4, "big")
    path = write(tmp_path, "lh.a.annot", bytes(content))
    assert read_labels(path).index["left"][7] == 0


def test_names_go_by_number_and_not_by_order(tmp_path: Path) -> None:
    """Nibabel pairs the n-th name with the n-th colour even where the numbers skip one."""
    content = annot()
    place = content.index(b"V1\0") - 8
    content = content[:place] + (9).to_bytes(4, "big") + content[place + 4 :]
    at = content.index(b"NOFILE") - 8
    content = content[:at] + (12).to_bytes(4, "big") + content[at + 4 :]
    labels = read_labels(write(tmp_path, "lh.a.annot", content))
    np.testing.assert_array_equal(labels.index["left"], INDEX)


def test_vertices_without_a_label(tmp_path: Path) -> None:
    values = np.where(INDEX == 0, -1, INDEX).astype(np.float32)
    values[3], values[4] = np.nan, 77
    path = write(tmp_path, "rh.roi.mgz", packed(mgh_maps(values[None])))
    expected = INDEX.copy()
    expected[3:5] = 0
    np.testing.assert_array_equal(read_labels(path).index["right"], expected)


def test_labels_of_the_same_name_are_one(tmp_path: Path) -> None:
    path = write(tmp_path, "lh.a.mgz", MGZ)
    (tmp_path / "own.ctab").write_text("0 unknown\n1 V1\n2 V1\n3 FFA-1\n")
    labels = read_labels(path, ctab=tmp_path / "own.ctab")
    assert labels.names == ("", "V1", "FFA-1")
    np.testing.assert_array_equal(labels.index["left"], np.array([0, 1, 1, 2])[INDEX])


def test_one_of_several_labellings_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "lh.a.label.gii", gifti_labels(n_maps=3))
    with refused("lh.a.label.gii", "which map"):
        read_labels(path)
    np.testing.assert_array_equal(read_labels(path, map_index=2).index["left"], INDEX)
    with refused("lh.a.label.gii", "maps 0..2"):
        read_labels(path, map_index=3)


@pytest.mark.parametrize(("name", "content", "match"), [
    ("lh.a.mgz", packed(mgh_maps()), ""), ("lh.a.label.gii", gifti_maps(), "as values"),
    ("a.dlabel.nii", cifti(), "a label table"), ("lh.a.txt", b"1", "another format"),
    ("lh.a.annot", annot()[:4 + 320] + bytes(4), "a colour table"),
    ("lh.a.annot", b"\0\0\0\0" + bytes(20), "every vertex"), ("a.annot", annot(), "hemisphere"),
    ("lh.a.annot", annot()[:12] + b"\0\0\0\7" + annot()[16:], "in order"),
])  # fmt: skip
def test_other_content_is_refused(tmp_path: Path, name: str, content: bytes, match: str) -> None:
    with refused(name, match):
        read_labels(write(tmp_path, name, content))


def test_numbers_are_names_where_there_is_no_colour_table(tmp_path: Path) -> None:
    (tmp_path / "lh.a.mgz").write_bytes(MGZ)
    labels = read_labels(tmp_path / "lh.a.mgz")
    assert labels.names == ("", "1", "2", "3")
    np.testing.assert_array_equal(labels.index["left"], INDEX)
    with refused("no.ctab"):
        read_labels(tmp_path / "lh.a.mgz", ctab=tmp_path / "no.ctab")


@pytest.mark.parametrize("axis", range(3))
def test_retinotopy_files_of_any_axis_are_maps_of_vertices(tmp_path: Path, axis: int) -> None:
    values = np.moveaxis(INDEX.astype(np.int32)[None, None], 2, axis)
    path = write(tmp_path, "lh.a.mgz", packed(nib.MGHImage(values, np.eye(4)).to_bytes()))
    assert nib.load(path).shape == values.shape
    np.testing.assert_array_equal(read_labels(path).index["left"], INDEX)


def test_tables_of_names_may_have_commas_and_a_heading(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("index,name\n1,V1\n2,hV4\n")
    assert read_ctab(tmp_path / "names.csv") == {1: "V1", 2: "hV4"}


def test_colour_tables_tolerate_columns_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "a.ctab"
    path.write_text("# comment\n\n0 unknown\n 1\tV1v  255 0 0 0\n-1 none\n")
    assert read_ctab(path) == {0: "unknown", 1: "V1v", -1: "none"}
    assert read_ctab(path.with_name("a.ctab")) == read_ctab(str(path))


@pytest.mark.parametrize(("text", "match"), [
    ("1", "line 1"), ("0 a\nx y", "line 2"), ("1 a\n1 b", "1 again"), ("# no", "none"),
    ("1" * 5000 + " a", "line 1"), ("² a", "line 1"),
])  # fmt: skip
def test_broken_colour_tables_name_the_line(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "a.ctab").write_text(text)
    with refused("a.ctab", match):
        read_ctab(tmp_path / "a.ctab")


@pytest.mark.parametrize("name", FILES)
def test_files_cut_short_are_refused(tmp_path: Path, name: str) -> None:
    for length in cuts(len(FILES[name].rstrip()), count=30):
        with refused(name):
            read_labels(write(tmp_path, name, FILES[name][:length]))
