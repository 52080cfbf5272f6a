"""Values of voxels on the vertices of a surface, for display.

A vertex takes the mean of samples between white matter and pial surface, each interpolated
between the voxels around it. Samples that no column of the responses covers count for nothing;
a vertex without any is NaN.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import nibabel
import numpy as np
import numpy.typing as npt

from jne_engine.checks import check_length, check_matrix
from jne_engine.errors import InputError
from jne_engine.readers.meshes import read_mesh
from jne_engine.spaces import HEMISPHERES, Float32Array, Hemisphere, Mesh, VolumeSpace
from jne_engine.surfaces import load_surface

N_DEPTHS: Final = 6
"""Samples between white matter and pial surface, which lie 1.5 to 4 mm apart."""
MIN_COVERAGE: Final = 0.1
"""Least share of a vertex's interpolation weight that must lie on voxels with a value."""


class Sheet(NamedTuple):
    """The cortex of one hemisphere between two meshes whose vertices correspond.

    Parameters
    ----------
    white, pial : Mesh
        Inner and outer surface, in the millimetres of the volume's affine.
    """

    white: Mesh
    pial: Mesh


@dataclass(frozen=True, eq=False)
class SamplePoints:
    """Where in a volume each vertex is sampled.

    Parameters
    ----------
    source : str
        Where the points come from, for the record.
    points : mapping of hemisphere to numpy.ndarray, shape (n_depths, n_vertices, 3)
        Zero-based voxel coordinates, fractions included; NaN where there is none.
    """

    source: str
    points: Mapping[Hemisphere, npt.NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Projection:
    """Values of voxels on vertices, and how they came there.

    Parameters
    ----------
    values : mapping of hemisphere to numpy.ndarray of float32, shape (n_vertices,)
        NaN where no voxel is.
    interpolation : str
        How a sample is taken from the voxels around it.
    n_depths : int
        Samples a vertex, from white matter to pial surface.
    source : str
        Surfaces or transforms that say where the samples lie.
    """

    values: Mapping[Hemisphere, Float32Array]
    interpolation: str
    n_depths: int
    source: str

    @cached_property
    def note(self) -> str:
        """One sentence for the figure's legend and the run's record."""
        n_empty = sum(int(np.isnan(part).sum()) for part in self.values.values())
        n_vertices = sum(part.size for part in self.values.values())
        return (
            f"Interpolated for display from voxels to vertices ({self.interpolation}, mean of "
            f"{self.n_depths} depths between white matter and pial surface; {self.source}); "
            f"{n_vertices - n_empty} of {n_vertices} vertices have a voxel."
        )


def read_sheets(folder: str | Path) -> Mapping[Hemisphere, Sheet]:
    """Read a subject's own white and pial surfaces.

    Parameters
    ----------
    folder : str or pathlib.Path
        FreeSurfer's ``surf`` folder; of NSD, ``nsddata/freesurfer/subjXX/surf``.

    Raises
    ------
    InputError
        If a surface is missing or cannot be read, or white and pial do not correspond.
    """
    folder = Path(folder)
    sheets: dict[Hemisphere, Sheet] = {}
    for hemi in HEMISPHERES:
        prefix = f"{hemi[0]}h"
        paths = [folder / f"{prefix}.{geometry}" for geometry in ("white", "pial")]
        for path in paths:
            if not path.is_file():
                fix = "copy lh.white, lh.pial, rh.white and rh.pial of the subject there"
                expected = "the subject's own surfaces, since volumes have no vertices"
                raise InputError(f"{path.parent.name}/{path.name}", expected, "no file", fix)
        sheets[hemi] = _sheet(*map(read_mesh, paths), name=f"{prefix}.white and {prefix}.pial")
    return MappingProxyType(sheets)


def load_sheets(surface: str) -> Mapping[Hemisphere, Sheet]:
    """Load white and pial meshes of a surface that installed packages carry.

    They lie in template millimetres: only a volume in that template's space fits them.
    """
    white, pial = (load_surface(surface, geometry) for geometry in ("white", "pial"))
    return MappingProxyType({h: Sheet(white[h], pial[h]) for h in HEMISPHERES})


def project_volume(
    values: npt.NDArray[np.floating[Any]],
    space: VolumeSpace,
    sheets: Mapping[Hemisphere, Sheet],
    *,
    source: str,
) -> Projection:
    """Project one map of voxels to vertices by nilearn's ``vol_to_surf``.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_voxels,)
        Value of each column; what is not finite counts as no voxel.
    space : VolumeSpace
        Where the columns lie. Its affine and the meshes must use the same millimetres.
    sheets : mapping of hemisphere to Sheet
        White and pial surfaces, from :func:`read_sheets` or :func:`load_sheets`.
    source : str
        What the surfaces are, for the record.

    Returns
    -------
    Projection
        Each vertex is the mean over the covered voxels of its samples' trilinear weights.

    Raises
    ------
    InputError
        If there is not one value a voxel, or no vertex has a voxel.
    """
    from nilearn.surface import InMemoryMesh, vol_to_surf

    image = nibabel.Nifti1Image(_fill(values, space), space.affine)
    depths = np.linspace(0, 1, N_DEPTHS)
    sums: dict[Hemisphere, npt.NDArray[np.float64]] = {}
    for hemi, sheet in sheets.items():
        white, pial = (InMemoryMesh(mesh.coordinates, mesh.faces) for mesh in sheet)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
            sums[hemi] = vol_to_surf(image, pial, inner_mesh=white, depth=depths)
    return Projection(_divide(sums, source), "linear", N_DEPTHS, source)


def project_points(
    values: npt.NDArray[np.floating[Any]], space: VolumeSpace, points: SamplePoints
) -> Projection:
    """Project one map of voxels to vertices whose place in the volume is known.

    Otherwise as :func:`project_volume`, with the samples at ``points``.
    """
    from scipy.ndimage import map_coordinates

    filled = _fill(values, space)
    sums: dict[Hemisphere, npt.NDArray[np.float64]] = {}
    for hemi, places in points.points.items():
        inside = (places >= 0) & (places <= np.asarray(space.shape) - 1)
        covered = np.asarray(inside.all(axis=2))
        coordinates = np.moveaxis(np.where(covered[..., None], places, 0), 2, 0)
        samples = [map_coordinates(filled[..., i], coordinates, order=1) for i in range(2)]
        sums[hemi] = np.stack([(part * covered).mean(axis=0) for part in samples], axis=1)
    n_depths = min(len(places) for places in points.points.values())
    return Projection(_divide(sums, points.source), "linear", n_depths, points.source)


def _sheet(white: Mesh, pial: Mesh, *, name: str) -> Sheet:
    """Require that white and pial surface have the same triangles."""
    if not np.array_equal(white.faces, pial.faces):
        fix = "take both from the same reconstruction"
        raise InputError(name, "the same triangles", "different ones", fix)
    return Sheet(white, pial)


def _fill(values: npt.NDArray[np.floating[Any]], space: VolumeSpace) -> npt.NDArray[np.float64]:
    """Return (x, y, z, 2): values, 0 where there is none, and 1 where there is one."""
    fix = "pass one value a voxel of the space"
    check_matrix("values", values, ("n_voxels",), fix=fix)
    check_length("values", len(values), space.n_voxels, unit="voxels", fix=fix)
    finite = np.isfinite(values)
    filled = np.zeros((*space.shape, 2))
    filled[tuple(space.voxels.T)] = np.column_stack([np.where(finite, values, 0), finite])
    return filled


def _divide(
    sums: Mapping[Hemisphere, npt.NDArray[np.float64]], source: str
) -> Mapping[Hemisphere, Float32Array]:
    """Divide summed values by summed weights, NaN where the weight is too small."""
    parts: dict[Hemisphere, Float32Array] = {}
    for hemi, (values, weights) in ((h, s.T) for h, s in sums.items()):
        covered = np.nan_to_num(weights) >= MIN_COVERAGE
        parts[hemi] = np.full(values.size, np.nan, dtype=np.float32)
        parts[hemi][covered] = values[covered] / weights[covered]
    if all(np.isnan(part).all() for part in parts.values()):
        fix = "choose the surfaces of this subject, in the millimetres of the volume"
        raise InputError("projection", f"voxels near {source}", "none", fix)
    return MappingProxyType(parts)
