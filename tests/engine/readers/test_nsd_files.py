"""NSD's tables, label names and crops, one by one, whole and broken."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from jne_engine.core.errors import UnsafeFileError
from jne_engine.datasets.coco import CocoBox, CocoImage, CropBox, crop_share, read_instances
from jne_engine.datasets.nsd.betas import open_betas
from jne_engine.datasets.nsd.layout import NsdTree, find_sessions
from jne_engine.datasets.nsd.trials import RUN_LENGTHS, read_design_trials
from jne_engine.formats.hdf5_windows import read_windows
from jne_engine.formats.label_tables import LABEL_NAMES, read_label_names
from jne_engine.formats.matlab import read_mat
from jne_engine.formats.numpy_files import map_npy
from tests.engine.readers.files import npy_claiming, refused


def test_a_real_session_alternates_63_and_62_trials() -> None:
    assert sum(RUN_LENGTHS) == 750
    assert RUN_LENGTHS == (63, 62) * 6


@pytest.mark.parametrize("has_pattern", [True, False])
def test_a_whole_design_in_its_real_size(tmp_path: Path, has_pattern: bool) -> None:
    rng = np.random.default_rng(0)
    ordering = np.concatenate([rng.permutation(10_000) for _ in range(3)])
    subjects = np.stack([rng.permutation(73_000)[:10_000] for _ in range(8)])
    pattern = np.zeros((40, 12, 75), np.uint8)
    for run, length in enumerate(RUN_LENGTHS):
        pattern[:, run, :length] = 1
    content = {"masterordering": ordering[None] + 1.0, "subjectim": subjects + 1.0}
    path = tmp_path / "nsd_expdesign.mat"
    savemat(path, content | ({"stimpattern": pattern} if has_pattern else {}))
    trials, note = read_design_trials(path, 4)
    assert len(trials) == 30 * 750
    np.testing.assert_array_equal(trials.image, subjects[3][ordering][: 30 * 750])
    lengths = [run.stop - run.start for run in trials.runs()]
    assert lengths == list(RUN_LENGTHS) * 30
    assert ("alternate" in note) is not has_pattern


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ({"masterordering": np.ones((1, 4))}, "a variable subjectim"),
        ({"masterordering": np.zeros((1, 4)), "subjectim": np.ones((8, 9))}, "from 1 to 9"),
        ({"masterordering": np.full((1, 4), 10), "subjectim": np.ones((8, 9))}, "from 1 to 9"),
        ({"masterordering": np.ones((1, 4)), "subjectim": np.zeros((8, 9))}, "from 1 to 73000"),
        ({"masterordering": np.ones((1, 4)), "subjectim": np.ones((4, 9))}, "8 rows"),
        ({"masterordering": np.ones((1, 4)), "subjectim": "text"}, "numbers in subjectim"),
        ({"masterordering": np.ones((1, 4)), "subjectim": np.ones((8, 9)),
          "stimpattern": np.ones((1, 2, 3))}, "6 trials in stimpattern, 4"),
    ],
)  # fmt: skip
def test_designs_that_cannot_be(tmp_path: Path, content: dict, match: str) -> None:
    path = tmp_path / "nsd_expdesign.mat"
    savemat(path, content)
    with refused(path.name, match):
        read_design_trials(path, 1)


def test_mat_files_are_weighed_and_never_run(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"a": np.zeros((6000, 6000))}, do_compression=True)
    with refused("a.mat", "at most", error=UnsafeFileError):
        read_mat(path, ("a",))
    savemat(path, {"a": np.array([{"b": 1}], dtype=object)})
    with refused("a.mat", "numbers in a"):
        read_mat(path, ("a",))
    for broken in (b"MATLAB 5.0 MAT-file" + bytes(300), b"\x89HDF\r\n\x1a\n" + bytes(600), b"x"):
        path.write_bytes(broken)
        with refused("a.mat"):
            read_mat(path, ("a",))


def test_label_names_come_from_ctab_without_hemisphere(tmp_path: Path) -> None:
    path = tmp_path / "lh.HCP_MMP1.mgz.ctab"
    path.write_text("0 Unknown\n1 L_V1_ROI\n2   MST\n")
    assert read_label_names(path) == {1: "V1", 2: "MST"}
    path.write_text("1 V1\nV2 2\n")
    with refused(path.name, "a number and a name"):
        read_label_names(path)


def test_built_in_names_are_those_of_the_manual() -> None:
    assert LABEL_NAMES["prf-visualrois"][6] == "hV4"
    assert LABEL_NAMES["floc-faces"][:3] == ("OFA", "FFA-1", "FFA-2")
    assert LABEL_NAMES["floc-places"] == ("OPA", "PPA", "RSC")
    assert len(LABEL_NAMES["Kastner2015"]) == 25
    assert LABEL_NAMES["Kastner2015"][24] == "FEF"


def test_crops_cut_boxes_and_drop_what_is_outside() -> None:
    image, crop = CocoImage(1, 640, 480), CropBox.parse("(0.0, 0.0, 0.125, 0.125)", file="a.csv")
    area = 480 * 480
    assert crop_share(image, crop, CocoBox(1, 1, (0, 0, 640, 480))) == pytest.approx(1)
    assert crop_share(image, crop, CocoBox(1, 1, (70, 10, 20, 30))) == pytest.approx(300 / area)
    assert crop_share(image, crop, CocoBox(1, 1, (0, 0, 80, 480))) == 0
    assert crop_share(image, crop, CocoBox(1, 1, (560, 0, 80, 480))) == 0
    assert crop_share(image, crop, CocoBox(1, 1, (100, 100, 0, 9))) == 0


@pytest.mark.parametrize("text", ["", "(1, 2)", "(0.6, 0.6, 0, 0)", "(-0.1, 0, 0, 0)", "(a,b,c,d)",
                                  "(nan, 0, 0, 0)", "__import__('os')"])  # fmt: skip
def test_other_crops_are_refused(text: str) -> None:
    with refused("a.csv", "crop boxes"):
        CropBox.parse(text, file="a.csv")


@pytest.mark.parametrize("content", [
    "", "{}", "[" * 5000, '{"images": [], "annotations": [{"image_id": "x"}], "categories": []}',
    '{"images": 3, "annotations": [], "categories": []}', "\x00\xff",
])  # fmt: skip
def test_other_annotations_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "instances_train2017.json"
    path.write_text(content)
    with refused(path.name):
        read_instances(path)


def test_sessions_prefer_hdf5_and_ignore_other_files(tmp_path: Path) -> None:
    (tmp_path / "nsddata").mkdir()
    tree = NsdTree(root=tmp_path, subject=3)
    tree.betas_folder.mkdir(parents=True)
    for name in ("01.nii.gz", "01.hdf5", "02.nii.gz", "03.txt", "_x.hdf5"):
        (tree.betas_folder / f"betas_session{name}").touch()
    sessions, problems = find_sessions(tree)
    assert [(s.session, s.files[0].name) for s in sessions] == [
        (1, "betas_session01.hdf5"),
        (2, "betas_session02.nii.gz"),
    ]
    assert problems == ()


def test_windows_read_every_value_once(tmp_path: Path) -> None:
    values = np.arange(7 * 4 * 3).reshape(7, 4, 3)
    path = tmp_path / "a.h5"
    for options in ({}, {"chunks": (2, 3, 3)}, {"chunks": (7, 1, 1), "compression": "gzip"}):
        with h5py.File(path, "w") as file:
            file.create_dataset("a", data=values, **options)
        for axis in (0, 1):
            parts = [part for _, part in read_windows(path, "a", axis=axis)]
            np.testing.assert_array_equal(np.concatenate(parts, axis=axis), values)
        found = [window for window, _ in read_windows(path, "a", stops=(3, 5, 7))]
        assert found == [slice(0, 3), slice(3, 5), slice(5, 7)]


def test_betas_of_other_axes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "betas_session01.hdf5"
    for shape in ((5,), (5, 4, 3), (5, 4, 3, 2, 2)):
        with h5py.File(path, "w") as file:
            file["betas"] = np.ones(shape, np.int16)
        with refused(path.name, "n_trials"):
            open_betas(path)
    with h5py.File(path, "w") as file:
        file["beta"] = np.ones((5, 4), np.int16)
    with refused(path.name, "'betas'"):
        open_betas(path)


def test_mapped_arrays_are_weighed_first(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.save(tmp_path / "a.npy", values)
    mapped = map_npy(tmp_path / "a.npy")
    np.testing.assert_array_equal(mapped, values)
    assert not mapped.flags.writeable
    (tmp_path / "a.npy").write_bytes(npy_claiming("(1000000, 1000000)"))
    with refused("a.npy", "claims", error=UnsafeFileError):
        map_npy(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.array([{}]), allow_pickle=True)
    with refused("a.npy", "run code", error=UnsafeFileError):
        map_npy(tmp_path / "a.npy")
