"""What a person may choose of the data in a folder: widgets for the options of its layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from jne_engine.datasets.registry import find_layout
from jne_engine.datasets.source import Found, Option, divide

Source = dict[str, Any]
"""``kind`` and ``choices`` of one import."""

IN_A_ROW = 3
"""Widgets that stand side by side."""


def choose(found: Found, folder: Path) -> list[Source]:
    """Ask what the layout of a folder leaves open, and return what to import; none until it may."""
    layout = find_layout(found.kind)
    chosen: dict[str, Any] = {}
    while len(options := layout.offer(found, chosen)) > len(chosen):
        if len(chosen) % IN_A_ROW == 0:
            row = st.columns(IN_A_ROW)
        option = options[len(chosen)]
        with row[len(chosen) % IN_A_ROW]:
            chosen[option.name] = _ask(option, layout.default(option))
    if missing := layout.lacks(found, chosen):
        st.caption(missing)
        return []
    choices = layout.settle(folder, chosen)
    return [{"kind": layout.kind, "choices": each} for each in divide(layout, choices)]


def _ask(option: Option, default: Any) -> Any:
    """Show the widget of one option and return what is chosen."""
    if option.several or option.divides:
        return st.multiselect(option.label, option.values, default=default,
                              format_func=option.show, accept_new_options=option.free,
                              placeholder=option.help or None)  # fmt: skip
    if option.values:
        place = option.values.index(default) if default in option.values else None
        return st.selectbox(option.label, option.values, index=place, format_func=option.show)
    if option.kind is int:
        least, most = option.limits
        return int(st.number_input(option.label, least, most, int(default or 0)))
    if option.kind is bool:
        return st.checkbox(option.label, value=bool(default))
    return st.text_input(option.label, default or "") or None
