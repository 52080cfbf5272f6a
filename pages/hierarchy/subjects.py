"""The hierarchy page over subjects: shown where runs of two or more subjects are there."""

from __future__ import annotations

from typing import Any

import streamlit as st

from jne_engine.analysis.subjects import choose_one_a_subject, compare_subjects
from jne_engine.report.figures.hierarchy import plot_significance, plot_subjects
from jne_engine.report.figures.template import format_p
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.comparison import list_group
from pages.frame.figures import show_result
from pages.frame.pin import note_runs
from pages.frame.widgets import plain, show_note
from pages.hierarchy.areas import PLACES, View


def show_subjects(run: Run, view: View) -> None:
    """Compare means within subjects, and fit the mixed model of the tiers."""
    group = list_group(cached.list_runs())
    runs = choose_one_a_subject(group, run)
    n_subjects = len({r.manifest.subject for r in group})
    if n_subjects < 2:
        return
    st.subheader("Does it hold over subjects?", anchor=False)
    if n_subjects > len(runs):
        show_note(
            f"{n_subjects - len(runs)} of {n_subjects} subjects have no run with this run's"
            " features, layer and settings, and are left out."
        )
    if len(runs) < 2:
        return
    means = cached.tabulate_subject_means(
        runs, view.info.name, view.by, significant_only=view.significant
    )
    names = (*view.names, *(r.run_id[-6:] for r in runs))
    note_runs(r.run_id for r in runs)
    show_result(
        plot_subjects(means, axis=f"Mean {view.info.axis}", dark=is_dark()),
        means, "subjects", *names,
        title=f"Mean {view.info.label} of {PLACES[view.by]} in {len(runs)} subjects",
        how=f"mean over a subject's {view.voxels}; one run a subject, with the same features, layer"
        " and settings.",
        alt=f"Mean {view.info.label} of every subject along the hierarchy",
    )  # fmt: skip
    _show_pairs(means, view, names)
    _show_model(runs, view)


def _show_pairs(means: Any, view: View, names: tuple[str, ...]) -> None:
    pairs = compare_subjects(means)
    if pairs.empty or not pairs["p"].notna().any():
        return
    n, smallest = pairs["n_subjects"].max(), pairs["smallest_p"].min()
    show_result(
        plot_significance(pairs, list(dict.fromkeys(pairs["first"])), effect="difference",
                          effect_label="mean difference", dark=is_dark()),
        pairs, "subject-pairs", *names,
        title=f"Which area is higher over {n} subjects? (row > column, q < .05)",
        how="1 where q < 0.05: the mean difference within subjects against all 2ⁿ flips of its"
        " signs, one-sided; q by Benjamini–Hochberg over all pairs; Student's interval on hover.",
        alt=f"Significance matrix of {view.info.label} over subjects",
    )  # fmt: skip
    if smallest > 0.05 / 2:
        show_note(
            f"With {n} subjects no p can be below 1/{round(1 / smallest)} = {smallest:.3g}, so that"
            " zeros in the matrix say little; look at how many subjects agree (n_positive)."
        )


def _show_model(runs: tuple[Run, ...], view: View) -> None:
    st.markdown("**Mixed model of the tiers**")
    found = cached.fit_tier_model(runs, view.info.name, significant=view.significant)
    if found is None:
        show_note("The mixed model needs two subjects and two tiers with voxels.")
        return
    ended = "The fit converged" if found.converged else "**The fit did not converge**"
    st.markdown(
        f"{plain(view.info.label)} changes by **{found.slope:.4g}** a tier"
        f" [{found.low:.4g}, {found.high:.4g}] {plain(view.info.unit)}: z = {found.z:.1f},"
        f" one-sided {format_p(found.p)}, {found.effect:.1f} residual deviations a tier,"
        f" n = {found.n_subjects} subjects, {found.n_rows} means. {ended}."
    )
    for note in found.notes:
        show_note(f"The fit says: {note}")
    st.caption(
        "How computed: mean = a + slope · tier (0, 1, 2) + intercept of the subject + residual, by"
        " restricted maximum likelihood. Wald's interval and p take the number of subjects as"
        " large: with a handful they are too favourable."
    )
