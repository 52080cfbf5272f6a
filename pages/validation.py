"""Whether JNE can be trusted: simulations in full size as stored, and live at reduced size."""

from __future__ import annotations

import streamlit as st

from jne_engine.analysis.validation import list_departures
from jne_engine.runs.results import SimulationResult
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.brain import show_variants
from pages.frame.figures import show_figure, show_table
from pages.frame.full_size import offer_full_size
from pages.frame.widgets import choose, one_line_errors, plain, show_simulated_page
from pages.validation.checks import CHECKS, CONTROLS, Check, Chosen, name_result
from pages.validation.live import show_live


def show(run: Run | None) -> None:
    """Show one check: what it found, its controls, the live figure and the stored one."""
    labels = {name: check.label for name, check in CHECKS.items()}
    name = choose("Check", "check", list(CHECKS), widget=st.radio, horizontal=True,
                  format_func=labels.__getitem__, label_visibility="collapsed")  # fmt: skip
    check = CHECKS[name]
    st.markdown(check.finding)
    chosen = _choose(check)
    if check.live is not None:
        show_live(name, check.live(chosen), lambda result: _draw(check, result, chosen, "live"),
                  height=check.height)  # fmt: skip
    st.caption(check.method)
    st.subheader("Stored result", anchor=False)
    with one_line_errors():
        _show_stored(name_result(name, chosen), check, chosen, run)


def _choose(check: Check) -> Chosen:
    chosen = {name: control.default for name, control in CONTROLS.items()}
    for name, column in zip(check.controls, st.columns(max(4, len(check.controls))), strict=False):
        control, options = CONTROLS[name], check.options(name)
        show_name = {**dict(zip(options, options, strict=True)), **control.names}.__getitem__
        with column:
            widget = st.select_slider if control.ordered else st.selectbox
            chosen[name] = choose(control.label, name, options, default=control.default,
                                  widget=widget, format_func=show_name)  # fmt: skip
    return chosen


def _draw(check: Check, result: SimulationResult, chosen: Chosen, kind: str) -> None:
    show_figure(check.plot(result, chosen, is_dark()), kind, result.simulation, alt=check.label,
                how=check.method, table=check.tabulate(result, chosen))  # fmt: skip


def _show_stored(name: str, check: Check, chosen: Chosen, run: Run | None) -> None:
    if name == "variants":
        result = None if run is None else cached.read_variants(run)
    else:
        result = cached.read_validation(name)
    if result is None:
        st.caption("Not stored yet" + (" for this run." if name == "variants" else "."))
        offer_full_size(name, run)
        return
    st.caption(_describe(result))
    if check.tell is not None:
        st.markdown(f"**{plain(check.tell(result, chosen))}**")
    _draw(check, result, chosen, "stored")
    if name == "variants" and run is not None:
        show_variants(run, result)
    show_table(check.tabulate(result, chosen), "numbers", name, label="The numbers")


def _describe(result: SimulationResult) -> str:
    less, made = list_departures(result), result.made
    size = f":orange[Not full size: {plain(', '.join(less))}.]" if less else "**Full size.**"
    when = plain(made.get("created", "at an unknown time")[:16].replace("T", " "))
    versions = ", ".join(f"{name} {version}" for name, version in made.get("versions", {}).items())
    return f"{size} Computed {when} UTC with {plain(versions or 'unknown versions')}."


show_simulated_page(
    "Can JNE be trusted?",
    "Within limits. Each simulation has a known answer; where JNE misses it, this page says so.",
    show,
)
