"""What a person has named and kept: renaming, deleting, and errors in one line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from jne_engine.runs.named import LONGEST_NAME
from pages.frame.access import require_change
from pages.frame.plain import one_line_errors


def change_kept(action: Callable[[], object]) -> None:
    """Change what is kept and show the page anew, or say in one line why not."""
    with one_line_errors():
        require_change()
        action()
        st.rerun()


def offer_changes(
    name: str, *, rename: Callable[[str, str], None], delete: Callable[[str], None]
) -> None:
    """Show what renames one thing, called with the old and the new name, and what deletes it."""
    with st.popover("Rename"):
        new = st.text_input("New name", name, key=f"name.{name}", max_chars=LONGEST_NAME)
        if st.button("Rename", key=f"rename.{name}"):
            change_kept(partial(rename, name, " ".join(new.split())))
    with st.popover("Delete"):
        st.caption("This cannot be undone.")
        if st.button("Delete it", key=f"delete.{name}", type="primary"):
            change_kept(partial(delete, name))
