"""The gate: who may look, who may change, and what everybody else sees.

There are two roles. An *editor* may do everything. A *reader* may browse and present: whatever is
stored or started for everybody (jobs, runs, imports, studies, and whatever is added) is refused.

A function that changes what others see calls :func:`require_change` first, so that a forced button
or a page that was drawn earlier changes nothing; :func:`may_change` hides or disables its button.
Without ``[auth]`` in Streamlit's secrets nobody signs in and everybody is an editor, which is right
for one person on ``127.0.0.1`` and for nothing else. Where the folder of runs cannot be written,
everybody may look only: :func:`explain_read_only` says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from jne_engine.core.errors import AccessError, InputError, JneError, StoreError
from jne_engine.jobs.database import JobFiles, prepare_table
from jne_engine.runs.folder import find_root
from pages.frame.assets import PAGES
from pages.frame.people import EDITORS, READERS, Role, find_address, read_people
from pages.frame.plain import plain

READER_HINT = "You may look and present. Only editors start, import, change or delete."
WRITABLE_S = 5
"""Seconds for which a folder of runs is taken to be as writable as it was found."""
_BUTTONS = {"default": "Sign in"}


def admit() -> None:
    """Let the script go on for who may look; show everybody else the door and nothing more."""
    try:
        role = read_role()
    except JneError as error:
        message = str(error)
        _shut(lambda: st.error(plain(message), icon=":material/error:"))
    if role is None:
        _shut(_show_refusal if _is_signed_in() else _show_sign_in)


def read_role() -> Role | None:
    """Return what this session's visitor may do, looked up anew at every call.

    Raises
    ------
    InputError
        If the list of people cannot be read, or people are listed and nobody can sign in.
    """
    people = read_people()
    if not _has_sign_in():
        if not people.is_empty:
            fix = "add [auth] as docs/deploy.md says, or list nobody"
            raise InputError(f"{EDITORS}, {READERS}", "[auth] in secrets.toml", "none", fix)
        return "editor"
    address = _read_address()
    return None if address is None else people.find_role(address)


def may_change() -> bool:
    """Tell whether this session's visitor may change what others see."""
    return read_role() == "editor" and not explain_read_only()


def explain_read_only() -> str:
    """Return one line on why runs can only be looked at, ``""`` where jobs can be asked for."""
    root = find_root()
    return _explain_read_only(root) if root.is_dir() else ""


@st.cache_data(ttl=WRITABLE_S, max_entries=8, show_spinner=False)
def _explain_read_only(root: Path) -> str:
    """Keep the answer for what one look at a page asks many times."""
    try:
        prepare_table(JobFiles(root.absolute()))
    except StoreError as error:
        return f"Read-only, nothing can be computed: {plain(error)}"
    return ""


def require_change() -> None:
    """Refuse whoever may not change what others see.

    Raises
    ------
    AccessError
        If the visitor is a reader, or no longer let in at all.
    """
    role = read_role()
    if role != "editor":
        found = "a reader" if role == "reader" else "nobody who is signed in and listed"
        raise AccessError("this change", "an editor", found, "ask who runs this server")


def tell_reader() -> bool:
    """Say what a reader cannot do, unless the page's head says it; tell who may look only."""
    if may_change():
        return False
    if not explain_read_only():
        st.caption(f":material/visibility: {READER_HINT}")
    return True


def show_visitor() -> None:
    """Show who is signed in, as what, and the way out; nothing where nobody signs in."""
    role = read_role()
    if _is_signed_in() and role is not None:
        st.caption(f":material/person: {plain(_read_address())} ({role})")
        st.button("Sign out", icon=":material/logout:", type="tertiary", on_click=st.logout)


def _shut(show: Callable[[], Any]) -> None:
    """Show the door at every address of the app; no page of content is registered with it."""
    doors = [st.Page(show, title="Sign in", url_path="door", default=True)]
    doors += [st.Page(show, title="Sign in", url_path=path) for path in PAGES]
    st.navigation(doors, position="hidden").run()
    st.stop()


def _show_sign_in() -> None:
    st.caption("Sign in to look at this server's runs. A link that brought you here works after.")
    for provider in _list_providers():
        label = _BUTTONS.get(provider, f"Sign in with {provider}")
        st.button(label, key=f"sign in.{provider}", type="primary", icon=":material/login:",
                  on_click=st.login, args=(provider,))  # fmt: skip


def _show_refusal() -> None:
    """Say in one line that somebody is not let in, and let them leave."""
    address = _read_address()
    who = f"{plain(address)} is not on" if address else "No verified e-mail address of yours is on"
    st.markdown(f"{who} the list of people who may use this server.")
    st.button("Sign out", icon=":material/logout:", on_click=st.logout)


def _has_sign_in() -> bool:
    """Tell whether the operator set up a sign-in.

    Raises
    ------
    InputError
        If secrets are there and cannot be read: Streamlit goes on without them, which would open
        a server that was meant to be closed.
    """
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError as error:
        there = [path for path in st.get_option("secrets.files") if Path(path).exists()]
        if not there:
            return False
        fix = "see the server's log, mend it and start again"
        raise InputError("secrets", "TOML", "a file that cannot be read", fix) from error


def _list_providers() -> list[str]:
    """Return the providers of the secrets: the sections of ``[auth]``, or itself."""
    auth = st.secrets["auth"]
    named = [name for name, value in auth.items() if isinstance(value, Mapping)]
    return [name for name in named if "client_id" in auth[name]] or ["default"]


def _is_signed_in() -> bool:
    return _has_sign_in() and st.user.get("is_logged_in") is True


def read_visitor() -> str:
    """Return the address of who is signed in, empty where nobody signs in."""
    return _read_address() or ""


def _read_address() -> str | None:
    return find_address(st.user.to_dict()) if _is_signed_in() else None
