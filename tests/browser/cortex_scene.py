"""A scene of made-up values on a real surface, the same in app, file and tests."""

from __future__ import annotations

import numpy as np

from jne_engine.cortex.surfaces import N_VERTICES, load_hcp_mmp, load_surface
from jne_engine.viewer.payload import ViewerLabels, ViewerMap, ViewerScene
from jne_engine.viewer.surfaces import load_viewer_surface

HEMIS = ("left", "right")
CONSTANT = 0.75
REGIONS = {
    "V1": ("V1",),
    "V2": ("V2",),
    "V3": ("V3",),
    "V4": ("V4",),
    "EBA": ("MST", "V4t", "FST", "PH"),
    "PPA": ("PHA1", "PHA2", "PHA3"),
    "RSC": ("POS1", "RSC"),
    "OPA": ("V3B", "IP0"),
    "FFA-1": ("FFC",),
    "FFA-2": ("PIT",),
}


def values(surface: str, name: str, hemi: str) -> np.ndarray:
    """Return one map's float32 values of a hemisphere: smooth over the sphere plus noise."""
    rng = np.random.default_rng([len(name), hemi == "left"])
    sphere = load_surface(surface, "sphere")[hemi].coordinates / 100
    back = np.clip(-sphere[:, 1], 0, 1)
    noise = rng.normal(size=len(sphere))
    if name == "jne":
        out = 0.02 + 0.5 * back**2 + 0.02 * noise
    elif name == "r2":
        out = 0.3 * back + 0.2 * np.clip(-sphere[:, 2], 0, 1) + 0.02 * noise
    elif name == "delta":
        out = 0.1 * sphere[:, 2] + 0.02 * noise
    elif name == "constant":
        out = np.full(len(sphere), CONSTANT)
    elif name == "half":
        out = np.where(sphere[:, 1] > 0, np.nan, CONSTANT)
    else:
        out = np.where(back > 0.6, 0, np.where(back > 0.3, 1, np.where(back > 0, 2, np.nan)))
    return out.astype(np.float32)


def roi_labels(hemi: str) -> np.ndarray:
    """Return the index of the ten regions on fs_LR 32k, 0 for none."""
    atlas = load_hcp_mmp()
    out = np.zeros(N_VERTICES["fsLR32k"], dtype=np.int64)
    for i, parts in enumerate(REGIONS.values()):
        out[atlas.vertices(hemi, parts)] = i + 1
    return out


def make_scene(surface: str = "fsLR32k", wire: str = "float32", **changes) -> ViewerScene:
    """Return the scene of the viewer's tests."""

    def viewer_map(name: str, label: str, unit: str, **more) -> ViewerMap:
        left, right = (values(surface, name, hemi) for hemi in HEMIS)
        return ViewerMap(name, label, unit, left, right, wire=wire, **more)

    masks = {f"mask_{h}": values(surface, "r2", h) > 0.05 for h in HEMIS}
    tiers = (("primary", "#0072b2"), ("intermediate", "#009e73"), ("higher", "#d55e00"))
    maps = (
        viewer_map("jne", "JNE", "a.u."),
        viewer_map("r2", "R²", "", colours="magma", **masks),
        viewer_map("delta", "ΔR²", "", kind="diverging"),
        viewer_map("constant", "Constant", "a.u.", value_range=(0.0, 1.0)),
        viewer_map("half", "Half", "a.u.", value_range=(0.0, 1.0)),
        viewer_map("tier", "Tier", "", kind="categorical", categories=tiers),
    )
    labels = ()
    if surface == "fsLR32k":
        atlas = load_hcp_mmp()
        names = tuple(REGIONS)
        areas = tuple(str(n) for n in atlas.names[1:])
        labels = (
            ViewerLabels("Visual regions", names, roi_labels("left"), roi_labels("right")),
            ViewerLabels("HCP-MMP 1.0", areas, atlas.index["left"], atlas.index["right"]),
        )
    options = {
        "labels": labels,
        "title": "Nonlinearity of a made-up subject",
        "provenance": "made-up values, seed 0, fs_LR 32k",
        "simulated": True,
        "shape": "inflated",
    }
    return ViewerScene(load_viewer_surface(surface), maps, **(options | changes))
