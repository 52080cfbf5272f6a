"""A page made to show what a new page touches."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from jne_engine.runs.store import Run
from pages.frame.state import declares
from pages.frame.widgets import choose, show_page


@declares
@dataclass(frozen=True)
class ProofChoices:
    """What a reader chooses on this page only."""

    proof: str = ""


def show(run: Run) -> None:
    """Show one choice of the page's own."""
    st.text(f"{run.run_id} {choose('Proof', 'proof', ['one', 'two'])}")


show_page("Does one file make a page?", "A page of one file and one line.", show)
