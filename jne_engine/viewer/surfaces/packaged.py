"""Packaged surfaces in the form that the viewer takes: all shapes from folded to flat."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, Mesh
from jne_engine.cortex.surfaces import GEOMETRIES, load_sulcal_depth, load_surface
from jne_engine.viewer.payload import ViewerShape, ViewerSurface

SHAPE_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "white": "White matter",
        "smoothwm": "Smoothed white matter",
        "midthickness": "Midthickness",
        "graymid": "Midthickness",
        "pial": "Pial",
        "inflated": "Inflated",
        "very_inflated": "Very inflated",
        "flat": "Flat",
    }
)
"""Known shapes from folded to flat, and what people read."""


@lru_cache(maxsize=8)
def load_viewer_surface(surface: str, shapes: tuple[str, ...] | None = None) -> ViewerSurface:
    """Load a packaged surface for the viewer.

    Parameters
    ----------
    surface : str
        One of :data:`jne_engine.cortex.surfaces.GEOMETRIES`, for instance ``"fsLR32k"``.
    shapes : tuple of str, optional
        Geometries to take; None takes all but the sphere. The order is always from folded to flat.

    Returns
    -------
    ViewerSurface

    Raises
    ------
    InputError
        If the surface or a geometry is unknown.
    """
    wanted = shapes or tuple(s for s in SHAPE_LABELS if s in GEOMETRIES[surface])
    meshes = {
        name: load_surface(surface, name) for name in (*SHAPE_LABELS, *wanted) if name in wanted
    }
    folded = next(m for name, m in meshes.items() if name != "flat")
    return ViewerSurface(
        name=surface,
        faces={hemi: folded[hemi].faces for hemi in HEMISPHERES},
        sulcal_depth=_positive_in_sulci(surface),
        shapes=tuple(_shape(name, mesh) for name, mesh in meshes.items()),
        flat_faces={h: meshes["flat"][h].faces for h in HEMISPHERES} if "flat" in meshes else {},
    )


def _positive_in_sulci(surface: str) -> Mapping[Hemisphere, npt.NDArray[np.float32]]:
    """Return sulcal depth with FreeSurfer's sign; the HCP counts gyri as positive."""
    sign = np.float32(-1 if surface == "fsLR32k" else 1)
    depth = load_sulcal_depth(surface)
    return {hemi: sign * depth[hemi] for hemi in HEMISPHERES}


def _shape(name: str, mesh: Mapping[Hemisphere, Mesh]) -> ViewerShape:
    """Name one geometry; inflated hemispheres may lie around one origin, which the viewer mends."""
    points = {hemi: mesh[hemi].coordinates for hemi in HEMISPHERES}
    return ViewerShape(name, label_shape(name), points, flat=name == "flat")


def label_shape(name: str) -> str:
    """Return what people read of a shape."""
    return SHAPE_LABELS.get(name, name.capitalize())
