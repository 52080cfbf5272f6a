"""The hierarchy page's spin tests: asked for by a button, computed by the worker."""

from __future__ import annotations

import streamlit as st

from jne_engine.analysis.spins import LITTLE_COVERAGE, SpinSettings, tell_why_not_spun
from jne_engine.jobs.kinds.spin import request_spin
from jne_engine.report.figures.hierarchy import plot_spins
from jne_engine.runs.results import SimulationResult
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.figures import show_result
from pages.frame.offers import JobOffer, offer_job
from pages.frame.widgets import show_note
from pages.hierarchy.areas import View

TITLES = {
    "trend": ("Tier trend against rotated maps", "P(later tier exceeds earlier)"),
    "difference": ("Differences of means against rotated maps", "Difference of means"),
    "correlation": ("Correlation with other maps, against rotated maps", "Pearson r"),
}


def show_spins(run: Run, view: View) -> None:
    """Show the stored spin test of the view's measure, or the button that asks for it."""
    st.subheader("Is it more than smoothness? (spin test)", anchor=False)
    st.caption(
        "Neighbouring voxels are alike, which the tests above do not know. Here the map is turned"
        " at random on the cortical sphere 1,000 times: it keeps its smoothness, not its place."
    )
    why = tell_why_not_spun(run)
    if why:
        show_note(f"{why} Bring the data to a surface, as docs/datasets.md says, to spin it.")
        return
    settings = SpinSettings(view.info.name, view.significant)
    result = cached.read_spin(run, settings)
    if result is None:
        spec = request_spin(run.path, settings, label=f"spin test, {view.info.label}")
        offer_job(JobOffer.of(spec, "Compute the spin test"))
        return
    _show_result(run, view, result)


def _show_result(run: Run, view: View, result: SimulationResult) -> None:
    coverage, table = result.settings["coverage"], result.tables["tests"]
    if coverage < LITTLE_COVERAGE:
        show_note(
            f"Voxels with values cover {coverage:.0%} of the sphere, so that a turned map overlaps"
            " little with itself: the null is wide and the test careful (n_usual says how many"
            " voxels a rotation leaves, n_left_out how many rotations left too few)."
        )
    for kind, (title, axis) in TITLES.items():
        tests = table[table["kind"] == kind]
        if tests.empty:
            continue
        unit = f" of {view.info.axis}" if kind == "difference" else ""
        counted = int(tests["n_rotations"].min())
        show_result(
            plot_spins(tests, axis=axis + unit, dark=is_dark()),
            tests, "spin", kind, *view.names, run.run_id,
            title=f"{view.info.label}: {title[0].lower()}{title[1:]} (at least {counted:,} of"
            f" {result.settings['n_rotations']:,} rotations count)",
            how="p = (1 + rotations that reach the statistic) / (1 + rotations counted),"
            f" {'two' if kind == 'correlation' else 'one'}-sided; q by Benjamini–Hochberg over the"
            f" rows. Uniform rotations of the {result.settings['sphere']} sphere, mirrored between"
            " hemispheres, nearest column; columns left without a value are left out and counted.",
            alt=f"{title}: this map's statistic beside those of rotated maps",
        )  # fmt: skip
