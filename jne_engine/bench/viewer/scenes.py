"""What is drawn: fsaverage5, made finer at will, with maps as noisy as a real one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import AnyArray
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere
from jne_engine.cortex.surfaces import load_hcp_mmp
from jne_engine.viewer.payload import (
    ViewerLabels,
    ViewerMap,
    ViewerScene,
    ViewerShape,
    ViewerSurface,
    Wire,
)
from jne_engine.viewer.surfaces import load_viewer_surface

SUBDIVISIONS: Mapping[int, int] = MappingProxyType({20_484: 0, 81_924: 1, 327_684: 2})
"""Times that fsaverage5 is subdivided, by vertices of both hemispheres."""
N_MAPS = 10
N_REGIONS = 10
REGION_MM = 15.0
_WAVES = 6
_WAVE_MM = 40.0


class Subdivision(NamedTuple):
    """Each triangle cut into four at the middle of its edges.

    Parameters
    ----------
    edges : numpy.ndarray of int, shape (n_edges, 2)
        Ends of each edge; new vertex ``n_vertices + e`` lies in the middle of edge ``e``.
    faces : numpy.ndarray of int, shape (4 * n_faces, 3)
        The finer triangles, turning the way of the old ones.
    """

    edges: AnyArray
    faces: AnyArray

    def refine(self, values: AnyArray) -> AnyArray:
        """Append the mean of each edge's ends, shape (n_vertices + n_edges, ...)."""
        return np.concatenate([values, values[self.edges].mean(axis=1)])


def subdivide(faces: AnyArray, n_vertices: int) -> Subdivision:
    """Cut each triangle into four.

    Parameters
    ----------
    faces : numpy.ndarray of int, shape (n_faces, 3)
        Triangles.
    n_vertices : int
        Vertices that are there already.

    Returns
    -------
    Subdivision
    """
    sides = faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    edges, which = np.unique(np.sort(sides, axis=1), axis=0, return_inverse=True)
    ab, bc, ca = (n_vertices + which.reshape(-1, 3)).T
    a, b, c = faces.T
    finer = np.stack([[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]])
    return Subdivision(edges, finer.transpose(2, 0, 1).reshape(-1, 3))


@lru_cache(maxsize=4)
def load_bench_surface(n_vertices: int) -> ViewerSurface:
    """Return fsaverage5 with so many vertices in both hemispheres.

    All shapes at its own size, pial and inflated where it is subdivided.
    """
    times = SUBDIVISIONS[n_vertices]
    surface = load_viewer_surface("fsaverage5", ("pial", "inflated") if times else None)
    for _ in range(times):
        surface = _refine(surface)
    return surface


def _refine(surface: ViewerSurface) -> ViewerSurface:
    """Subdivide a surface without a flat shape once."""
    cut = {h: subdivide(surface.faces[h], surface.n_vertices(h)) for h in surface.hemispheres}

    def refined(values: Mapping[Hemisphere, AnyArray]) -> dict[Hemisphere, AnyArray]:
        return {hemi: cut[hemi].refine(values[hemi]) for hemi in surface.hemispheres}

    return ViewerSurface(
        name=surface.name,
        faces={hemi: cut[hemi].faces for hemi in surface.hemispheres},
        sulcal_depth=refined(surface.sulcal_depth),
        shapes=tuple(ViewerShape(s.name, s.label, refined(s.points)) for s in surface.shapes),
    )


def draw_values(points: AnyArray, seed: int) -> npt.NDArray[np.float32]:
    """Return a smooth field plus a third as much noise, as float32, shape (n_vertices,).

    Parameters
    ----------
    points : numpy.ndarray of float, shape (n_vertices, 3)
        Places in mm; the field changes over some 40 mm.
    seed : int
        Of field and noise.
    """
    rng = np.random.default_rng(seed)
    waves = rng.normal(scale=1 / _WAVE_MM, size=(3, _WAVES))
    phases = rng.uniform(0, 2 * np.pi, _WAVES)
    smooth = np.cos(points @ waves + phases).mean(axis=1)
    noise = rng.normal(scale=smooth.std() / 3, size=len(points))
    return np.asarray(0.4 + 0.3 * (smooth + noise), dtype=np.float32)


def draw_map(surface: ViewerSurface, number: int, wire: Wire = "float32") -> ViewerMap:
    """Return the made-up map of a number on a surface."""
    points = surface.shapes[0].points
    left, right = (draw_values(points[h], 2 * number + i) for i, h in enumerate(HEMISPHERES))
    return ViewerMap(f"map{number}", f"Map {number}", "a.u.", left, right, wire=wire)


def draw_regions(surface: ViewerSurface) -> ViewerLabels:
    """Return ten made-up regions a hemisphere: discs of 15 mm, the nearest one where two meet."""
    sides = []
    for hemi in HEMISPHERES:
        points = np.asarray(surface.shapes[0].points[hemi])
        centres = points[np.random.default_rng(0).choice(10_242, N_REGIONS, replace=False)]
        far = np.linalg.norm(points[:, None] - centres, axis=2)
        sides.append(np.where(far.min(axis=1) < REGION_MM, far.argmin(axis=1) + 1, 0))
    names = tuple(f"R{i + 1}" for i in range(N_REGIONS))
    left, right = sides
    return ViewerLabels("Made-up regions", names, left, right)


def build_scene(
    surface: ViewerSurface, labels: ViewerLabels, *, wire: Wire = "float32"
) -> ViewerScene:
    """Return ten made-up maps on a surface with outlined regions, seen from the side."""
    return ViewerScene(
        surface,
        tuple(draw_map(surface, number, wire) for number in range(N_MAPS)),
        title="Benchmark",
        provenance="made-up values",
        simulated=True,
        labels=(labels,),
        shape="inflated",
    )


def build_fslr_scene() -> ViewerScene:
    """Return ten made-up maps on fs_LR 32k with the regions of HCP-MMP 1.0."""
    atlas = load_hcp_mmp()
    names = tuple(str(name) for name in atlas.names[1:])
    labels = ViewerLabels("HCP-MMP 1.0", names, atlas.index["left"], atlas.index["right"])
    return build_scene(load_viewer_surface("fsLR32k"), labels)
