"""Pictures of stimuli that can be chosen: the one way to put them on a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.frame.assets import read_asset


def show_pictures(
    pictures: Sequence[dict[str, Any]], *, key: str, on_choose: Callable[[int], None]
) -> None:
    """Show pictures in a grid of buttons.

    Parameters
    ----------
    pictures : sequence of dict
        Each with ``row`` (a whole number that names it), ``source`` (a data address),
        ``caption``, ``alt`` and ``pressed``; texts are shown as they are written.
    key : str
        Names the grid.
    on_choose : callable
        Called with the row of a picture before the rerun that pressing it causes.
    """
    grid = st.components.v2.component(
        "jne_picture_grid",
        html='<div class="jne-gallery"></div>',
        css=read_asset("picture_grid.css"),
        js=read_asset("picture_grid.js"),
    )
    grid(
        key=key,
        data={"pictures": list(pictures)},
        height="content",
        on_chosen_change=partial(_pass, key, on_choose),
    )


def _pass(key: str, on_choose: Callable[[int], None]) -> None:
    row = (st.session_state.get(key) or {}).get("chosen")
    if isinstance(row, int | float):
        on_choose(int(row))
