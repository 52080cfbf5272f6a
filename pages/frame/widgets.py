"""What every page is framed with: title, SIMULATED badge, empty states, errors, tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from jne_engine.analysis.listing import RunListing, find_nearest
from jne_engine.formats.guard import readable_size
from jne_engine.runs.folder import find_root
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.access import explain_read_only, show_visitor
from pages.frame.assets import ASSETS
from pages.frame.comparison import choose_run, choose_study, list_group, name_run, name_runs
from pages.frame.entry import enter_through_app
from pages.frame.figures import choose_picture_format
from pages.frame.history import show_history
from pages.frame.pin import frame_page, open_corner, show_copy_link
from pages.frame.plain import one_line_errors, plain
from pages.frame.runtime import mount_runtime
from pages.frame.state import (
    Selection,
    bind_choice,
    is_unknown,
    list_unreadable,
    read,
    settle,
)

SIMULATED = "SIMULATED"


def show_style() -> None:
    """Bring the pages' style."""
    st.html(ASSETS / "style.css")


def show_page(title: str, lead: str, body: Callable[[Run], None]) -> None:
    """Show a page: its question, one or two sentences, and its body for the selected run.

    Parameters
    ----------
    title : str
        The question that the page answers.
    lead : str
        What the reader sees and how it was computed.
    body : callable
        Draws the rest for a run; its :class:`JneError` becomes one line on the page.
    """
    enter_through_app()
    listing = cached.list_runs()
    run = choose_run(listing)
    _show_head(title, lead, simulated=run is not None and run.manifest.simulated, run=run)
    if run is None:
        show_no_run(listing)
        return
    _warn_lost_run(listing, run)
    if told := cached.tell_no_signal(run):
        st.warning(told, icon=":material/signal_cellular_off:")
    with one_line_errors():
        body(run)


def show_simulated_page(title: str, lead: str, body: Callable[[Run | None], None]) -> None:
    """Show a page about simulations, which needs no run; else as :func:`show_page`."""
    enter_through_app()
    run = choose_run(cached.list_runs())
    _show_head(title, lead, simulated=True, run=run, alone=True)
    with one_line_errors():
        body(run)


def show_work_page(title: str, lead: str, body: Callable[[], None]) -> None:
    """Show a page about work to be done, which needs no run; else as :func:`show_page`."""
    enter_through_app()
    _show_head(title, lead, simulated=False)
    with one_line_errors():
        body()


def _show_head(
    title: str, lead: str, *, simulated: bool, run: Run | None = None, alone: bool = False
) -> None:
    """Show a page's question, its badge, its lead, and what the link asks for in vain.

    A page that stands ``alone`` shows no run unless a figure names it.
    """
    mount_runtime()
    frame_page(run.run_id if run is not None and not alone else "", simulated=simulated)
    if told := explain_read_only():
        st.caption(f":material/lock: {told}")
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="page_head"
    ):  # one row that stays
        st.header(title, anchor=False, width="content", help=lead)
        if run is not None:
            _choose_run(run)
        if simulated:
            st.badge(SIMULATED, color="red", icon=":material/science:")
        with open_corner():
            show_history()
            show_copy_link(run.run_id if run is not None else "")
    for line in list_unreadable():
        show_note(line)


def show_sidebar(pages: Sequence[Any]) -> None:
    """Show the pages, and what they share: which run, of whom, and runs that are not finished."""
    listing = cached.list_runs()
    with st.sidebar:
        with st.container(key="rail"):
            for page in pages:
                st.page_link(page)
        with st.container(key="rail_more"):
            run = choose_run(listing)
            if run is None:
                st.caption("No finished run")
            else:
                choose_study()
                _describe_run(run)
                choose_picture_format()
            show_leftovers(listing)
            show_visitor()


def _choose_run(run: Run) -> None:
    """Show the run as a chip from which another one can be chosen."""
    names = name_runs(list_group(cached.list_runs()))
    ids = list(names)
    st.selectbox("Run", ids, format_func=names.__getitem__, label_visibility="collapsed",
                 width=230, **bind_choice("run", ids, run.run_id))  # fmt: skip


def _describe_run(run: Run) -> None:
    manifest = run.manifest
    counts = manifest.counts
    lines = [
        plain(name_run(run)),
        f"Features: {plain(manifest.feature_set)}, layer {manifest.layer}",
        f"{counts['n_voxels']:,} voxels, {counts['n_test']:,} test stimuli",
        f"Computed {plain(manifest.created[:16].replace('T', ' '))} UTC",
    ]
    st.caption("  \n".join(lines))


def show_leftovers(listing: RunListing) -> None:
    """List runs that can be resumed, and folders that cannot be read."""
    if listing.unfinished:
        with st.expander(f"Unfinished runs ({len(listing.unfinished)})"):
            st.caption("Resume on the page Data & runs, or run the same command again.")
            for line in listing.unfinished:
                st.caption(plain(line))
    if listing.unreadable:
        with st.expander(f"Unreadable runs ({len(listing.unreadable)})"):
            for line in listing.unreadable:
                st.caption(plain(line))


def show_no_run(listing: RunListing) -> None:
    """Say that there is nothing to show yet, and how to get it."""
    st.info("No finished run yet. Import your data, or try the demo, on the page"
            " **Data & runs**.", icon=":material/info:")  # fmt: skip
    st.caption("The simulated subject from the command line:")
    st.code("python -m jne_engine demo", language=None)
    st.caption(f"This page looks in: {plain(find_root().absolute())}")
    for line in listing.unfinished:
        st.caption(f"Can be resumed by the same command: {plain(line)}")
    for line in listing.unreadable:
        st.error(plain(line), icon=":material/error:")


def show_missing(what: str, fix: str) -> None:
    """Say what a run lacks for this part of the page, and how to get it."""
    st.info(f"{what} {fix}", icon=":material/info:")


def show_note(text: str) -> None:
    """Show one quiet line."""
    st.caption(f":material/info: {plain(text)}")


def _warn_lost_run(listing: RunListing, run: Run) -> None:
    """Say that the link's run is not here, and how near the one is that stands in for it."""
    wanted = read(Selection).run
    if not wanted or wanted in {r.run_id for r in listing.runs}:
        return
    near = find_nearest(listing.runs, wanted) is not None
    how = "of the same subject, features and layer" if near else "the newest; none is nearer"
    show_note(f"The link names a run that is not here: showing {run.run_id} instead, {how}.")


def warn_unknown(name: str, options: Sequence[str]) -> None:
    """Say in one line that the link names something that is not there."""
    if is_unknown(name, options):
        wanted = settle(name, options)
        show_note(f"The link names a {name} that is not here: showing {wanted} instead.")


def choose(
    label: str,
    name: str,
    options: Sequence[str],
    *,
    default: str | None = None,
    widget: Callable[..., Any] = st.selectbox,
    **more: Any,
) -> str:
    """Show a select box, or another widget, tied to the selection; return the chosen option."""
    widget(label, options, **bind_choice(name, options, default), **more)
    warn_unknown(name, options)
    return settle(name, options, default)


def format_bytes(n_bytes: float | None) -> str:
    """Return a size as a person reads it, a dash where there is none."""
    return "–" if n_bytes is None else readable_size(int(n_bytes))


def format_seconds(seconds: float | None) -> str:
    """Return a duration as a person reads it, a dash where there is none."""
    if seconds is None:
        return "–"
    if seconds < 99.5:
        return "under 1 s" if seconds < 1 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5970 else f"{seconds / 3600:.1f} h"


def format_number(value: float | None, *, digits: int = 3) -> str:
    """Return a number with some significant digits, a dash where there is none."""
    if value is None or value != value:
        return "–"
    return f"{value:.{digits}g}"
