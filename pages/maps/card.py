"""The card of the vertices that a reader has selected: where, how much, for which stimuli."""

from __future__ import annotations

from typing import Any

import streamlit as st

from jne_engine.model.measures import JNE_SS_UNIT
from jne_engine.report.figures.gallery import render_gallery
from jne_engine.report.figures.vertices import plot_jne_ss
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.assets import is_dark
from pages.frame.figures import show_result, show_table
from pages.frame.marks import read_vertices
from pages.frame.state import is_beyond_link, select
from pages.frame.widgets import format_number, plain, show_missing, show_note
from pages.maps.drawn import offer_keep

N_PICTURES = 12


def show_card(run: Run, preset: str | None, shown: str) -> bool:
    """Show what is known of the selected vertices beside a map; tell whether any are."""
    vertices = read_vertices()
    if not vertices:
        return False
    columns = cached.find_selected(run, vertices)
    _show_head(run, vertices, columns, preset)
    if not columns:
        show_missing("This run has no voxel at the selected vertices.", "Select coloured cortex.")
        return True
    if sum(map(len, vertices.values())) > 1:
        offer_keep(run, vertices, shown)
    show_columns(run, columns, preset)
    return True


def show_columns(
    run: Run, columns: tuple[int, ...], preset: str | None, *, wide: bool = False
) -> None:
    """Show what is known of some response columns: every map's value, JNE-SS, top stimuli."""
    ranking = cached.rank_vertex_stimuli(run, columns)
    left, right = st.columns(2, gap="large") if wide else (st.container(), st.container())
    with left:
        _show_values(run, columns, preset)
    with right:
        _show_stimuli(run, ranking, len(columns))


def _show_head(run: Run, vertices: Any, columns: tuple[int, ...], preset: str | None) -> None:
    n = sum(map(len, vertices.values()))
    single = next(f"{hemi} vertex {own[0]}" for hemi, own in vertices.items())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(single if n == 1 else f"{n:,} vertices", anchor=False, width="stretch")
        st.button("Clear", key="clear", on_click=select, kwargs={"vertices": ""},
                  icon=":material/close:", type="tertiary")  # fmt: skip
    if columns:
        regions = cached.name_regions(run, columns, preset)
        pairs = zip(regions["name"], regions["n"], strict=True)
        names = ", ".join(plain(a) if n == 1 else f"{plain(a)} ({k:,})" for a, k in pairs)
        places = "; ".join(f"{len(own):,} {hemi}" for hemi, own in vertices.items())
        count = "" if n == 1 else f" {places}; {len(columns):,} of them are voxels of this run."
        nearest = _tell_nearest(run, columns, n)
        st.caption(f"ROI: {names}.{nearest or count}")
    if is_beyond_link("vertices"):
        show_note("This selection is too large for the address: a link does not restore it.")


def _tell_nearest(run: Run, columns: tuple[int, ...], n_vertices: int) -> str:
    """Say of a run of a volume whose numbers the card holds; empty where vertices are voxels."""
    voxels = cached.find_voxels(run, columns[:1])
    if not voxels:
        return ""
    hover = "Hovering reads the mean of the voxels around a vertex instead."
    if n_vertices == 1:
        x, y, z = voxels[0]
        return (f" Nearest voxel: ({x}, {y}, {z}) of the volume, counted from 0; the card holds its"
                f" own values. {hover}")  # fmt: skip
    return (f" The card holds the {len(columns):,} voxels nearest to {n_vertices:,} vertices."
            f" {hover}")  # fmt: skip


def _show_values(run: Run, columns: tuple[int, ...], preset: str | None) -> None:
    table = cached.tabulate_vertices(run, columns, preset)
    single = len(columns) == 1
    st.markdown("**Values**" if single else f"**Means over {len(columns):,} voxels**")
    shown = table.rename(columns={"map": "Map", "text": "Value" if single else "Mean"})
    shown = shown.assign(Unit=table["unit"].where(table["unit"] != "", "–"))
    names = ["Map", "Value", "Unit"] if single else ["Map", "Mean", "SD", "n", "Unit"]
    if not single:
        shown = shown.assign(SD=table["sd"].map(format_number))
    with st.container(key="vertex_values"):
        st.table(shown[names].set_index("Map"), border="horizontal")
    if not single:
        st.caption("Mean and standard deviation (n − 1) over the n finite values, in float64.")
    show_table(table.drop(columns="text"), "vertices", run.run_id)


def _show_stimuli(run: Run, ranking: Any, n_columns: int) -> None:
    which = "this voxel" if n_columns == 1 else f"{n_columns:,} voxels (mean)"
    figure = plot_jne_ss(ranking["mean_jne_ss"].to_numpy(), dark=is_dark())
    show_result(
        figure, ranking, "vertex-jne-ss", run.run_id,
        title=f"JNE-SS of {which} over {len(ranking):,} test stimuli",
        how="JNE-SS = (s − mean of s over stimuli)², s = summed absolute deviation of the"
        " stimulus's Jacobian from the mean one; the mean of JNE-SS over stimuli is JNE².",
        alt="Histogram of JNE-SS over the test stimuli at the selected vertices",
    )  # fmt: skip
    top = ranking.head(N_PICTURES).dropna(subset="mean_jne_ss")
    captions = tuple(f"{value:.3g}" for value in top["mean_jne_ss"])
    st.markdown(f"**Top {len(top)} stimuli**")
    if not cached.has_pictures(run):
        show_missing("This run has no pictures.", "The table names the stimuli.")
    elif len(top):
        with st.container(key="vertex_pictures"):
            rows = tuple(int(row) for row in top["row"])
            st.html(render_gallery(cached.encode_pictures(run, rows), captions))
        st.caption(f"Highest JNE-SS first, below each its value in {JNE_SS_UNIT}.")
