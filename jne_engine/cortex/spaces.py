"""Where response columns lie: surface vertices, volume voxels, named ROIs and labels over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import BoolArray, Float32Array, IntArray
from jne_engine.core.checks import (
    check_choice,
    check_indices,
    check_length,
    check_matrix,
    check_unique,
)
from jne_engine.core.errors import InputError

Hemisphere = Literal["left", "right"]
Tier = Literal["primary", "intermediate", "higher"]

HEMISPHERES: tuple[Hemisphere, ...] = ("left", "right")
TIERS: tuple[Tier, ...] = ("primary", "intermediate", "higher")


@dataclass(frozen=True, eq=False)
class SurfaceSpace:
    """The surface vertex of every response column: left columns first, then right.

    Parameters
    ----------
    surface : str
        Name of the surface family, for instance ``"fsLR32k"`` or ``"fsaverage5"``.
    left, right : numpy.ndarray of int64, shape (n_columns_of_hemisphere,)
        Zero-based vertex of each column; either may be empty, not both.
    """

    surface: str
    left: IntArray
    right: IntArray

    def __post_init__(self) -> None:
        """Validate that vertices are unique within a hemisphere."""
        if self.n_voxels == 0:
            raise InputError("surface space", "at least one vertex", "none", "pass vertex indices")
        for hemi, vertices in (("left", self.left), ("right", self.right)):
            if vertices.size:
                name = f"{self.surface} {hemi} vertices"
                check_indices(name, vertices, np.iinfo(np.int64).max, fix="pass each vertex once")

    @property
    def n_voxels(self) -> int:
        """Number of response columns."""
        return int(self.left.size + self.right.size)

    def columns(self, hemi: Hemisphere) -> slice:
        """Return the response columns that lie in one hemisphere."""
        n_left = int(self.left.size)
        return slice(0, n_left) if hemi == "left" else slice(n_left, self.n_voxels)

    def vertices(self, hemi: Hemisphere) -> IntArray:
        """Return the vertex of each of a hemisphere's columns."""
        return self.left if hemi == "left" else self.right


@dataclass(frozen=True, eq=False)
class VolumeSpace:
    """The volume voxel of every response column.

    Parameters
    ----------
    shape : tuple of int
        Grid size (x, y, z).
    affine : numpy.ndarray of float, shape (4, 4)
        Voxel index to scanner or template millimetres.
    voxels : numpy.ndarray of int64, shape (n_voxels, 3)
        Zero-based (x, y, z) index of each column.
    name : str
        Name of the grid, for instance ``"func1pt8mm"``.
    """

    shape: tuple[int, int, int]
    affine: npt.NDArray[np.float64]
    voxels: IntArray
    name: str = "volume"

    def __post_init__(self) -> None:
        """Validate that each voxel lies in the grid and occurs once."""
        fix = "pass one (x, y, z) index a column"
        check_matrix("voxel indices", self.voxels, ("n_voxels", "3"), fix=fix)
        check_length("voxel indices", self.voxels.shape[1], 3, unit="coordinates", fix=fix)
        check_matrix("affine", self.affine, ("4", "4"), fix="pass a 4 x 4 matrix")
        if (self.voxels < 0).any() or (self.voxels >= np.asarray(self.shape)).any():
            raise InputError("voxel indices", f"indices inside {self.shape}", "some outside", fix)
        flat = np.ravel_multi_index(tuple(self.voxels.T), self.shape)
        check_indices("voxel indices", flat, int(np.prod(self.shape)), fix=fix)

    @property
    def n_voxels(self) -> int:
        """Number of response columns."""
        return len(self.voxels)

    def is_grid(
        self, shape: tuple[int, ...], affine: npt.NDArray[np.float64], *, atol: float = 1e-3
    ) -> bool:
        """Tell whether a volume has the same grid and, within ``atol``, the same affine."""
        return shape == self.shape and bool(np.allclose(affine, self.affine, atol=atol))


CorticalSpace = SurfaceSpace | VolumeSpace


def bound_box(
    affine: npt.NDArray[np.float64], ends: npt.NDArray[np.generic]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the least and greatest coordinates of a box that an affine moves.

    Parameters
    ----------
    affine : numpy.ndarray of float64, shape (4, 4)
        From the box's coordinates to those of the result.
    ends : numpy.ndarray, shape (2, 3)
        Low and high end of the box along each axis.
    """
    corners = np.stack(np.meshgrid(*np.asarray(ends).T, indexing="ij"), axis=-1).reshape(-1, 3)
    places = corners @ affine[:3, :3].T + affine[:3, 3]
    return places.min(axis=0), places.max(axis=0)


@dataclass(frozen=True, eq=False)
class Anatomy:
    """What the slices of a volume are drawn on: an image in the same millimetres.

    Parameters
    ----------
    name : str
        Its file.
    values : numpy.ndarray of uint8, shape (x, y, z)
        Brightness.
    affine : numpy.ndarray of float64, shape (4, 4)
        Voxel index to the volume's millimetres.
    """

    name: str
    values: npt.NDArray[np.uint8]
    affine: npt.NDArray[np.float64]


class Mesh(NamedTuple):
    """One hemisphere's mesh, in nilearn's words.

    Parameters
    ----------
    coordinates : numpy.ndarray of float32, shape (n_vertices, 3)
        Millimetres: x to the right, y forward, z up.
    faces : numpy.ndarray of int64, shape (n_faces, 3)
        Vertices of each triangle, zero-based.
    """

    coordinates: Float32Array
    faces: IntArray


@dataclass(frozen=True, eq=False)
class CorticalLabels:
    """An atlas on a surface.

    Parameters
    ----------
    surface : str
        Surface whose vertices are labelled.
    names : tuple of str
        Name of each label; entry 0 is ``""``, no label.
    index : mapping of hemisphere to numpy.ndarray of int64, shape (n_vertices,)
        Label of each vertex, 0 for none; the same numbers in both hemispheres.
    """

    surface: str
    names: tuple[str, ...]
    index: Mapping[Hemisphere, IntArray]

    def vertices(self, hemi: Hemisphere, labels: tuple[str, ...]) -> IntArray:
        """Return the vertices that carry any of ``labels`` in a hemisphere, ascending.

        Raises
        ------
        InputError
            If the atlas has no label of that name.
        """
        for label in labels:
            check_choice("label", label, self.names[1:], fix="name labels of the atlas")
        wanted = [self.names.index(label) for label in labels]
        return np.flatnonzero(np.isin(self.index[hemi], wanted)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class RoiSet:
    """Named masks over the response columns, in hierarchical order.

    Parameters
    ----------
    preset : str
        Name of the set, for instance ``"hcp-mmp"``.
    source : str
        Where the labels come from, with its citation.
    names : tuple of str
        ROI names, lowest first.
    tiers : tuple of {"primary", "intermediate", "higher", None}
        Place of each ROI in the visual hierarchy, None where it has none.
    masks : numpy.ndarray of bool, shape (n_rois, n_voxels)
        Columns of each ROI; an ROI may be empty.
    approximate : bool
        True where the labels only stand in for functionally defined ROIs.
    """

    preset: str
    source: str
    names: tuple[str, ...]
    tiers: tuple[Tier | None, ...]
    masks: BoolArray
    approximate: bool = False

    def __post_init__(self) -> None:
        """Validate names, tiers and masks against each other."""
        what = f"ROI set {self.preset}"
        check_unique(what, self.names, fix="give every ROI a name of its own")
        fix = "pass one tier and one mask a name"
        check_length(what, len(self.tiers), len(self.names), unit="tiers", fix=fix)
        check_length(what, len(self.masks), len(self.names), unit="masks", fix=fix)
        for tier in self.tiers:
            if tier is not None:
                check_choice(what, tier, TIERS)

    def mask(self, name: str) -> BoolArray:
        """Return one ROI's mask over columns.

        Raises
        ------
        InputError
            If the set has no ROI of that name.
        """
        check_choice(f"ROI of {self.preset}", name, self.names)
        mask: BoolArray = self.masks[self.names.index(name)]
        return mask

    def tier_mask(self, tier: Tier) -> BoolArray:
        """Return the columns of all ROIs of a tier together."""
        rows = [i for i, t in enumerate(self.tiers) if t == tier]
        return np.asarray(self.masks[rows].any(axis=0), dtype=np.bool_)
