"""What the layouts answer a page: which choices, what stands in the way, what is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.datasets.nsd.layout import BETA_VERSIONS
from jne_engine.datasets.nsd.plan import NsdRequest
from jne_engine.datasets.nsd.source import FoundNsd
from jne_engine.datasets.registry import (
    LAYOUTS,
    find_layout,
    is_volume,
    list_layouts,
    make_request,
    read_source,
)
from jne_engine.datasets.source import Found, divide

BEST = BETA_VERSIONS[0]
NSD = FoundNsd("nsd", subjects=(1, 2, 5), spaces=(
    (1, "func1pt8mm", BEST), (1, "fsaverage", BEST), (2, "fsaverage", BETA_VERSIONS[1]),
    (2, "fsaverage", BEST), (5, "func1mm", BEST),
))  # fmt: skip


def ask(layout, found, **answers):
    """Answer what is asked as the page does; defaults where no answer is given."""
    chosen, labels = {}, []
    while len(options := layout.offer(found, chosen)) > len(chosen):
        option = options[len(chosen)]
        labels.append(option.label)
        chosen[option.name] = answers.get(option.name, layout.default(option))
    return chosen, labels


def test_several_subjects_of_nsd_become_an_import_each():
    layout = find_layout("nsd")
    chosen, labels = ask(layout, NSD, subject=[1, 2], mask="rois", rois=["V1"], test="common")
    assert labels == ["Subjects", "Space", "Betas", "Vertices", "ROIs or collections",
                      "Test images", "Normalise betas"]  # fmt: skip
    assert chosen["space"] == "fsaverage"
    assert layout.lacks(NSD, chosen) == ""
    first, second = divide(layout, layout.settle(Path("/nsd"), chosen))
    assert first == {"subject": 1, "space": "fsaverage", "betas": BEST, "voxels": ["V1"],
                     "test": "common", "common_subjects": [1, 2], "normalise": "run"}  # fmt: skip
    assert second == {**first, "subject": 2}
    source = {"kind": "nsd", "folder": "/nsd", "allowed_root": "/", "choices": second}
    assert make_request(source) == NsdRequest(
        root=Path("/nsd"), subject=2, space="fsaverage", voxels=("V1",), test="common",
        common_subjects=(1, 2),
    )  # fmt: skip
    assert layout.name_parts(Path("/nsd"), second) == ("NSD", "subj02", "fsaverage", "V1")


@pytest.mark.parametrize(
    ("subjects", "answers", "text"),
    [
        ([], {}, "Choose a subject"),
        ([1, 5], {}, "share no space"),
        ([1], {"mask": "rois", "rois": []}, "Choose an ROI"),
    ],
)
def test_what_stands_in_the_way_is_said(subjects, answers, text):
    layout = find_layout("nsd")
    chosen, _ = ask(layout, NSD, subject=subjects, **answers)
    assert text in layout.lacks(NSD, chosen)


def test_a_copy_without_betas_offers_nothing():
    layout, empty = find_layout("nsd"), FoundNsd("nsd")
    assert layout.offer(empty, {}) == ()
    assert "no betas" in layout.lacks(empty, {})


def test_files_are_chosen_among_those_of_the_folder_and_start_there(tmp_path):
    layout, found = find_layout("arrays"), Found("arrays", files=("x.npy", "y.npy"))
    assert "which file" in layout.lacks(found, ask(layout, found)[0])
    chosen, _ = ask(layout, found, features="x.npy", responses="y.npy")
    (choices,) = divide(layout, layout.settle(tmp_path, chosen))
    assert choices == {"features": "x.npy", "responses": "y.npy", "name": tmp_path.name}
    splits = {"train": "a.npy", "validation": "b.npy", "test": "c.npy"}
    request = layout.request(tmp_path, {**choices, "splits": splits, "test_repeats": "r.npy"})
    assert request.features == tmp_path / "x.npy"
    assert request.splits == {name: tmp_path / file for name, file in splits.items()}
    assert request.test_repeats == tmp_path / "r.npy"


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        ("scripts", {"subject": 1, "stimuli": "../table.csv"}),
        ("arrays", {"features": "x.npy", "responses": "y.npy", "test_repeats": "../r.npy"}),
        ("arrays", {"features": "x.npy", "responses": "y.npy", "splits": {"train": "../a.npy"}}),
    ],
)
def test_no_choice_names_a_file_outside_the_allowed_folder(tmp_path, kind, choices):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("x.npy", "y.npy", "Stan_clip_vit_Sub1.h5", "Stan_fmri_Sub1.h5",
                 "Sub_info_uniqueFig.npy", "../table.csv", "../r.npy", "../a.npy"):  # fmt: skip
        (folder / name).touch()
    source = {"kind": kind, "folder": str(folder), "allowed_root": str(folder), "choices": choices}
    with pytest.raises(UnsafeFileError):
        read_source(source)


def test_every_layout_is_there_once_and_unknown_kinds_are_refused():
    kinds = [layout.kind for layout in list_layouts()]
    assert len(set(kinds)) == len(LAYOUTS)
    assert is_volume("func1mm")
    assert is_volume("volume")
    assert not is_volume("fsaverage")
    with pytest.raises(InputError, match="kind of data"):
        find_layout("nothing")
