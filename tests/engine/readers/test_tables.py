"""A table of stimuli keeps its text as it is, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from jne_engine.datasets.tables import numbered_stimuli, read_stimuli, read_table
from jne_engine.runs.grouping import group_labels
from tests.engine.readers.files import refused


def write(folder: Path, text: str, name: str = "stimuli.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(("name", "mark"), [("stimuli.csv", ","), ("stimuli.tsv", "\t")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_text_stays_text(tmp_path: Path, name: str, mark: str, end: str, start: str) -> None:
    lines = [["id", "split", "scene"], ["007", "train", "NA"], ["8", "", f'"a{mark} é"']]
    path = write(tmp_path, start + end.join(mark.join(line) for line in lines) + end, name)
    stimuli = read_stimuli(path, 2)
    assert list(stimuli.table.index) == ["007", "8"]
    assert stimuli.category_columns == ("scene",)
    assert list(stimuli.table["scene"]) == ["NA", f"a{mark} é"]
    assert list(read_table(path)["split"]) == ["train", ""]


@pytest.mark.parametrize(("text", "match"), [
    ("id,a\n1,x\n1,y\n", "unique"), ("id,a\n1,x\n2\n", "2 cells in row 3"), ("id,a\n", "rows"),
    ("id,a,a\n1,x,y\n2,x,y\n", "unique"), ('id,a\n1,"x\n2,y\n', "a table"), ("\n\n", "rows"),
    ('id,a\n1,"x"y\n2,z\n', "a table"), (f"id,a\n1,{'x' * 200_000}\n2,y\n", "a table"),
    ("id,a\n1,x\n", "2 rows"),
])  # fmt: skip
def test_broken_tables_are_one_line(tmp_path: Path, text: str, match: str) -> None:
    with refused("stimuli.csv", match):
        read_stimuli(write(tmp_path, text), 2)


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with refused("stimuli.xlsx", "save the table"):
        read_table(write(tmp_path, "id\n1\n", "stimuli.xlsx"))


def test_ids_become_printable(tmp_path: Path) -> None:
    assert list(read_table(write(tmp_path, "id,a\nx\x1b[31m,1\n")).index) == ["x?[31m"]


def test_numbered_stimuli_count_from_zero() -> None:
    assert list(numbered_stimuli(3).table.index) == ["0", "1", "2"]
    assert numbered_stimuli(3).category_columns == ()


@pytest.mark.parametrize("mark", [";", "\t", ","])
@pytest.mark.parametrize("name", ["stimuli.csv", "stimuli.tsv"])
def test_columns_are_told_by_the_header_whatever_the_ending(tmp_path, name, mark):
    lines = [["id", "scene", "size"], ["a", "road; car" if mark != ";" else "road", "1"]]
    path = write(tmp_path, "\n".join(mark.join(line) for line in lines), name)
    table = read_table(path)
    assert list(table.columns) == ["scene", "size"]
    assert list(table.loc["a"]) == lines[1][1:]


def test_a_table_of_ids_alone_stays_one_column(tmp_path):
    assert read_table(write(tmp_path, "id\na;b\nc", "stimuli.csv")).index.tolist() == ["a;b", "c"]


def test_missing_labels_are_no_categories(tmp_path):
    rows = ["a,dog,", "b,NaN,n/a", "c,,null", "d,n/a,", "e,null,", "f,cat,"]
    table = read_stimuli(write(tmp_path, "\n".join(["id,animal,empty", *rows]), "s.csv"), 6)
    assert table.category_columns == ("animal",)
    labels = table.table["animal"].tolist()
    grouping = group_labels(labels, name="animal", how="")
    assert grouping.categories == ("cat", "dog")
    assert grouping.labels() == ["dog", "", "", "", "", "cat"]
    old = group_labels(["dog; NaN", "nan", "", "N/A"], name="animal", how="")
    assert old.labels() == ["dog", "", "", ""]
