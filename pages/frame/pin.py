"""What every figure and brain has: "Pin to story"; and what every page has: "Copy link"."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from jne_engine.analysis.listing import find_named
from jne_engine.core.errors import InputError
from jne_engine.report.stories import Pin, PinContents, PinKind
from jne_engine.report.stories.records import MAX_TEXT, MAX_TITLE
from pages.frame import cached, stories
from pages.frame.access import may_change
from pages.frame.assets import PAGES, is_dark, read_asset
from pages.frame.plain import name_apart, one_line_errors, plain, unmark
from pages.frame.runtime import declare, draw_button

HASH = "#"
"""Name of an address's part after the number sign, which the viewer writes."""
FIRST_STORY = "My story"
_FRAME, _TAKEN, _OPEN, _STORY = "pin: frame", "pin: taken", "pin: open", "pin: story"
_LIGHT, _TOLD = "pin: light", "pin: told"
_CORNER, _EXPORT = "corner", "corner: export"

Taken = Mapping[str, Any]
"""What the browser sends: ``picture``, ``vector``, ``address``; of a brain its ``view``, of a
figure its ``size``, the ``ranges`` of axes that were zoomed, and which traces are ``hidden``."""


@dataclass(frozen=True)
class Offer:
    """What a page says of a view that can be pinned.

    Parameters
    ----------
    kind : {"figure", "brain"}
    target : str
        Class of the figure's container, or key of the viewer.
    title, caption : str
        What a slide says unless the reader changes it.
    source : str
        Text that names the runs that are shown; the page's run where it names none.
    behind : callable
        Makes the parts of :class:`PinContents` that the browser does not have.
    message : callable, optional
        Says what the view shows, as a title to take; "" where it cannot.
    """

    kind: PinKind
    target: str
    title: str
    caption: str
    source: str
    behind: Callable[[Taken], dict[str, Any]]
    message: Callable[[Taken], str] | None = None


def show_pin(offer: Offer, *, key: str) -> None:
    """Show the button of a view, and ask for words once its picture has been taken."""
    if told := st.session_state.pop(_TOLD, ""):  # a toast of the dialog's own run may be lost
        st.toast(told, icon=":material/keep:")
    if may_change():
        _offer(offer, f"pin.{key}")


@st.fragment
def _offer(offer: Offer, key: str) -> None:
    """Show the button, and the dialog without drawing the page anew."""
    anew = {"way": "describe"} if _is_drawn_anew(offer) else {}
    data = {"kind": offer.kind, "target": offer.target, **anew}
    _show_button(data, key, partial(_take, key))
    if st.session_state.get(_OPEN) == key:
        del st.session_state[_OPEN]
        (_ask_wide if anew else _ask)(offer)


def _show_button(data: dict[str, str], key: str, on_taken: Callable[[], None]) -> None:
    """Show the button that takes a picture; it says in ``data`` of what, and in which way."""
    button = declare("jne_pin", "pin")
    button(key=key, data=data, width="content", height="content", on_taken_change=on_taken)


def _is_drawn_anew(offer: Offer) -> bool:
    """Tell whether a figure is dark: slides are printed on white, where a brain always is."""
    return offer.kind == "figure" and is_dark()


def show_copy_link(run_id: str) -> None:
    """Show the button that copies the page's address; it names the run, whatever is newest."""
    button = st.components.v2.component(
        "jne_copy_link", html=draw_button("Copy link", "link"), css=read_asset("pin/button.css"),
        js=read_asset("pin/copy_link.js"),
    )  # fmt: skip
    button(key="copy link", data={"run": run_id}, width="content", height="content")


def open_corner() -> Any:
    """Make the corner of the page's title row, where what holds for the whole page stands."""
    corner = st.container(horizontal=True, width="content", gap="xsmall", key="page_corner",
                          vertical_alignment="center")  # fmt: skip
    st.session_state[_CORNER], st.session_state[_EXPORT] = corner, None
    return corner


def find_corner() -> Any:
    """Return the corner of this page's title row, to be entered; without a row, a place here."""
    return st.session_state[_CORNER] if _CORNER in st.session_state else st.container()


def find_export() -> Any:
    """Return the menu of the page's files in its corner, to be entered; made when first asked."""
    if st.session_state[_EXPORT] is None:
        with find_corner():
            st.session_state[_EXPORT] = st.popover("Export", icon=":material/download:")
    return st.session_state[_EXPORT]


def frame_page(run_id: str, *, simulated: bool) -> None:
    """Note for this page's pins which run it shows, and whether all on it is simulated."""
    st.session_state[_FRAME] = {"run": run_id, "runs": (), "simulated": simulated}


def note_runs(run_ids: Iterable[str]) -> None:
    """Note which runs a page's figures show where nothing else says so."""
    st.session_state[_FRAME]["runs"] = tuple(run_ids)


def name_target(key: str) -> str:
    """Return the class that Streamlit gives to what has a key."""
    return "st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key.strip())


def _take(key: str) -> None:
    """Keep what the browser took, and open the dialog in the run that follows."""
    taken = (st.session_state.get(key) or {}).get("taken")
    if taken:
        st.session_state[_TAKEN], st.session_state[_OPEN] = taken, key


@st.dialog("Pin to story", width="medium")
def _ask(offer: Offer) -> None:
    _ask_words(offer)


@st.dialog("Pin to story", width="large")
def _ask_wide(offer: Offer) -> None:
    """Draw the figure as it is on a light page, take that picture, and go on as :func:`_ask`."""
    taken: Taken = st.session_state[_TAKEN]
    if "picture" in taken:
        _ask_words(offer)
        return
    figure = json.loads(offer.behind(taken)["figure"])
    figure["layout"] |= taken["size"]
    width = int(taken["size"]["width"])  # the figure keeps it, though the dialog is narrower
    place = f".{name_target(_LIGHT)} [data-testid=stElementContainer]"
    st.html(f"<style>{place} {{ width: {width}px; min-width: {width}px; }}</style>")
    st.caption("Slides are white: drawing the figure for a light page …")
    with st.container(key=_LIGHT, height=300):
        st.plotly_chart(figure, theme=None, width=width, key=f"{_LIGHT} figure")
    data = {"kind": "figure", "target": name_target(_LIGHT), "way": "at once"}
    _show_button(data, f"{_LIGHT} picture", _take_light)


def _take_light() -> None:
    """Add the picture of the light figure to what the page's own said."""
    taken = (st.session_state.get(f"{_LIGHT} picture") or {}).get("taken")
    if taken:
        pictures = {name: taken.get(name) for name in ("picture", "vector")}
        st.session_state[_TAKEN] = {**st.session_state[_TAKEN], **pictures}


def _ask_words(offer: Offer) -> None:
    taken: Taken = st.session_state[_TAKEN]
    with one_line_errors():
        picture = _decode(taken)
        st.image(picture, width=260)
        story_id, new = _choose_story()
        title = _ask_title(offer, taken)
        caption = st.text_area("Caption", offer.caption[:MAX_TEXT], max_chars=MAX_TEXT, height=90)
        notes = st.text_area("Speaker notes", max_chars=MAX_TEXT, height=70,
                             placeholder="What you will say; only you see it.")  # fmt: skip
        with st.container(horizontal=True, gap="small"):
            bare = not title.strip()
            pinned = st.button("Pin", type="primary", icon=":material/keep:", disabled=bare)
            shown = st.button("Pin and show", icon=":material/slideshow:", disabled=bare)
        if pinned or shown:
            made = _describe(offer, taken, title=title, caption=caption, notes=notes)
            contents = _collect(offer, taken, picture)
            story = stories.pin(story_id, made, contents, new=new)
            st.session_state[_STORY] = story.id
            if shown:
                at = {"story": story.id, "show": "yes", "slide": str(len(story.pins))}
                st.switch_page("pages/present.py", query_params=at)
            st.session_state[_TOLD] = f"Pinned: slide {len(story.pins)}"
            st.rerun()


def _ask_title(offer: Offer, taken: Taken) -> str:
    """Ask for the slide's title, and offer what the view shows as one."""
    key = f"pin title {offer.target} {offer.title}"
    title = st.text_input("Title", offer.title[:MAX_TITLE], max_chars=MAX_TITLE, key=key)
    message = offer.message(taken)[:MAX_TITLE] if offer.message else ""
    if message and message != title:
        st.button(f"Use: {plain(message)}", type="tertiary", on_click=st.session_state.__setitem__,
                  args=(key, message))  # fmt: skip
    return title


def _choose_story() -> tuple[str, str]:
    """Show the choice of a story; return its id, or the name of a new one."""
    there = name_apart({story.id: story.name for story in stories.list_stories()[0]})
    if not there:
        return "", st.text_input("New story", FIRST_STORY, max_chars=MAX_TITLE) or FIRST_STORY
    ids = list(there)
    last = st.session_state.get(_STORY)
    chosen = st.selectbox(
        "Story", ids, index=ids.index(last) if last in there else 0,
        format_func=lambda name: there.get(name, name), accept_new_options=True,
        help="Choose one, or type the name of a new one.",
    )  # fmt: skip
    return (chosen, "") if chosen in there else ("", str(chosen or FIRST_STORY))


def _describe(offer: Offer, taken: Taken, **words: str) -> Pin:
    page, address = read_address(str(taken.get("address", "")))
    frame, there = st.session_state[_FRAME], cached.list_runs().runs
    noted = " ".join(frame["runs"] or (frame["run"],))
    runs = find_named(there, offer.source) or find_named(there, noted)
    if frame["run"]:
        address.setdefault("run", frame["run"])  # the newest run stands in no address
    simulated = frame["simulated"] or any(run.manifest.simulated for run in runs)
    return Pin(kind=offer.kind, page=page, address=address, simulated=simulated,
               runs=tuple(run.run_id for run in runs), **words)  # fmt: skip


def read_address(text: str) -> tuple[str, dict[str, str]]:
    """Return the page of an address, and its parts by name; the viewer's under :data:`HASH`."""
    parts = urlsplit(text)
    last = parts.path.rstrip("/").rpartition("/")[2]
    page = last if last in PAGES else "overview"  # the server may lie below a path
    address = dict(parse_qsl(parts.query, keep_blank_values=True))
    return page, {**address, HASH: parts.fragment} if parts.fragment else address


def _collect(offer: Offer, taken: Taken, picture: bytes) -> PinContents:
    view = taken.get("view")
    return PinContents(
        picture=picture,
        vector=taken.get("vector"),
        view=None if view is None else json.dumps(view),
        **offer.behind(taken),
    )


def _decode(taken: Taken) -> bytes:
    """Return the picture's bytes.

    Raises
    ------
    InputError
        If the browser sent no picture.
    """
    head, _, body = str(taken.get("picture", "")).partition(",")
    try:
        if head == "data:image/png;base64":
            return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise InputError("picture", "a PNG", str(error), "pin the view again") from error
    raise InputError("picture", "a PNG", "something else", "pin the view again")


def tell(title: str, how: str) -> tuple[str, str]:
    """Return a slide's title and caption from what a page says in Markdown."""
    whole = unmark(title)
    said = f" How computed: {unmark(how).rstrip('.')}." if how else ""
    return whole, f"{whole.rstrip('.')}.{said}"
