"""What a browser still says because it has not yet heard of a change.

Every message of the browser carries the address that it shows and the values of all its widgets.
Two messages may follow one another so closely (a map chosen in the viewer, then the viewer's wish
for its values; a button that leads to the queue, then a figure that is polled) that the second one
still carries what held before the first: it must not take the choice back.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

ADDRESS_LAG_S = 10.0
"""How long an address from before a change is taken for a late one."""
WIDGET_LAG_S = 3.0
"""How long a widget's value from before a jump is; a person may want it back sooner."""
_CHANGES = "changes the browser may not know"


@dataclass
class _Changes:
    """What held on a page before, by field and text, and until when it is late."""

    page: str
    addresses: dict[tuple[str, str], float] = field(default_factory=dict)
    widgets: dict[tuple[str, str], float] = field(default_factory=dict)


def note_change(name: str, before: str | None, after: str | None) -> None:
    """Note that a field of the address is written anew.

    Parameters
    ----------
    name : str
        Field of the selection.
    before, after : str or None
        Its text in the address, None where it stands in no address.
    """
    addresses = _read().addresses
    addresses.pop((name, after or ""), None)
    if before is not None:
        addresses[name, before] = time.monotonic() + ADDRESS_LAG_S


def note_jump(name: str, before: str) -> None:
    """Note that a field is changed by something else than its own widget."""
    _read().widgets[name, before] = time.monotonic() + WIDGET_LAG_S


def is_late(name: str, text: str) -> bool:
    """Tell whether a field's text in the address is one from before a change.

    One that the reader went back to, or that a link to another page carries, is not.
    """
    context = get_script_run_ctx()
    if context is not None and context.is_history_navigation:
        return False
    return time.monotonic() < _read().addresses.get((name, text), 0.0)


def is_overtaken(name: str, text: str) -> bool:
    """Tell whether a field's text in its widget is one from before a jump."""
    return time.monotonic() < _read().widgets.get((name, text), 0.0)


def _read() -> _Changes:
    context = get_script_run_ctx()
    page = "" if context is None else context.page_script_hash
    kept: _Changes | None = st.session_state.get(_CHANGES)
    if kept is None or kept.page != page:
        kept = st.session_state[_CHANGES] = _Changes(page)
    return kept
