"""Checks that hold for the viewer wherever it is mounted: on a page or in a file."""

from __future__ import annotations

import numpy as np

from jne_engine.surfaces import N_VERTICES, load_hcp_mmp, load_surface
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
    for row in rng.choice(len(found), size=count, replace=False):
        hemi, tile, vertex = found[int(row)]
        place = next(p for p in probe.positions(hemi, vertex) if p["tile"] == tile)
        said = probe.hover(place["x"], place["y"])
        assert said is not None
        assert (said["hemi"], said["vertex"]) == (hemi, vertex)
        assert said["regions"] == expected_regions(hemi, vertex)
        for name in maps:
            exact = values("fsLR32k", name, hemi)[vertex]
            assert np.float32(said["values"][name]).tobytes() == exact.tobytes()
