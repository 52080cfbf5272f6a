"""Undo and redo of choices: two buttons in the page's corner, and their keys."""

from __future__ import annotations

import streamlit as st

from pages.frame.assets import read_asset
from pages.frame.runtime import draw_button
from pages.frame.state import can_step, step

_KEY = "history"


def show_history() -> None:
    """Show the buttons that take the last choice back and make it again."""
    buttons = st.components.v2.component(
        "jne_history",
        html='<div style="display: flex; gap: 4px">'
        + draw_button("Undo (Ctrl+Z)", "undo", way="undo")
        + draw_button("Redo (Ctrl+Shift+Z)", "redo", way="redo") + "</div>",
        css=read_asset("pin/button.css"), js=read_asset("pin/history.js"),
    )  # fmt: skip
    data = {"undo": can_step("undo"), "redo": can_step("redo")}
    buttons(key=_KEY, data=data, width="content", height="content", on_way_change=_take)


def _take() -> None:
    way = (st.session_state.get(_KEY) or {}).get("way")
    if way in ("undo", "redo"):
        step(way)
