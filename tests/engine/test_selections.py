"""Saved selections come back as written, are renamed and deleted, and refuse what is no name."""

from __future__ import annotations

import pytest

from jne_engine.core.errors import InputError
from jne_engine.runs.selections import (
    FOLDER,
    StimulusSelection,
    delete_selection,
    list_selections,
    rename_selection,
    save_selection,
    split_tags,
)

HOSTILE = "../<b>x</b> =1"


def names(root):
    return [s.name for s in list_selections(root)[0]]


def test_a_selection_comes_back_as_it_was_saved(tmp_path):
    save_selection(tmp_path, StimulusSelection(HOSTILE, ("a", "b"), ("t", "u")))
    (found,), problems = list_selections(tmp_path)
    assert (found.name, found.stimuli, found.tags) == (HOSTILE, ("a", "b"), ("t", "u"))
    assert found.created
    assert problems == ()
    assert [p.parent.name for p in tmp_path.rglob("*.json")] == [FOLDER]


def test_names_that_look_alike_in_a_file_system_stay_apart(tmp_path):
    for name in ("A b", "a b", "A-b"):
        save_selection(tmp_path, StimulusSelection(name, ("a",)))
    assert sorted(names(tmp_path)) == ["A b", "A-b", "a b"]


def test_a_selection_is_renamed_and_deleted(tmp_path):
    save_selection(tmp_path, StimulusSelection("one", ("a",), ("t",)))
    rename_selection(tmp_path, "one", "two")
    assert names(tmp_path) == ["two"]
    assert list_selections(tmp_path)[0][0].tags == ("t",)
    delete_selection(tmp_path, "two")
    assert names(tmp_path) == []


def test_a_name_is_given_once(tmp_path):
    save_selection(tmp_path, StimulusSelection("one", ("a",)))
    save_selection(tmp_path, StimulusSelection("two", ("b",)))
    with pytest.raises(InputError):
        save_selection(tmp_path, StimulusSelection("one", ("c",)))
    with pytest.raises(InputError):
        rename_selection(tmp_path, "one", "two")
    assert names(tmp_path) == ["one", "two"]
    assert list_selections(tmp_path)[0][0].stimuli == ("a",)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 81])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(InputError):
        StimulusSelection(name, ("a",))


def test_an_empty_selection_and_one_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(InputError):
        StimulusSelection("one", ())
    with pytest.raises(InputError):
        delete_selection(tmp_path, "one")
    with pytest.raises(InputError):
        rename_selection(tmp_path, "one", "two")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 2}', '{"format": 1, "name": "a", "stimuli": "abc"}']
)
def test_a_broken_file_is_told_and_hides_no_other(tmp_path, text):
    save_selection(tmp_path, StimulusSelection("good", ("a",)))
    (tmp_path / FOLDER / "broken.json").write_text(text)
    found, problems = list_selections(tmp_path)
    assert [s.name for s in found] == ["good"]
    assert "broken.json" in problems[0]


def test_tags_are_split_at_commas_and_given_once():
    assert split_tags(" a b ,c,, a  b") == ("a b", "c")
