"""The pages' own files, and the theme that they are shown in."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).parents[2] / "assets"


@cache
def read_asset(name: str) -> str:
    """Return a text of the folder ``assets`` by its path there; read once a server."""
    return (ASSETS / name).read_text(encoding="utf-8")


def is_dark() -> bool:
    """Tell whether the reader's page is dark."""
    return st.context.theme.type == "dark"
