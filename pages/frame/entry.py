"""Every page is entered through ``app.py``, also by a link into a server that has just started."""

from __future__ import annotations

import gc

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.frame.access import admit

_ENTERED = "entered through app.py"


def enter_through_app() -> None:
    """Begin again at ``app.py`` where Streamlit runs a page without it; stop who may not look.

    Until ``st.navigation`` has run once in a server, Streamlit takes the folder ``pages`` for its
    older kind of pages: it runs the page that a link names alone, without our navigation, the
    shared sidebar, or whatever else ``app.py`` holds. It has no setting for that, only this flag.
    Once a session is enough, and never loses a click. Whatever the way in, the page asks the gate
    again, so that no page depends on ``app.py`` for it.
    """
    if PagesManager.uses_pages_directory and not st.session_state.get(_ENTERED):
        st.session_state[_ENTERED] = True
        PagesManager.uses_pages_directory = False
        st.rerun()
    admit()


@st.cache_resource(show_spinner=False)
def freeze_imports(page: str) -> int:
    """Leave out of every later collection what a page's imports have made; once a page and server.

    Streamlit ends each rerun with a full collection, which holds all sessions while it walks over
    what lives as long as the server. What sessions make is collected as ever.
    """
    del page  # part of the key only: each page imports more
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count()
