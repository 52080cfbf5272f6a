"""The pages' own files, and the theme that they are shown in."""

from __future__ import annotations

from functools import cache

import streamlit as st

from jne_engine.core.resources import find_dashboard

ASSETS = find_dashboard() / "assets"
PAGES = tuple(sorted(p.stem for p in find_dashboard().glob("pages/*.py") if p.stem != "__init__"))
"""Every page by its name in the address."""


@cache
def read_asset(name: str) -> str:
    """Return a text of the folder ``assets`` by its path there; read once a server."""
    return (ASSETS / name).read_text(encoding="utf-8")


def is_dark() -> bool:
    """Tell whether the reader's page is dark."""
    return st.context.theme.type == "dark"
