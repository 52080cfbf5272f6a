"""The hierarchy page's controls, distributions, means and shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from jne_engine.analysis.nonlinearity import choose_first
from jne_engine.analysis.roi_groups import BY
from jne_engine.model.measures import Measure
from jne_engine.report.figures.distributions import DRAWINGS, plot_distribution
from jne_engine.report.figures.hierarchy import plot_estimates
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.comparison import list_group
from pages.frame.figures import show_result
from pages.frame.state import Selection, bind_value, declares, read, select
from pages.frame.widgets import choose

GROUPINGS = {"roi": "ROI", "tier": "Tier"}
QUANTILES = {
    "0.5": "top 50 %",
    "0.75": "top 25 %",
    "0.9": "top 10 %",
    "0.95": "top 5 %",
}
DEFAULT_QUANTILE = "0.75"
PLACES = {"roi": "each ROI", "tier": "each tier"}


@declares
@dataclass(frozen=True)
class HierarchyChoices:
    """What a reader chooses on this page only.

    Parameters
    ----------
    by, draw, quantile : str
        ``"roi"`` or ``"tier"``, how distributions are drawn, and above which quantile of the whole
        brain a voxel counts as high.
    matched : bool
        Show the comparison of voxels matched on R² too.
    """

    by: str = ""
    draw: str = ""
    quantile: str = ""
    matched: bool = False


@dataclass(frozen=True)
class View:
    """What a reader has chosen on the page.

    Parameters
    ----------
    info : Measure
        The measure.
    by : {"roi", "tier"}
        What voxels are grouped by.
    draw, quantile : str
        How the distribution is drawn; above which quantile of the whole brain a voxel is high.
    significant, matched : bool
        Significant voxels only; show the comparison matched on R² too.
    """

    info: Measure
    by: Any
    draw: str
    quantile: str
    significant: bool
    matched: bool

    @property
    def voxels(self) -> str:
        """Which voxels are meant."""
        return "significant voxels" if self.significant else "all valid voxels"

    @property
    def names(self) -> tuple[str, ...]:
        """What tells the view's files from those of others."""
        return self.info.name, self.by, "significant" if self.significant else "all"


def choose_view(run: Run) -> View:
    """Show the controls beside the figure and return every choice."""
    maps = {info.name: info for info in cached.list_maps(run) if info.is_numeric}
    measure, grouping, drawing = st.columns([5, 2, 5], vertical_alignment="bottom")
    with measure:
        name = choose("Measure", "map", list(maps), default=choose_first(maps),
                      format_func=lambda n: maps[n].label)  # fmt: skip
    with grouping:
        by = choose("Group by", "by", BY, widget=st.segmented_control, required=True,
                    format_func=GROUPINGS.__getitem__)  # fmt: skip
    with drawing:
        draw = choose("Draw as", "draw", list(DRAWINGS), widget=st.segmented_control,
                      required=True, format_func=DRAWINGS.__getitem__)  # fmt: skip
    high, significant, matched, subject = st.columns([5, 3, 3, 3], vertical_alignment="bottom")
    with high:
        quantile = choose("‘High’ means", "quantile", list(QUANTILES),
                          default=DEFAULT_QUANTILE, format_func=QUANTILES.__getitem__,
                          help="Of all voxels of the whole brain, in ROIs or not.")  # fmt: skip
    with significant:
        st.toggle("Significant only", **bind_value("significant"))
    with matched:
        st.toggle("Match on R²", **bind_value("matched"),
                  help="Also compare voxels that are predicted equally well.")  # fmt: skip
    with subject:
        _choose_subject(run)
    significant_only, match = read(Selection).significant, read(HierarchyChoices).matched
    return View(maps[name], by, draw, quantile, significant_only, match)


def _choose_subject(run: Run) -> None:
    """Show the choice among subjects where there are several; it selects the subject's run."""
    runs = {r.manifest.subject: r.run_id for r in reversed(list_group(cached.list_runs()))}
    if len(runs) < 2:
        return
    subjects, key = sorted(runs), f"subject.{run.run_id}"
    st.selectbox("Subject", subjects, index=subjects.index(run.manifest.subject), key=key,
                 on_change=lambda: select(run=runs[st.session_state[key]]))  # fmt: skip


def show_distribution(run: Run, view: View) -> None:
    """Show the distribution in every group, with means and their intervals as its table."""
    groups = cached.read_groups(run, view.info.name, view.by, significant_only=view.significant)
    figure = plot_distribution(
        groups, label=view.info.label, unit=view.info.unit, draw=view.draw, dark=is_dark()
    )
    how = {
        "violin": "a violin's width is the share of voxels; the box holds the middle half and"
        " the median.",
        "box": "the box holds the middle half and the median; whiskers reach 1.5 times its height.",
        "histogram": "40 bins of equal width, each group's shares summing to 1.",
        "ecdf": "F(x) = share of a group's voxels at or below x.",
    }
    show_result(
        figure, _tabulate_means(run, view), "hierarchy", view.draw, *view.names, run.run_id,
        title=f"{view.info.label} in {PLACES[view.by]}, {view.voxels}: early areas first",
        how=f"{how[view.draw]} n counts the voxels drawn. {view.info.explanation}",
        alt=f"Distribution of {view.info.label} over the voxels of {PLACES[view.by]}",
    )  # fmt: skip


def show_means_and_shares(run: Run, view: View) -> None:
    """Show the mean and the share of high voxels of every group, with intervals."""
    means = _tabulate_means(run, view)
    show_result(
        plot_estimates(means, "mean", axis=f"Mean {view.info.axis}", dark=is_dark()),
        means, "means", *view.names, run.run_id,
        title=f"Mean {view.info.label} of {PLACES[view.by]}, with 95 % intervals",
        how="mean over voxels with Student's 95 % interval. Neighbouring voxels are not"
        " independent: read it as a lower bound of the uncertainty.",
        alt=f"Mean {view.info.label} of {PLACES[view.by]} with intervals",
    )  # fmt: skip
    shares = cached.tabulate_group_shares(
        run, view.info.name, view.by, float(view.quantile), significant=view.significant
    )
    show_result(
        plot_estimates(shares, "share", axis="Share of high voxels (fraction)",
                       chance=1 - float(view.quantile), dark=is_dark()),
        shares, "high-share", view.quantile, *view.names, run.run_id,
        title=f"Share of voxels with high {view.info.label}: above {QUANTILES[view.quantile]}"
        " of the whole brain",
        how=f"voxels above the {float(view.quantile):g} quantile of {view.voxels} of the whole"
        f" brain, over the group's voxels; dashed: the whole brain's {1 - float(view.quantile):g}."
        " Wilson's 95 % interval, a lower bound as above.",
        alt=f"Share of high {view.info.label} in {PLACES[view.by]}",
    )  # fmt: skip


def _tabulate_means(run: Run, view: View) -> Any:
    return cached.tabulate_group_means(run, view.info.name, view.by, significant=view.significant)
