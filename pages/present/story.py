"""The parts of the page that presents: the story, its slides to arrange, its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import streamlit as st

from jne_engine.analysis.listing import find_nearest
from jne_engine.core.errors import JneError
from jne_engine.jobs.kinds.deck import request_deck
from jne_engine.report.decks import DECK_FORMATS
from jne_engine.report.stories import (
    Pin,
    Story,
    duplicate_pin,
    edit_pin,
    move_pin,
    remove_pin,
    rename_story,
)
from jne_engine.report.stories.records import MAX_TEXT, MAX_TITLE
from pages.frame import cached, stories
from pages.frame.access import may_change, tell_reader
from pages.frame.assets import PAGES
from pages.frame.offers import FileOffer, JobOffer, offer_job
from pages.frame.pin import HASH
from pages.frame.plain import name_apart, plain
from pages.frame.state import bind_choice, declares, select, settle

ENDING = "jne-story.zip"
MOST_MB = 200
NO_PINS = (
    "This story has no slides yet. Open any page and press **Pin to story** beside a figure or"
    " under a brain."
)

NO_STORY = (
    "No story yet. Press **Pin to story** beside a figure or under a brain on any page, begin an"
    " empty story here, or bring in a story's file."
)


@declares
@dataclass(frozen=True)
class PresentChoices:
    """What a reader chooses on this page only.

    Parameters
    ----------
    deck : str
        The format in which to take a story away.
    show : bool
        Whether its slides fill the window.
    slide : float, optional
        Number of the slide that they begin with; the first by default.
    """

    deck: str = ""
    show: bool = False
    slide: float | None = None


def show_problems() -> None:
    """Tell which stories cannot be read."""
    for line in stories.list_stories()[1]:
        st.error(plain(line), icon=":material/error:")


def choose_story() -> Story | None:
    """Show the choice of a story and return it, None where there is none."""
    there = {story.id: story for story in stories.list_stories()[0]}
    if not there:
        return None
    names = name_apart({story.id: story.name for story in there.values()})
    pick, begin, bring = st.columns([5, 1.4, 1.4], vertical_alignment="bottom")
    with pick:
        st.selectbox("Story", list(there), format_func=names.__getitem__,
                     **bind_choice("story", list(there)))  # fmt: skip
    with begin, st.popover("New story", icon=":material/add:", disabled=not may_change(),
                           width="stretch"):  # fmt: skip
        _ask_name()
    with bring, st.popover("Import a story", icon=":material/upload:",
                           disabled=not may_change(), width="stretch"):  # fmt: skip
        _ask_file()
    return there[settle("story", list(there))]


def offer_begin() -> None:
    """Say how a story begins."""
    st.info(NO_STORY, icon=":material/info:")
    if tell_reader():
        return
    left, right = st.columns(2, gap="large")
    with left:
        _ask_name()
    with right:
        _ask_file()


def show_story_tools(story: Story) -> None:
    """Show what can be done to the whole story."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Present", type="primary", icon=":material/slideshow:", disabled=not story.pins,
                  on_click=select, kwargs={"show": True, "story": story.id})  # fmt: skip
        with st.popover("Rename", icon=":material/edit:", disabled=not may_change()):
            name = st.text_input("Name", story.name, max_chars=MAX_TITLE, key=f"name.{story.id}")
            st.button("Rename it", on_click=stories.change, args=(rename_story, story.id, name),
                      disabled=not name.strip())  # fmt: skip
        with st.popover("Remove", icon=":material/delete:", disabled=not may_change()):
            st.markdown(f"Delete **{plain(story.name)}** and its {_count(story)}? Nothing brings"
                        " it back; its file, if you have one, does.")  # fmt: skip
            st.button("Yes, delete it", type="primary", on_click=stories.remove, args=(story.id,))
        st.caption(f"{_count(story)}, changed {plain(story.changed[:16].replace('T', ' '))} UTC")
    tell_reader()


def show_pins(story: Story) -> None:
    """Show every slide with what can be done to it."""
    if not story.pins:
        st.info(NO_PINS, icon=":material/info:")
    for place, pin in enumerate(story.pins):
        with st.container(border=True, key=f"slide.{pin.id}"):
            picture, words, tools = st.columns([2, 4.6, 2.6], gap="medium")
            with picture:
                _show_picture(story, pin)
            with words:
                _show_words(pin, place)
            with tools:
                _show_tools(story, pin, place)


def show_take_along(story: Story) -> None:
    """Offer the story as a file to present, and as a file to hand on."""
    forms = list(DECK_FORMATS)
    st.segmented_control("As", forms, format_func=lambda form: DECK_FORMATS[form].label,
                         required=True, **bind_choice("deck", forms))  # fmt: skip
    form = settle("deck", forms)
    chosen = DECK_FORMATS[form]
    st.caption(chosen.tells)
    offer_job(JobOffer.of(request_deck(story, form), "Make the file", FileOffer(chosen.mime)))
    st.download_button(
        "Story file", lambda: stories.pack_story(story.id), file_name=f"{story.id}.{ENDING}",
        mime="application/zip", on_click="ignore", icon=":material/download:",
        help="The story itself, for “Import a story” on another server.",
    )  # fmt: skip


def link_to(pin: Pin, run_id: str = "") -> str:
    """Return the address that shows a pin's view, of another run where one is named.

    Only pages of this app are ever named; whatever a story's file says is quoted.
    """
    if pin.page not in PAGES:
        return ""
    address: Mapping[str, str] = {**pin.address, **({"run": run_id} if run_id else {})}
    query = urlencode({name: text for name, text in address.items() if name != HASH})
    kept = quote(address.get(HASH, ""), safe="=&%~_.-")
    page = "" if pin.page == "overview" else pin.page
    return f"./{page}" + (f"?{query}" if query else "") + (f"#{kept}" if kept else "")


def _show_picture(story: Story, pin: Pin) -> None:
    try:
        st.image(stories.read_thumbnail(story.id, pin.id), width="stretch")
    except (JneError, OSError) as error:
        st.error(plain(error), icon=":material/error:")


def _show_words(pin: Pin, place: int) -> None:
    st.markdown(f"**{place + 1}. {plain(pin.title)}**")
    if pin.caption:
        st.caption(plain(pin.caption))
    if pin.notes:
        st.caption(f":material/speaker_notes: {plain(pin.notes)}")
    if pin.simulated:
        st.badge("SIMULATED", color="red", icon=":material/science:")
    _tell_lost(pin)


def _tell_lost(pin: Pin) -> None:
    """Say where a slide's run is not here, and which stands in for it."""
    here = cached.list_runs().runs
    lost = [name for name in pin.runs if name not in {run.run_id for run in here}]
    if not lost:
        return
    near = find_nearest(here, lost[0])
    how = ("“Open the view” shows " + plain(near.run_id) + ": same subject, features and layer."
           if near else "No run of the same subject, features and layer is here.")  # fmt: skip
    st.caption(f":material/info: Run {plain(', '.join(lost))} is not here. {how}")


def _show_tools(story: Story, pin: Pin, place: int) -> None:
    here = cached.list_runs().runs
    asked = pin.address.get("run", "")
    near = None if asked in {run.run_id for run in here} else find_nearest(here, asked)
    url = link_to(pin, near.run_id if near else "")
    st.link_button("Open the view", url or "./", icon=":material/open_in_new:", disabled=not url,
                   width="stretch", key=f"open.{pin.id}")  # fmt: skip
    closed = not may_change()
    with st.container(horizontal=True, gap="xsmall"):
        for label, step, icon in (("up", -1, "arrow_upward"), ("down", 1, "arrow_downward")):
            st.button("", key=f"{label}.{pin.id}", icon=f":material/{icon}:",
                      help=f"Move {label}", on_click=stories.change,
                      args=(move_pin, story.id, pin.id, place + step),
                      disabled=closed or not 0 <= place + step < len(story.pins))  # fmt: skip
        if st.button("", key=f"edit.{pin.id}", icon=":material/edit:", help="Edit the words",
                     disabled=closed):  # fmt: skip
            _edit(story, pin)
        st.button("", key=f"copy.{pin.id}", icon=":material/content_copy:", help="Duplicate",
                  disabled=closed, on_click=stories.change,
                  args=(duplicate_pin, story.id, pin.id))  # fmt: skip
        if st.button("", key=f"delete.{pin.id}", icon=":material/delete:", help="Delete",
                     disabled=closed):  # fmt: skip
            _confirm_delete(story, pin)


@st.dialog("Edit the words", width="medium")
def _edit(story: Story, pin: Pin) -> None:
    """Let a reader change a slide's words."""
    title = st.text_input("Title", pin.title, max_chars=MAX_TITLE)
    caption = st.text_area("Caption", pin.caption, max_chars=MAX_TEXT, height=140)
    notes = st.text_area("Speaker notes", pin.notes, max_chars=MAX_TEXT, height=140)
    if st.button("Save", type="primary", disabled=not title.strip()):
        texts = {"title": title, "caption": caption, "notes": notes}
        if stories.change(edit_pin, story.id, pin.id, **texts):
            st.rerun()


@st.dialog("Delete this slide?")
def _confirm_delete(story: Story, pin: Pin) -> None:
    st.markdown(f"**{plain(pin.title)}**, its notes and what it keeps. Nothing brings it back.")
    if st.button("Yes, delete it", type="primary") and stories.change(remove_pin, story.id, pin.id):
        st.rerun()


def _ask_name() -> None:
    name = st.text_input("Name", placeholder="Lab meeting, Tuesday", max_chars=MAX_TITLE,
                         key="new story")  # fmt: skip
    st.button("Create", type="primary", on_click=stories.create, args=(name,),
              disabled=not name.strip())  # fmt: skip


def _ask_file() -> None:
    given = st.file_uploader("A story's file", type="zip", max_upload_size=MOST_MB)
    if given is not None:
        st.button("Import", type="primary", on_click=stories.take_in,
                  args=([given.getvalue()],))  # fmt: skip


def _count(story: Story) -> str:
    """Return ``1 slide`` or ``3 slides``."""
    return "1 slide" if len(story.pins) == 1 else f"{len(story.pins)} slides"
