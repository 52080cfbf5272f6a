"""Saved selections come back as written, are renamed and deleted, and refuse what is no name."""

from __future__ import annotations

import pytest

from jne_engine.core.errors import InputError
from jne_engine.runs.selections import (
    SELECTIONS,
    StimulusSelection,
    split_tags,
)

HOSTILE = "../<b>x</b> =1"


def names(root):
    return [s.name for s in SELECTIONS.list(root)[0]]


def test_a_selection_comes_back_as_it_was_saved(tmp_path):
    SELECTIONS.save(tmp_path, StimulusSelection(HOSTILE, ("a", "b"), ("t", "u")))
    (found,), problems = SELECTIONS.list(tmp_path)
    assert (found.name, found.stimuli, found.tags) == (HOSTILE, ("a", "b"), ("t", "u"))
    assert found.created
    assert problems == ()
    assert [p.parent.name for p in tmp_path.rglob("*.json")] == [SELECTIONS.folder]


def test_names_that_look_alike_in_a_file_system_stay_apart(tmp_path):
    for name in ("A b", "a b", "A-b"):
        SELECTIONS.save(tmp_path, StimulusSelection(name, ("a",)))
    assert sorted(names(tmp_path)) == ["A b", "A-b", "a b"]


def test_a_selection_is_renamed_and_deleted(tmp_path):
    SELECTIONS.save(tmp_path, StimulusSelection("one", ("a",), ("t",)))
    SELECTIONS.rename(tmp_path, "one", "two")
    assert names(tmp_path) == ["two"]
    assert SELECTIONS.list(tmp_path)[0][0].tags == ("t",)
    SELECTIONS.delete(tmp_path, "two")
    assert names(tmp_path) == []


def test_a_name_is_given_once(tmp_path):
    SELECTIONS.save(tmp_path, StimulusSelection("one", ("a",)))
    SELECTIONS.save(tmp_path, StimulusSelection("two", ("b",)))
    with pytest.raises(InputError):
        SELECTIONS.save(tmp_path, StimulusSelection("one", ("c",)))
    with pytest.raises(InputError):
        SELECTIONS.rename(tmp_path, "one", "two")
    assert names(tmp_path) == ["one", "two"]
    assert SELECTIONS.list(tmp_path)[0][0].stimuli == ("a",)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 81])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(InputError):
        StimulusSelection(name, ("a",))


def test_an_empty_selection_and_one_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(InputError):
        StimulusSelection("one", ())
    with pytest.raises(InputError):
        SELECTIONS.delete(tmp_path, "one")
    with pytest.raises(InputError):
        SELECTIONS.rename(tmp_path, "one", "two")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 2}', '{"format": 1, "name": "a", "stimuli": "abc"}']
)
def test_a_broken_file_is_told_and_hides_no_other(tmp_path, text):
    SELECTIONS.save(tmp_path, StimulusSelection("good", ("a",)))
    (tmp_path / SELECTIONS.folder / "broken.json").write_text(text)
    found, problems = SELECTIONS.list(tmp_path)
    assert [s.name for s in found] == ["good"]
    assert "broken.json" in problems[0]


def test_tags_are_split_at_commas_and_given_once():
    assert split_tags(" a b ,c,, a  b") == ("a b", "c")
