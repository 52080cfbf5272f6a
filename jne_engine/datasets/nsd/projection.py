"""How an NSD volume is shown on cortex: by NSD's own transforms, or not at all.

NSD's functional volumes are not in register with its anatomy (data manual, "Spaces for imaging
data"): their headers meet neither the subject's surfaces nor a template. What says where a vertex
lies in them are the transforms that NSD hands out, so nothing else is taken.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from jne_engine.core.arrays import Float64Array
from jne_engine.core.checks import check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.icosahedron import FSAVERAGE
from jne_engine.cortex.projection import Projection, SamplePoints, SubjectSurface
from jne_engine.cortex.projection_weights import build_projection
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, VolumeSpace
from jne_engine.datasets.nsd.layout import NsdTree
from jne_engine.formats.guard import printable
from jne_engine.formats.sheets import has_subject_surface, read_subject_surface
from jne_engine.formats.surface_values import read_surface_values

LAYERS: Final = ("layerB1", "layerB2", "layerB3")
"""NSD's three depths, which are averaged."""

GRIDS: Final = MappingProxyType({"func1pt8mm": "func1pt8", "func1mm": "func1pt0"})
"""How the transforms' names say a functional volume."""


def find_projection(tree: NsdTree) -> tuple[str, str]:
    """Tell from file names alone how a volume will be shown on cortex.

    Returns
    -------
    (str, str)
        A decision and a problem, one of them empty; both are where the betas lie on vertices.
    """
    if tree.is_surface:
        return "", ""
    subject, name = tree.label, GRIDS[tree.space]
    missing = [p for h in HEMISPHERES for p in _layer_paths(tree, h) if not p.is_file()]
    if missing:
        return "", (
            f"no map of the brain: {missing[0].name} is missing, and {tree.space} lies in no space"
            f" that a surface could be found in; copy nsddata/ppdata/{subject}/transforms/"
            f"{{lh,rh}}.{name}-to-layerB{{1,2,3}}.mgz and {{lh,rh}}.white-to-fsaverage.mgz"
        )
    if has_subject_surface(_surf(tree)):
        return f"drawn on {subject}'s own surfaces, by NSD's transforms", ""
    if all(_to_fsaverage(tree, hemi).is_file() for hemi in HEMISPHERES):
        return "drawn on fsaverage, by NSD's transforms", ""
    return "", (
        f"no map of the brain: NSD's transforms are there but no surface; copy"
        f" nsddata/ppdata/{subject}/transforms/{{lh,rh}}.white-to-fsaverage.mgz, or"
        f" nsddata/freesurfer/{subject}/surf/{{lh,rh}}.{{white,pial,inflated,sulc}}"
    )


def read_nsd_projection(tree: NsdTree, space: VolumeSpace) -> Projection | None:
    """Read how a volume is shown on the subject's own surfaces, or else on fsaverage.

    Returns
    -------
    Projection or None
        None where :func:`find_projection` tells a problem.

    Raises
    ------
    InputError
        If a file cannot be read, or they do not fit each other.

    References
    ----------
    NSD data manual, "Transforms": ``{lh,rh}.func1pt8-to-layerB1.mgz`` holds the one-based voxel
    coordinates of each vertex of the subject's surface, 9999 where there is none;
    ``{lh,rh}.white-to-fsaverage.mgz`` the one-based vertex of that surface for each of fsaverage.
    """
    decision, _ = find_projection(tree)
    if not decision:
        return None
    points: SamplePoints = {hemi: _read_points(tree, hemi) for hemi in HEMISPHERES}
    source = f"NSD's transforms of {tree.space} to layers B1 to B3"
    if has_subject_surface(_surf(tree)):
        own = read_subject_surface(_surf(tree), f"{tree.label}-nativesurface")
        _check_vertices(points, own)
        return build_projection(space, points, surface=own.name, source=source, own=own)
    source += ", and of the subject's vertices to fsaverage's nearest"
    chosen = {hemi: points[hemi][:, _read_fsaverage(tree, hemi, points)] for hemi in HEMISPHERES}
    return build_projection(space, chosen, surface="fsaverage", source=source)


def _surf(tree: NsdTree) -> Path:
    return tree.root / "nsddata" / "freesurfer" / tree.label / "surf"


def _transforms(tree: NsdTree) -> Path:
    return tree.root / "nsddata" / "ppdata" / tree.label / "transforms"


def _layer_paths(tree: NsdTree, hemi: Hemisphere) -> list[Path]:
    stem = f"{hemi[0]}h.{GRIDS[tree.space]}-to-"
    return [_transforms(tree) / f"{stem}{layer}.mgz" for layer in LAYERS]


def _to_fsaverage(tree: NsdTree, hemi: Hemisphere) -> Path:
    return _transforms(tree) / f"{hemi[0]}h.white-to-fsaverage.mgz"


def _read_points(tree: NsdTree, hemi: Hemisphere) -> Float64Array:
    """Read zero-based voxel coordinates, (3 layers, n_vertices, 3); 9999 lies in no grid."""
    parts = []
    fix = "copy it again from nsddata/ppdata/subjXX/transforms"
    for path in _layer_paths(tree, hemi):
        maps = read_surface_values(path, hemi=hemi).parts[hemi]
        check_length(path.name, len(maps), 3, unit="coordinates a vertex", fix=fix)
        parts.append(maps.T.astype(np.float64) - 1)
        check_length(path.name, len(parts[-1]), len(parts[0]), unit="vertices", fix=fix)
    return np.stack(parts)


def _read_fsaverage(tree: NsdTree, hemi: Hemisphere, points: SamplePoints) -> list[int]:
    path = _to_fsaverage(tree, hemi)
    name, fix = printable(path.name), "copy it again from nsddata/ppdata/subjXX/transforms"
    index = read_surface_values(path, hemi=hemi).parts[hemi][0]
    check_length(name, index.size, FSAVERAGE["fsaverage"], unit="vertices", fix=fix)
    n = points[hemi].shape[1]
    if not ((index >= 1) & (index <= n) & (index == np.round(index))).all():
        raise InputError(name, f"vertices 1 to {n} of the subject", "others", fix)
    return [int(vertex) - 1 for vertex in index]


def _check_vertices(points: SamplePoints, own: SubjectSurface) -> None:
    for hemi in HEMISPHERES:
        what = f"{hemi[0]}h.white of {own.name}"
        fix = "take surfaces and transforms of one subject"
        n = points[hemi].shape[1]
        check_length(what, own.n_vertices(hemi), n, unit="vertices as the transforms", fix=fix)
