"""One brain and two buttons, drawn by the viewer or by Plotly: what the benchmark looks at."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from jne_engine.bench.viewer.rival import build_plotly_brain
from jne_engine.bench.viewer.scenes import N_MAPS, build_scene, draw_regions, load_bench_surface
from jne_engine.bench.viewer.watch import STAGE
from jne_engine.viewer.payload import ViewerScene
from pages.frame.cortex import show_cortex
from pages.frame.runtime import mount_runtime


@st.cache_resource(show_spinner=False)
def read_scene(n_vertices: int, wire: str) -> ViewerScene:
    """Build a size's scene once a server, blobs included: a run's maps are there already."""
    surface = load_bench_surface(n_vertices)
    scene = build_scene(surface, draw_regions(surface), wire=wire)
    scene.blobs()
    return scene


@st.cache_resource(show_spinner=False)
def choose_maps(n_vertices: int, wire: str, first: int, n_panes: int) -> ViewerScene:
    """Return the scene with a map in each pane."""
    panes = tuple(f"map{(first + pane) % N_MAPS}" for pane in range(n_panes))
    return replace(read_scene(n_vertices, wire), panes=panes)


def go_on() -> None:
    """Take the next map."""
    st.session_state["number"] = (st.session_state.get("number", 0) + 1) % N_MAPS


st.set_page_config(layout="wide", page_title="Benchmark")
mount_runtime()
st.button("next map", on_click=go_on)
st.button("rerun")
asked = st.query_params
scene = choose_maps(
    int(asked["n_vertices"]),
    asked.get("wire", "float32"),
    st.session_state.get("number", 0),
    int(asked.get("n_panes", "1")),
)
width, height = STAGE
if asked["by"] == "plotly":
    (shown,) = scene.start_maps
    figure = build_plotly_brain(scene.surface, shown, width=width, height=height)
    st.plotly_chart(figure, key="brain", width="content")
else:
    show_cortex(scene, key="brain", height=height + 100)
