"""The pages' own files, and the theme that they are shown in."""

from __future__ import annotations

from functools import cache

import streamlit as st

from jne_engine.core.resources import find_dashboard

ASSETS = find_dashboard() / "assets"
_FOLDERS = {path.parent for path in find_dashboard().glob("pages/*/__init__.py")}
PAGES = tuple(sorted(path.name for path in _FOLDERS if (path / f"{path.name}.py").is_file()))
"""Every page by its name in the address."""


@cache
def read_asset(name: str) -> str:
    """Return a text of the folder ``assets`` by its path there; read once a server."""
    return (ASSETS / name).read_text(encoding="utf-8")


def is_dark() -> bool:
    """Tell whether the reader's page is dark."""
    return st.context.theme.type == "dark"
