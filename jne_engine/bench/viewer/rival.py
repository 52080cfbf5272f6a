"""The same brain as Plotly's mesh."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from jne_engine.cortex.spaces import HEMISPHERES
from jne_engine.viewer.payload import ViewerMap, ViewerSurface

GAP_MM = 10.0


def build_plotly_brain(
    surface: ViewerSurface, shown: ViewerMap, *, width: int, height: int
) -> go.Figure:
    """Return both hemispheres side by side, one ``Mesh3d`` each.

    Parameters
    ----------
    surface : ViewerSurface
        Its inflated shape is drawn.
    shown : ViewerMap
        Values at the vertices.
    width, height : int
        CSS pixels.
    """
    points = next(s.points for s in surface.shapes if s.name == "inflated")
    meshes = []
    for hemi in HEMISPHERES:
        x, y, z = np.asarray(points[hemi], dtype=np.float32).T
        away = -x.max() - GAP_MM / 2 if hemi == "left" else GAP_MM / 2 - x.min()
        i, j, k = np.asarray(surface.faces[hemi], dtype=np.int32).T
        corners = {"x": x + away, "y": y, "z": z, "i": i, "j": j, "k": k}
        values = shown.values(hemi)
        meshes.append(go.Mesh3d(**corners, intensity=values, coloraxis="coloraxis"))
    figure = go.Figure(meshes)
    figure.update_layout(
        width=width,
        height=height,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        uirevision="brain",
        scene={"aspectmode": "data", "camera": {"eye": {"x": 0, "y": -1.6, "z": 0.4}}},
        coloraxis={"colorscale": "Viridis"},
    )
    return figure
