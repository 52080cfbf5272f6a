"""NSD's functional volumes on the vertices of a subject's own surfaces, for display.

The volumes func1pt8mm and func1mm lie neither in fsaverage's space nor exactly in that of the
anatomy: NSD corrects their distortion, and hands out the map from every vertex into them.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.checks import check_choice, check_length
from jne_engine.errors import InputError
from jne_engine.projection import (
    Projection,
    SamplePoints,
    project_points,
    project_volume,
    read_sheets,
)
from jne_engine.readers.surface_values import read_surface_values
from jne_engine.spaces import HEMISPHERES, Hemisphere, VolumeSpace

VOLUMES: Final = ("func1pt8mm", "func1mm")
"""NSD's functional volumes."""
LAYERS: Final = ("layerB1", "layerB2", "layerB3")
"""NSD's three depths, which are averaged."""


def project_nsd(
    values: npt.NDArray[np.floating[Any]], space: VolumeSpace, root: str | Path, *, subject: int
) -> Projection:
    """Project one map of an NSD volume to the vertices of the subject's native surfaces.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_voxels,)
        Value of each column; what is not finite counts as no voxel.
    space : VolumeSpace
        Where the columns lie; its name is one of :data:`VOLUMES`.
    root : str or pathlib.Path
        Folder that holds ``nsddata``.
    subject : int
        1 to 8.

    Returns
    -------
    Projection
        By NSD's transforms where they are there; otherwise by the subject's white and pial
        surfaces and the headers alone, which the record then says.

    Raises
    ------
    InputError
        If neither is there.
    """
    check_choice("NSD volume", space.name, VOLUMES)
    name = f"subj{subject:02d}"
    transforms = Path(root) / "nsddata/ppdata" / name / "transforms"
    surfaces = Path(root) / "nsddata/freesurfer" / name / "surf"
    if _transform(transforms, space.name, "left", LAYERS[0]).is_file():
        return project_points(values, space, read_nsd_points(transforms, space.name))
    if (surfaces / "lh.white").is_file():
        source = f"{name}'s own surfaces by the headers alone, distortion not corrected"
        return project_volume(values, space, read_sheets(surfaces), source=source)
    expected = "NSD's transforms or the subject's own surfaces, since this is not fsaverage's space"
    fix = (
        f"copy nsddata/ppdata/{name}/transforms/*-to-layerB*.mgz, or {{lh,rh}}.{{white,pial}} "
        f"into nsddata/freesurfer/{name}/surf"
    )
    raise InputError(f"{name} {space.name}", expected, "neither", fix)


def read_nsd_points(folder: str | Path, space: str) -> SamplePoints:
    """Read NSD's own map from the vertices of a subject's surfaces to its functional volume.

    Parameters
    ----------
    folder : str or pathlib.Path
        ``nsddata/ppdata/subjXX/transforms``.
    space : {"func1pt8mm", "func1mm"}
        Functional volume.

    Raises
    ------
    InputError
        If a file is missing, cannot be read or does not hold one (x, y, z) a vertex.

    References
    ----------
    NSD data manual, "Transforms": ``{lh,rh}.{func1pt8,func1}-to-layerB{1,2,3}.mgz`` of shape
    (n_vertices, 1, 1, 3), one-based voxel coordinates.
    """
    check_choice("NSD volume", space, VOLUMES)
    points: dict[Hemisphere, npt.NDArray[np.float64]] = {}
    for hemi in HEMISPHERES:
        paths = [_transform(Path(folder), space, hemi, layer) for layer in LAYERS]
        points[hemi] = np.stack([_read_points(path, hemi) for path in paths])
    return SamplePoints(f"NSD's transforms of {space} to layers B1 to B3", MappingProxyType(points))


def _transform(folder: Path, space: str, hemi: Hemisphere, layer: str) -> Path:
    """Return the path of the map from one hemisphere's layer into a volume."""
    return folder / f"{hemi[0]}h.{space.removesuffix('mm')}-to-{layer}.mgz"


def _read_points(path: Path, hemi: Hemisphere) -> npt.NDArray[np.float64]:
    """Read (n_vertices, 3) zero-based voxel coordinates."""
    if not path.is_file():
        fix = "copy the transforms, or the subject's lh/rh.white and lh/rh.pial"
        expected = "NSD's transform from volume to surface"
        raise InputError(f"{path.parent.name}/{path.name}", expected, "no file", fix)
    maps = read_surface_values(path, hemi=hemi).parts[hemi]
    fix = "copy it again from nsddata/ppdata/subjXX/transforms"
    check_length(path.name, len(maps), 3, unit="coordinates a vertex", fix=fix)
    return maps.T.astype(np.float64) - 1
