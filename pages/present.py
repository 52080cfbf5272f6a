"""Present: pinned views in order, with words and notes, as slides and as files."""

from __future__ import annotations

import streamlit as st

from pages.frame.state import read
from pages.frame.widgets import show_work_page
from pages.present.slideshow import show_slides
from pages.present.story import (
    PresentChoices,
    choose_story,
    offer_begin,
    show_pins,
    show_problems,
    show_story_tools,
    show_take_along,
)


def show() -> None:
    """Show the chosen story: its slides to arrange, and its files; or the slides alone."""
    show_problems()
    story = choose_story()
    if story is None:
        offer_begin()
        return
    choices = read(PresentChoices)
    if choices.show and story.pins:
        show_slides(story, choices.slide or 1)
        return
    show_story_tools(story)
    show_pins(story)
    if story.pins:
        st.subheader("Export", anchor=False)
        show_take_along(story)


show_work_page(
    "Present your results",
    "“Pin to story” under every figure and brain puts it here, as it was. Arrange the slides, then"
    " present them: figures still answer and brains still turn.",
    show,
)
