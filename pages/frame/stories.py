"""Stories for pages: the one place that changes them, and every change asks the gate first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from jne_engine.core.errors import JneError
from jne_engine.report import stories
from jne_engine.report.decks import draw_thumbnail, read_deck, render_html
from jne_engine.report.stories import Pin, PinContents, Story
from jne_engine.runs.folder import find_root
from pages.frame.access import require_change
from pages.frame.plain import plain
from pages.frame.state import select


def list_stories() -> tuple[tuple[Story, ...], tuple[str, ...]]:
    """Return the stories, the last changed first, and one line on each broken one."""
    return stories.list_stories(find_root())


def read_story(story_id: str) -> Story:
    """Return a story as it is now."""
    return stories.read_story(find_root(), story_id)


def pack_story(story_id: str) -> bytes:
    """Return a story as one file."""
    return stories.pack_story(find_root(), story_id)


def read_thumbnail(story_id: str, pin_id: str) -> bytes:
    """Return a pin's picture, small; kept, for a pin's picture never changes."""
    return _draw_thumbnail(str(find_root().absolute()), story_id, pin_id)


@st.cache_data(show_spinner=False, max_entries=256)
def _draw_thumbnail(_root: str, story_id: str, pin_id: str) -> bytes:
    """Keep small pictures by the pin's name, which is given once."""
    return draw_thumbnail(stories.read_contents(find_root(), story_id, pin_id).picture)


@st.cache_data(show_spinner="Preparing the slides…", max_entries=4)
def render_deck(root: str, story_id: str, changed: str) -> str:
    """Return a story as the HTML deck, kept until it is changed."""
    del root, changed
    return render_html(read_deck(find_root(), story_id))


def pin(story_id: str, kept: Pin, contents: PinContents, *, new: str = "") -> Story:
    """Add a pin to a story, or to a new one of a name.

    Raises
    ------
    AccessError
        If the visitor may not change anything.
    """
    require_change()
    root = find_root()
    into = stories.create_story(root, new).id if new else story_id
    return stories.add_pin(root, into, kept, contents)


def create(name: str) -> None:
    """Begin a story and show it."""
    _attempt(lambda: select(story=stories.create_story(find_root(), name).id))


def remove(story_id: str) -> None:
    """Delete a story and show another."""

    def act() -> None:
        stories.remove_story(find_root(), story_id)
        select(story="")

    _attempt(act)


def change(action: Callable[..., Any], story_id: str, *rest: Any, **texts: str) -> bool:
    """Do what stories can to a story; what cannot be done is told in one line."""
    return _attempt(lambda: action(find_root(), story_id, *rest, **texts))


def take_in(parcels: Iterable[bytes]) -> None:
    """Take in story files of somebody else, and show the last."""
    for parcel in parcels:
        _attempt(lambda whole=parcel: select(story=stories.unpack_story(find_root(), whole).id))


def _attempt(act: Callable[[], Any]) -> bool:
    """Do something that changes stories; tell whether it was done."""
    try:
        require_change()
        act()
    except JneError as error:
        st.toast(plain(error), icon=":material/error:")
        return False
    return True
