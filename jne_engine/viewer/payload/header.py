"""The small part of a scene: everything but the arrays, as plain values for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jne_engine.cortex.spaces import Hemisphere
from jne_engine.cortex.surfaces import find_mni_affine
from jne_engine.viewer.payload.blobs import Blob
from jne_engine.viewer.payload.maps import ViewerMap
from jne_engine.viewer.payload.scene import ViewerScene, colour_blob
from jne_engine.viewer.payload.surface import ViewerShape

_CHANGING = ("key", "height", "marked", "selected", "view")


def scene_header(scene: ViewerScene, *, key: str, height: int = 600) -> dict[str, Any]:
    """Return the small part of a scene: everything but the arrays.

    Parameters
    ----------
    scene : ViewerScene
        What to show.
    key : str
        Names the viewer on its page; also its part of the page address.
    height : int
        Height in CSS pixels.
    """
    names = [m.name for m in scene.maps]
    mni = find_mni_affine(scene.surface.name)
    return {
        "key": key,
        "height": height,
        "title": scene.title,
        "provenance": scene.provenance,
        "simulated": scene.simulated,
        "readout": list(scene.readout),
        "run": scene.run,
        "mni": None if mni is None else mni[:3].tolist(),
        "surface": scene.surface.name,
        "topology": scene.surface.topology.hash,
        "geometries": [_shape_entry(s) for s in scene.surface.shapes],
        "luts": colour_blob().hash,
        "maps": [_map_entry(m, names) for m in scene.maps],
        "labels": [{"name": s.title, "hash": s.blob.hash} for s in scene.labels],
        "marked": _list_vertices(scene.marked),
        "selected": _list_vertices(scene.selected),
        "view": {
            "view": scene.view,
            "fit": scene.fit,
            "geometry": scene.shape or scene.surface.shapes[0].name,
            "panes": [names.index(m.name) for m in scene.start_maps],
            "shared": scene.shared_range,
            "labels": scene.region_style,
        },
    }


def split_header(header: Mapping[str, Any]) -> tuple[dict[str, Any], Blob]:
    """Divide a header into what may change from run to run and a blob of all that stays.

    Parameters
    ----------
    header : mapping
        From :func:`scene_header`.

    Returns
    -------
    tuple of dict and Blob
        A message of about 0.2 kB that names the blob as ``scene``, and the blob.
    """
    blob = Blob.of("scene", {}, {k: v for k, v in header.items() if k not in _CHANGING})
    return {**{k: header[k] for k in _CHANGING}, "scene": blob.hash}, blob


def _list_vertices(vertices: Mapping[Hemisphere, Any]) -> list[dict[str, Any]]:
    return [
        {"hemi": hemi, "vertices": np.asarray(own).astype(int).tolist()}
        for hemi, own in vertices.items()
    ]


def _shape_entry(shape: ViewerShape) -> dict[str, Any]:
    """Describe a shape in the header."""
    entry = {"name": shape.name, "label": shape.label, "hash": shape.blob.hash}
    return {**entry, "flat": shape.flat}


def _map_entry(viewer_map: ViewerMap, names: list[str]) -> dict[str, Any]:
    rounded = viewer_map.wire != "float32"
    threshold = None
    if viewer_map.threshold is not None:
        two_sided = viewer_map.kind == "diverging"
        amount = float(viewer_map.threshold)
        threshold = {"mode": "value", "amount": amount, "twoSided": two_sided}
    categories = [{"name": n, "colour": c} for n, c in viewer_map.categories]
    return {
        "name": viewer_map.name,
        "label": viewer_map.label,
        "unit": viewer_map.unit,
        "mask": viewer_map.mask_label if viewer_map.has_mask else None,
        "kind": viewer_map.kind,
        "hash": viewer_map.wire_blob.hash,
        "exact": viewer_map.exact_blob.hash if rounded else None,
        "range": list(map(float, viewer_map.value_range)) if viewer_map.value_range else None,
        "threshold": threshold,
        "centre": float(viewer_map.centre),
        "colours": viewer_map.colour_name,
        "categories": categories or None,
        "second": names.index(viewer_map.dimmed_by) if viewer_map.dimmed_by else None,
    }
