"""Checks that hold for the viewer wherever it is mounted: on a page or in a file."""

from __future__ import annotations

import numpy as np

from jne_engine.cortex.surfaces import N_VERTICES, load_hcp_mmp, load_surface
from tests.browser.cortex_probe import CortexProbe
from tests.browser.cortex_scene import HEMIS, REGIONS, roi_labels, values

# View, state, further turn (right, down in radians) and zoom: five poses.
POSES = (
    ("lateral", {"shape": "inflated"}, (0.0, 0.0), 1.0),
    ("medial", {"shape": "pial"}, (0.4, 0.2), 1.3),
    ("dorsal", {"shape": "pial", "open": 0.3}, (0.0, 0.5), 1.0),
    ("posterior", {"shape": "inflated"}, (-0.3, 0.3), 1.8),
    ("lateral", {"shape": "flat"}, (0.0, 0.0), 1.0),
)

# Of the places of a pose, so many are pointed at with the mouse, the others by its listener.
BY_MOUSE = 10


def take_pose(probe: CortexProbe, pose: tuple) -> None:
    """Bring the viewer into one of :data:`POSES`."""
    view, state, turn, zoom = pose
    shapes = probe.run("return v.header.geometries.map((g) => g.name);")
    state = {**state, "shape": shapes.index(state["shape"])}
    probe.look(view, **state)
    probe.run("const k = v.keyActions(); k.orbitBy(a[0], a[1]); k.zoomBy(a[2]);", [*turn, zoom])
    probe.settle()


def expected_regions(hemi: str, vertex: int) -> list[str]:
    """Return the names that the atlas gives a vertex, without repeats."""
    atlas = load_hcp_mmp()
    own = ("", *REGIONS)[roi_labels(hemi)[vertex]]
    names = [own, str(atlas.names[atlas.index[hemi][vertex]])]
    return [n for i, n in enumerate(names) if n and n not in names[:i]]


def inner_vertices(hemi: str) -> np.ndarray:
    """Return which vertices of the flat map are off its cut edges, where a pixel may miss."""
    faces = load_surface("fsLR32k", "flat")[hemi].faces
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    pairs, counts = np.unique(edges, axis=0, return_counts=True)
    inner = np.zeros(N_VERTICES["fsLR32k"], dtype=bool)
    inner[faces] = True
    inner[pairs[counts == 1]] = False
    return inner


def check_readout(probe: CortexProbe, pose: tuple, maps: tuple[str, ...], count: int = 50) -> None:
    """Hover over random visible vertices: vertex, regions and float32 values must be exact."""
    take_pose(probe, pose)
    rng = np.random.default_rng(7)
    inner = {hemi: inner_vertices(hemi) if pose[1]["shape"] == "flat" else None for hemi in HEMIS}
    found = [
        (hemi, tile, v)
        for hemi in HEMIS
        for tile, v in probe.visible(hemi)
        if inner[hemi] is None or inner[hemi][v]
    ]
    assert len(found) > 2000
    triangles = [screen_triangles(tile, pose[1]["shape"]) for tile in probe.tiles()]
    drawn = [found[int(row)] for row in rng.choice(len(found), size=count + 20, replace=False)]
    free = [d for d in drawn if not is_covered(triangles[d[1]], d[0], d[2])][:count]
    assert len(free) == count
    script = "return a.map(([hemi, , vertex]) => cortex.project(hemi, vertex));"
    shown = zip(free, probe.run(script, free), strict=True)
    spots = [next((p["x"], p["y"]) for p in all_ if p["tile"] == d[1]) for d, all_ in shown]
    said = [probe.hover(*spot) for spot in spots[:BY_MOUSE]] + probe.hover_all(spots[BY_MOUSE:])
    known = {(name, hemi): values("fsLR32k", name, hemi) for name in maps for hemi in HEMIS}
    for (hemi, _, vertex), answer in zip(free, said, strict=True):
        assert answer is not None
        assert (answer["hemi"], answer["vertex"]) == (hemi, vertex)
        assert answer["regions"] == expected_regions(hemi, vertex)
        for name in maps:
            exact = known[name, hemi][vertex]
            assert np.float32(answer["values"][name]).tobytes() == exact.tobytes()


def screen_triangles(tile: dict, shape: str) -> dict[str, np.ndarray]:
    """Return each hemisphere's triangles as the tile shows them: x, y in mm, z to the eye."""
    out = {}
    for body in tile["bodies"]:
        mesh = load_surface("fsLR32k", shape)[body["hemi"]]
        seen = mesh.coordinates @ np.reshape(body["matrix"], (3, 3)).T + body["offset"]
        out[body["hemi"]] = seen[mesh.faces]
        out[f"{body['hemi']} low"] = seen[mesh.faces].min(axis=1)
        out[f"{body['hemi']} high"] = seen[mesh.faces].max(axis=1)
        out[f"{body['hemi']} points"] = seen
    return out


def is_covered(triangles: dict[str, np.ndarray], hemi: str, vertex: int) -> bool:
    """Say whether a triangle lies before a vertex, by trying all whose box holds it.

    Two sheets of a fold may lie closer than the viewer's depth picture can tell.
    """
    x, y, z = triangles[f"{hemi} points"][vertex]
    for name in HEMIS:
        if name not in triangles:
            continue
        low, high = triangles[f"{name} low"], triangles[f"{name} high"]
        around = (low[:, 0] <= x) & (x <= high[:, 0]) & (low[:, 1] <= y) & (y <= high[:, 1])
        corners = triangles[name][around]
        a, b, c = (corners[:, k] - [x, y, 0] for k in range(3))
        areas = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)])
        total = areas.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            weights = areas / total
            depth = weights[0] * a[:, 2] + weights[1] * b[:, 2] + weights[2] * c[:, 2]
        if ((weights >= 0).all(axis=0) & (depth > z + 0.05)).any():
            return True
    return False


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the z part of cross products."""
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
