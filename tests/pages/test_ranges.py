"""Lists of numbers go through the address unchanged, and what is no number harms nothing."""

from __future__ import annotations

import pytest

from pages.frame.ranges import format_rows, format_vertices, parse_rows, parse_vertices


@pytest.mark.parametrize("rows", [(), (0,), (0, 1, 2), (5, 7, 8, 9, 40), tuple(range(0, 90, 2))])
def test_rows_come_back(rows):
    assert parse_rows(format_rows(reversed(rows)), 100) == rows


def test_rows_are_short():
    assert format_rows([9, 1, 2, 3, 3]) == "1-3,9"


@pytest.mark.parametrize("text", ["", "x", "-1", "3-", "9-2", "1e3", "0x1", "99999999999", "²"])
def test_what_is_no_row_is_left_out(text):
    assert parse_rows(text, 8) == ()


def test_rows_end_where_the_run_does():
    assert parse_rows("5-9999999", 8) == (5, 6, 7)


def test_a_text_that_says_everything_again_and_again_is_cut_off():
    assert parse_rows(",".join(["0-999999"] * 20_000), 1000) == tuple(range(1000))


def test_vertices_come_back_by_hemisphere():
    vertices = {"left": (3, 4, 9), "right": (0,)}
    assert format_vertices(vertices) == "left:3-4,9;right:0"
    assert parse_vertices(format_vertices(vertices)) == vertices
    assert parse_vertices("middle:3;left:x;right") == {}
