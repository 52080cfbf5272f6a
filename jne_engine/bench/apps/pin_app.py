"""A brain and a figure to pin: what the benchmark of pins looks at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from jne_engine.bench.viewer.scenes import build_fslr_scene
from jne_engine.report.figures.template import style_figure
from jne_engine.viewer.payload import ViewerScene
from pages.frame.assets import is_dark
from pages.frame.cortex import show_cortex
from pages.frame.figures import show_result
from pages.frame.pin import frame_page
from pages.frame.runtime import mount_runtime

N_POINTS = 5000


@st.cache_resource(show_spinner=False)
def read_scene() -> ViewerScene:
    """Build the scene once a server, blobs included: a run's maps are there already."""
    scene = replace(build_fslr_scene(), panes=("map0",))
    scene.blobs()
    return scene


@st.cache_resource(show_spinner=False)
def read_points() -> pd.DataFrame:
    """Return seeded points."""
    return pd.DataFrame(np.random.default_rng(0).standard_normal((N_POINTS, 2)), columns=["x", "y"])


st.set_page_config(layout="wide", page_title="Benchmark of pins")
mount_runtime()
frame_page("", simulated=True)
show_cortex(read_scene(), key="brain", height=500)
points = read_points()
figure = go.Figure(go.Scattergl(x=points["x"], y=points["y"], mode="markers"))
show_result(
    style_figure(figure, dark=is_dark()), points, "points",
    title="Points", how="drawn at random", alt="Points",
)  # fmt: skip
