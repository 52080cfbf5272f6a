"""The slides in the whole window: the same deck as the HTML file, in a frame of its own."""

from __future__ import annotations

import streamlit as st

from jne_engine.report.stories import Story
from jne_engine.runs.folder import find_root
from pages.frame import stories
from pages.frame.assets import is_dark, read_asset
from pages.frame.state import select


def show_slides(story: Story, slide: float) -> None:
    """Fill the window with a story's slides, this one first; Escape or the cross leads back."""
    text = stories.render_deck(str(find_root().absolute()), story.id, story.changed)
    show = st.components.v2.component(
        "jne_slides", js=read_asset("deck/window.js"), css=read_asset("deck/window.css")
    )
    show(
        key="slides",
        data={"deck": text, "name": story.name, "dark": is_dark(), "slide": slide},
        height=1,
        on_left_change=_leave,
    )


def _leave() -> None:
    select(show=False, slide=None)
