"""What bends in the chosen region: gain or shape, and along which axes, told by images."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from jne_engine.analysis.bending import Bends, Direction, tell_bends, tell_caution
from jne_engine.features.gabor_pictures import has_filters, name_filter
from jne_engine.report.figures.gallery import render_gallery
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.figures import show_table
from pages.frame.full_size import offer_full_size
from pages.frame.state import read
from pages.frame.widgets import format_number, plain, show_missing, show_note
from pages.selectivity.brain import toggle_stimulus
from pages.selectivity.choices import StimulusChoices, View
from pages.selectivity.pictures import show_pictures

ENDS = {"low": "These images, at the low end …", "high": "… against these, at the high end"}
HOW = (
    "Over the test stimuli, a voxel's Jacobian changes along its mean (gain: the same preference,"
    " stronger or weaker) and at right angles to it (shape: another preference); both sums of"
    " squares add up. K is the mean over the region's valid voxels of the covariance of these"
    " changes over features: its leading eigenvectors are the directions, (tr K)² / tr K² of which"
    " count. An image lies at w · x of its features x, as the encoder takes them."
)


def show_bends(view: View) -> None:
    """Show how the chosen region bends, or offer to compute it."""
    run, place = view.run, view.roi
    st.subheader("What bends", anchor=False, help=HOW)
    if why := cached.explain_bends(run):
        show_missing(plain(why), "It takes seconds to some minutes, once.")
        offer_full_size("variants", run, "Compute what bends")
        return
    bends = cached.read_bends(run, place)
    if bends is None:
        show_missing(f"{plain(place)} has no valid voxel.", "Choose another region.")
        return
    st.markdown(f"**{plain(tell_bends(bends))}**")
    st.caption(plain(tell_caution(bends)))
    if view.place != place:
        show_note(f"For the whole of {place}, not for {view.place}: that is what is stored.")
    if not bends.is_straight:
        _show_directions(view, bends)
    show_table(cached.tabulate_bend_ends(run, place), "bends", place, run.run_id,
               label="Images at both ends")  # fmt: skip
    show_table(cached.tabulate_bend_changes(run, place), "bend-changes", place, run.run_id,
               label="Gain and shape change at every test image")  # fmt: skip


def _show_directions(view: View, bends: Bends) -> None:
    """Show one row a direction: the images at its ends, and its filters where they are known."""
    drawn = _has_filters(view.run)
    for direction in bends.directions:
        percent = round(100 * direction.share)
        st.progress(percent, text=f"Direction {direction.number} holds {percent} % of the change")
        low, high, *rest = st.columns([10, 10, 7] if drawn else 2, gap="medium")
        with low:
            _show_end(view, direction, "low")
        with high:
            _show_end(view, direction, "high")
        for column in rest:
            with column:
                _show_filters(direction)
    if view.run.manifest.feature_set == "gabor" and view.run.manifest.layer:
        show_note("Filters are drawn of layer 0 only: further layers sum over many of them.")


def _show_end(view: View, direction: Direction, end: str) -> None:
    """Show the images at one end as buttons that put their map on the brain."""
    found = direction.low if end == "low" else direction.high
    st.caption(ENDS[end])
    rows = tuple(row for row, _ in found)
    if not cached.has_pictures(view.run):
        st.markdown(plain(", ".join(view.stimuli[row] for row in rows)))
        return
    show_pictures(
        _describe(view, found, cached.encode_pictures(view.run, rows)),
        key=f"bends.{direction.number}.{end}",
        on_choose=partial(toggle_stimulus, tuple(view.stimuli)),
    )


def _describe(
    view: View, found: tuple[tuple[int, float], ...], sources: tuple[str, ...]
) -> list[dict[str, Any]]:
    chosen = read(StimulusChoices).stimulus
    return [
        {
            "row": row,
            "source": source,
            "caption": format_number(score),
            "alt": f"{view.stimuli[row]}: at {format_number(score)}",
            "pressed": view.stimuli[row] == chosen,
        }
        for (row, score), source in zip(found, sources, strict=True)
    ]


def _has_filters(run: Run) -> bool:
    manifest = run.manifest
    return has_filters(manifest.feature_set, manifest.layer, manifest.counts["n_features"])


def _show_filters(direction: Direction) -> None:
    st.caption(
        "Filters of the largest weights",
        help="Each at its place in the picture, with its weight; + grows towards the high end."
        " c: cycles a picture width; degrees: where the carrier changes to, from the x axis down.",
    )
    columns = tuple(column for column, _ in direction.weights)
    captions = [f"{weight:+.2f} · {name_filter(column)}" for column, weight in direction.weights]
    st.html(render_gallery(cached.encode_filters(columns), captions))
