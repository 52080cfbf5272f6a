"""The sections of the page about layers and subjects."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from jne_engine.analysis import studies
from jne_engine.analysis.nonlinearity import choose_first
from jne_engine.analysis.studies import LOW_R2, RunGroup
from jne_engine.model.measures import R2_UNIT, STABILITY_STAGE, Measure
from jne_engine.report.figures.layers import (
    plot_agreement,
    plot_layer_matrix,
    plot_layers,
    plot_subjects,
)
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.comparison import list_group
from pages.frame.figures import show_result, show_table
from pages.frame.pin import note_runs
from pages.frame.state import Selection, declares, read, select, settle
from pages.frame.widgets import choose, show_missing, show_note


@declares
@dataclass(frozen=True)
class LayerChoices:
    """What a reader chooses on this page only.

    Parameters
    ----------
    places, layer : str
        ``"tier"``, ``"roi"`` or ``"whole"``; the layer in which subjects are compared.
    """

    places: str = ""
    layer: str = ""


PLACES = {"tier": "Tiers", "roi": "ROIs", "whole": "Whole brain"}
BY = {"tier": "by tier", "roi": "by ROI", "whole": "whole brain"}
ROIS_NEEDED = 4
WEAK = (
    f"Pale or veiled: mean R² below {LOW_R2}, a limit of ours: the layer predicts too little there"
    " for its value to say much."
)
WEAK_COLUMN = f"r2_below_{LOW_R2}"
INTERVALS = {
    "subjects": "mean over subjects of each subject's mean over voxels; band or bar: 95 % t"
    " interval over the n subjects",
    "voxels": "mean over voxels of the one subject; band or bar: 95 % t interval over its n voxels,"
    " taken as independent, which neighbours are not",
}


def choose_group(run: Run) -> RunGroup:
    """Return the runs that may be compared with the chosen one, and tell which may not."""
    others = [r for r in list_group(cached.list_runs()) if r.run_id != run.run_id]
    runs = [run, *others]  # first, so that it is kept where another has its subject and layer
    groups = studies.group_runs(runs, {r.run_id: cached.describe_run(r)["preset"] for r in runs})
    chosen = next(g for g in groups if run.run_id in {r.run_id for r in g.runs})
    if len(groups) > 1:
        rest = sum(len(g.runs) + len(g.left_out) for g in groups if g is not chosen)
        own = ", ".join(f"{name} {value}" for name, value in chosen.differs.items())
        show_note(
            f"Shown: {_count_runs(chosen.runs)} with {own}. Of the others, {rest} in all differ in"
            " this and are not mixed in: choose one above to see its kind."
        )
    if chosen.left_out:
        show_note(
            f"Left out, for a run that is shown has the same subject and layer:"
            f" {', '.join(chosen.left_out)}."
        )
    note_runs(each.run_id for each in chosen.runs)
    return chosen


def choose_measure(group: RunGroup) -> Measure:
    """Choose one of the maps of numbers that all runs of the group have."""
    found = [{info.name: info for info in cached.list_maps(run)} for run in group.runs]
    shared = {name: info for name, info in found[0].items()
              if info.is_numeric and info.stage != STABILITY_STAGE
              and all(name in maps for maps in found)}  # fmt: skip
    name = choose("Measure", "map", list(shared), default=choose_first(shared),
                  format_func=lambda n: shared[n].label)  # fmt: skip
    return shared[name]


def choose_places(group: RunGroup) -> str:
    """Choose tiers, ROIs or the whole brain, as far as there are any; return the kind."""
    has_rois = cached.describe_run(group.runs[0])["preset"] != "none"
    kinds = list(PLACES) if has_rois else ["whole"]
    choose("Places", "places", kinds, widget=st.segmented_control, required=True,
           format_func=PLACES.__getitem__)  # fmt: skip
    if not has_rois:
        show_missing("These runs have no ROIs.", "Add an ROI set to the dataset and run it again.")
    return settle("places", kinds)


def choose_layer(group: RunGroup, run: Run) -> int:
    """Choose the layer in which subjects are compared, the chosen run's by default."""
    layers = [str(layer) for layer in group.layers]
    if len(layers) == 1:
        return group.layers[0]
    return int(choose("Layer", "layer", layers, default=str(run.manifest.layer),
                      widget=st.segmented_control, required=True))  # fmt: skip


def show_lacks(group: RunGroup) -> None:
    """Say what there is only one of, and how to get more."""
    if group.runs[0].manifest.simulated and len(group.layers) > 1:
        show_note(
            "SIMULATED: responses are made of layer 0, so the planted share is the truth"
            " about that layer alone; JNE of another layer is about another function."
        )
    few = [what for what, there in (("layer", group.layers), ("subject", group.subjects))
           if len(there) == 1]  # fmt: skip
    if few:
        fix = "Start a study of several on Data & runs, or choose one in the rail at the left."
        show_missing(f"Only one {' and one '.join(few)} here.", fix)
        if st.button("Start a study", icon=":material/play_circle:"):
            select(part="run")
            st.switch_page("pages/data.py")


def stack(group: RunGroup, info: Measure, *, significant: bool) -> Any:
    """Return the means of every run, subject, layer and place."""
    tables = [
        (run.manifest.subject, run.manifest.layer,
         cached.average_places(run, info.name, significant=significant))
        for run in group.runs
    ]  # fmt: skip
    return studies.stack_runs(tables)


def show_over_layers(averages: Any, info: Measure, kind: str) -> None:
    """Show one line a place over layers."""
    over = "; ".join(INTERVALS[o] for o in ("voxels", "subjects") if o in set(averages["over"]))
    n_layers = averages["layer"].nunique()
    title = f"{info.label} over layers" if n_layers > 1 else f"{info.label} of one layer"
    show_result(
        plot_layers(averages, label=info.label, unit=info.unit, dark=is_dark()),
        _name_weak(averages), "layers", info.name, kind,
        title=f"{title}, {BY[kind]}",
        how=f"m ± t(0.975, n − 1) · s / √n; {over}. The axis need not begin at 0. {WEAK}",
        alt=f"Mean {info.label} over layers, {BY[kind]}",
    )  # fmt: skip


def show_matrices(averages: Any, info: Measure, kind: str) -> None:
    """Show the measure by layer and place, beside how well each layer predicts there."""
    left, right = st.columns(2, gap="large")
    with left:
        show_result(
            plot_layer_matrix(averages, value="mean", label=info.label, unit=info.unit,
                              dark=is_dark()),
            _name_weak(averages), "layer-matrix", info.name, kind,
            title=f"{info.label} by layer and place",
            how=f"the means of the figure above, m = Σ xᵢ / n. {WEAK}",
            alt=f"Heat map of mean {info.label} by place and layer",
        )  # fmt: skip
    with right:
        show_result(
            plot_layer_matrix(averages, value="r2", label="R²", unit=R2_UNIT, mark_best=True,
                              dark=is_dark()),
            _name_weak(studies.find_best_layers(averages)), "best-layer", info.name, kind,
            title="Which layer predicts best? (★)",
            how="R² = 1 − MSE / variance of the nonlinear encoder on test stimuli, mean over all"
            f" valid voxels of a place, significant or not, then over subjects. ★: highest."
            f" {WEAK}",
            alt="Heat map of mean R² by place and layer, with the best layer of each place",
        )  # fmt: skip


def show_subjects(stacked: Any, averages: Any, info: Measure, kind: str, *, layer: int) -> None:
    """Show every subject's means in one layer, joined, and the mean over subjects."""
    own, mean = stacked[stacked["layer"] == layer], averages[averages["layer"] == layer]
    n_subjects = own["subject"].nunique()
    show_result(
        plot_subjects(own, mean, label=info.label, unit=info.unit, dark=is_dark()),
        _name_weak(own), "subjects", info.name, kind, str(layer),
        title=f"{info.label} of each subject, layer {layer} (n = {n_subjects} subjects)",
        how="a grey line joins one subject's means over voxels; bold: their mean,"
        f" m ± t(0.975, n − 1) · s / √n over subjects. The axis need not begin at 0. {WEAK}",
        alt=f"Mean {info.label} by place, one line a subject, layer {layer}",
    )  # fmt: skip


def show_agreement(pairs: Any, info: Measure, *, layer: int) -> None:
    """Show how alike the subjects' ROI profiles are."""
    if pairs.empty:
        show_missing(f"Layer {layer} has one subject only.", "Choose another layer.")
        return
    if pairs["n"].max() < ROIS_NEEDED:
        show_missing(f"Profiles of fewer than {ROIS_NEEDED} ROIs cannot be correlated.",
                     "Add ROIs that the subjects share to the datasets.")  # fmt: skip
        return
    show_result(
        plot_agreement(pairs, dark=is_dark()), pairs, "agreement", info.name, str(layer),
        title=f"Are ROI profiles of {info.label} alike? Layer {layer}",
        how="Pearson r = cov(a, b) / (s_a s_b) of two subjects' ROI means over the n ROIs that both"
        " have; 95 % interval by Fisher's z, taking ROIs as independent.",
        alt="Pearson r of the ROI profiles of each pair of subjects",
    )  # fmt: skip


def show_runs(group: RunGroup) -> None:
    """List the group's runs, each with the link that chooses it."""
    st.subheader(f"Runs ({len(group.runs)})", anchor=False)
    study = read(Selection).study
    rows = [cached.describe_run(run) for run in group.runs]
    linked = [{"open": "./layers?" + urlencode({"study": study, "run": row["run_id"]}), **row}
              for row in rows]  # fmt: skip
    st.dataframe(
        linked, hide_index=True, key="runs",
        column_order=["open", *(name for name in rows[0] if name != "run_id"), "run_id"],
        column_config={
            "open": st.column_config.LinkColumn("", display_text="Choose", width="small"),
            "median_r2": st.column_config.NumberColumn("median R²", format="%.3f",
                                                       help="Over all valid voxels."),
            "mean_jne": st.column_config.NumberColumn("mean JNE", format="%.4g",
                                                      help="Over significant voxels."),
        },
    )  # fmt: skip
    st.caption("Median R² of the nonlinear encoder over all valid voxels; mean JNE over significant"
               " ones: q < the run's level after Benjamini–Hochberg correction.")  # fmt: skip
    show_table(studies.tabulate_described(rows), "runs", label="Table")


def tell_weak(averages: Any) -> None:
    """Say how many of the values below are drawn pale."""
    n_weak = int(averages["weak"].sum())
    if n_weak:
        st.caption(
            f"Pale: mean R² < {LOW_R2}, too weak to read ({n_weak} of {len(averages)}).",
            help="Of the places × layers below. This limit is ours, not the paper's.",
        )


def _name_weak(table: Any) -> Any:
    return table.rename(columns={"weak": WEAK_COLUMN})


def _count_runs(runs: Sized) -> str:
    """Return ``1 run`` or ``3 runs``."""
    return "1 run" if len(runs) == 1 else f"{len(runs)} runs"
