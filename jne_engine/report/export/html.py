"""The cortical viewer as one file that needs no network: code, surface, maps and labels."""

from __future__ import annotations

import base64
import gzip
import html
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import AnyArray
from jne_engine.core.checks import check_choice
from jne_engine.viewer.modules import link_modules
from jne_engine.viewer.payload import Blob, ViewerMap, ViewerScene, pack, scene_header

# Kind of blob -> step at which neighbours are subtracted before compression (0: not at all).
_DIFFERENCES: Mapping[str, int] = MappingProxyType({"shape": 3, "topology": 3})

_USUAL_SHAPES = ("pial", "inflated", "flat")

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
  script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>
:root {{ --st-background-color: #ffffff; --st-text-color: #1f2328; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --st-background-color: #14171c; --st-text-color: #e8eaed; }} }}
html, body {{ height: 100%; margin: 0; background: var(--st-background-color);
  color: var(--st-text-color); font-family: system-ui, sans-serif; }}
body {{ display: flex; flex-direction: column; padding: 8px 14px; box-sizing: border-box; }}
h1 {{ font-size: 17px; margin: 0 0 2px; }}
p {{ font-size: 12px; margin: 0 0 6px; opacity: 0.75; }}
#brain {{ flex: 1; min-height: 380px; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{provenance}</p>
<div id="brain" class="cortex-viewer"></div>
<noscript>This file shows an interactive brain and needs JavaScript.</noscript>
<script type="text/plain" id="payload">{payload}</script>
<script type="module">
{code}
const host = document.getElementById('brain');
modules['offline.js'].openOffline(host, document.getElementById('payload').textContent)
  .catch((error) => {{ host.textContent = `The brain could not be opened: ${{error.message}}`; }});
</script>
</body>
</html>
"""


def export_html(scene: ViewerScene, path: Path, *, shapes: tuple[str, ...] | None = None) -> Path:
    """Write a scene as one interactive HTML file.

    Parameters
    ----------
    scene : ViewerScene
        What to show; every map travels as exact float32.
    path : pathlib.Path
        File to write; its folder must exist.
    shapes : tuple of str, optional
        As for :func:`offline_html`.

    Returns
    -------
    pathlib.Path
        The written file.
    """
    path.write_text(offline_html(scene, shapes=shapes), encoding="utf-8")
    return path


def offline_html(scene: ViewerScene, *, shapes: tuple[str, ...] | None = None) -> str:
    """Return the text of a scene's HTML file.

    Positions are rounded as for the page (about 0.02 mm); values are exact. Arrays are split
    into byte planes, gzipped together and written as base64.

    Parameters
    ----------
    scene : ViewerScene
        What to show.
    shapes : tuple of str, optional
        Shapes to take along; None takes pial, inflated and flat where they are there, and the
        scene's first one. A shape of fs_LR 32k costs about 0.2 MB, a map about 0.3 MB.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If the surface has no shape of a name.
    """
    payload = base64.b64encode(pack_scene(scene, shapes=shapes)).decode()
    stamp = "SIMULATED. " if scene.simulated else ""
    return _PAGE.format(
        title=html.escape(scene.title),
        provenance=html.escape(stamp + scene.provenance),
        payload=payload,
        code=link_modules("offline.js").replace("</script", "<\\/script"),
    )


def pack_scene(scene: ViewerScene, *, shapes: tuple[str, ...] | None = None) -> bytes:
    """Return all that a scene needs where no server is, as the module ``offline.js`` takes it.

    Parameters
    ----------
    scene : ViewerScene
        What to show; every map travels as exact float32.
    shapes : tuple of str, optional
        As for :func:`offline_html`.

    Returns
    -------
    bytes
        Gzip of one container.

    Raises
    ------
    InputError
        If the surface has no shape of a name.
    """
    scene = _with_shapes(scene, shapes)
    exact = _exact_header(scene)
    wanted = {exact["topology"], exact["luts"]}
    wanted |= {e["hash"] for group in ("geometries", "maps", "labels") for e in exact[group]}
    blobs = [_compressible(b) for b in scene.blobs().values() if b.hash in wanted]
    return gzip.compress(pack(exact, blobs), 9, mtime=0)


def _with_shapes(scene: ViewerScene, shapes: tuple[str, ...] | None) -> ViewerScene:
    there = scene.surface.shapes
    names = [s.name for s in there]
    for name in shapes or ():
        check_choice("shape", name, names)
    first = scene.shape or names[0]
    wanted = shapes or (*_USUAL_SHAPES, first)
    kept = tuple(s for s in there if s.name in wanted)
    surface = replace(scene.surface, shapes=kept)
    return replace(scene, surface=surface, shape=first if first in wanted else kept[0].name)


def _exact_header(scene: ViewerScene) -> dict[str, Any]:
    """Describe the scene with the exact values of every map in place of rounded ones."""
    header = scene_header(scene, key="offline")
    by_name = {m.name: m for m in scene.maps}
    header["maps"] = [_exact_entry(entry, by_name[entry["name"]]) for entry in header["maps"]]
    return header


def _exact_entry(entry: dict[str, Any], viewer_map: ViewerMap) -> dict[str, Any]:
    """Point a map's entry at its float32 values."""
    return {**entry, "hash": viewer_map.exact_blob.hash, "exact": None}


def _compressible(blob: Blob) -> Blob:
    """Rewrite a blob's arrays as byte planes, differences first where neighbours are alike."""
    arrays, packing = {}, {}
    for name, array in blob.arrays.items():
        stride = _DIFFERENCES.get(blob.kind, 0) if array.dtype.kind == "u" else 0
        packing[name] = {
            "type": f"{array.dtype.kind}{array.dtype.itemsize}",
            "stride": stride,
        }
        arrays[name] = _byte_planes(_differences(array, stride))
    return Blob(blob.hash, blob.kind, arrays, {**blob.meta, "packing": packing})


def _differences(array: AnyArray, stride: int) -> AnyArray:
    """Subtract from every whole number the one ``stride`` before, modulo the type's range."""
    if not stride:
        return array
    out = array.copy()
    out[stride:] -= array[:-stride]
    return out


def _byte_planes(array: AnyArray) -> npt.NDArray[np.uint8]:
    """Return all first bytes, then all second ones, and so on."""
    raw = np.ascontiguousarray(array).view(np.uint8).reshape(-1, array.dtype.itemsize)
    return np.ascontiguousarray(raw.T).ravel()
