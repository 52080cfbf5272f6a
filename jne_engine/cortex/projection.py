"""From voxels to the vertices of a surface, for display.

A vertex takes the mean of samples between white matter and pial surface, each linear between the
voxels around it. That is a fixed set of weights, computed once and stored, so that a run is drawn
without its volume, and a map costs one sparse sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, Float64Array, IntArray
from jne_engine.core.checks import check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, Mesh, SurfaceSpace


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
class SubjectSurface:
    """A subject's own surface, kept with the data that are drawn on it.

    Parameters
    ----------
    name : str
        For instance ``"subj01-native"``.
    faces : mapping of hemisphere to numpy.ndarray of int64, shape (n_faces, 3)
        Triangles, shared by all shapes.
    shapes : mapping of str to mapping of hemisphere to numpy.ndarray, shape (n_vertices, 3)
        Coordinates in millimetres by the shape's name: ``white``, ``pial``, ``inflated``.
    depth : mapping of hemisphere to numpy.ndarray of float32, shape (n_vertices,)
        Sulcal depth, positive in sulci; empty where it is not known.
    """

    name: str
    faces: Mapping[Hemisphere, IntArray]
    shapes: Mapping[str, Mapping[Hemisphere, Float32Array]]
    depth: Mapping[Hemisphere, Float32Array]

    def sheets(self) -> Mapping[Hemisphere, Sheet]:
        """Return the cortex between the white and the pial shape."""
        white, pial = self.shapes["white"], self.shapes["pial"]
        return MappingProxyType(
            {h: Sheet(Mesh(white[h], f), Mesh(pial[h], f)) for h, f in self.faces.items()}
        )

    def n_vertices(self, hemi: Hemisphere) -> int:
        """Return the number of vertices of a hemisphere."""
        return len(next(iter(self.shapes.values()))[hemi])


SamplePoints = Mapping[Hemisphere, Float64Array]
"""Where each vertex is sampled, (n_depths, n_vertices, 3) zero-based voxel coordinates, NaN where
nowhere."""


@dataclass(frozen=True, eq=False)
class Projection:
    """How values of voxels are shown on vertices.

    Parameters
    ----------
    space : SurfaceSpace
        The vertices that have a voxel: left hemisphere first.
    starts : numpy.ndarray of int64, shape (n_vertices + 1,)
        Where the entries of each of these vertices begin in ``columns`` and ``weights``.
    columns : numpy.ndarray of int64, shape (n_entries,)
        Response column of each entry.
    weights : numpy.ndarray of float32, shape (n_entries,)
        Its share of the vertex, above 0.
    note : str
        What a reader must know of it.
    own : SubjectSurface, optional
        What is drawn; None where ``space.surface`` is a surface that is known by its name.

    Raises
    ------
    InputError
        If the entries do not fit the vertices.
    """

    space: SurfaceSpace
    starts: IntArray
    columns: IntArray
    weights: Float32Array
    note: str
    own: SubjectSurface | None = None

    def __post_init__(self) -> None:
        """Validate that every vertex has an entry and every weight is one."""
        fix = "import the data again"
        counts = np.diff(self.starts)
        check_length("projection", counts.size, self.space.n_voxels, unit="vertices", fix=fix)
        ends = self.starts[0] == 0 and self.starts[-1] == self.columns.size == self.weights.size
        sound = ends and (counts > 0).all() and (self.columns >= 0).all()
        if not (sound and np.isfinite(self.weights).all() and (self.weights > 0).all()):
            raise InputError("projection", "a weighted voxel a vertex", "something else", fix)

    @cached_property
    def nearest(self) -> IntArray:
        """Response column that weighs most in each vertex, (n_vertices,); the first of equals."""
        rows = self._rows
        order = np.lexsort((self.columns, -self.weights, rows))
        return np.asarray(self.columns[order[self.starts[:-1]]])

    def check_columns(self, n_voxels: int) -> None:
        """Require that no entry names a column that is not there.

        Raises
        ------
        InputError
            If one does.
        """
        highest = int(self.columns.max())
        if highest >= n_voxels:
            fix = "import the data again"
            raise InputError("projection", f"columns below {n_voxels}", str(highest), fix)

    def project(self, values: npt.NDArray[Any]) -> Float32Array:
        """Return a map's value at each vertex of :attr:`space`.

        Parameters
        ----------
        values : numpy.ndarray, shape (n_voxels,)
            One value a response column; what is not finite counts as no voxel.

        Returns
        -------
        numpy.ndarray of float32, shape (n_vertices,)
            Mean over the voxels with a value, summed in float64; NaN where the nearest voxel has
            none, so that neither a gap is filled nor its neighbours are diluted.
        """
        finite = np.isfinite(values)
        clean = np.where(finite, values, 0).astype(np.float64)
        share = self._sum(finite.astype(np.float64))
        out = np.full(self.space.n_voxels, np.nan)
        np.divide(self._sum(clean), share, out=out, where=finite[self.nearest])
        return out.astype(np.float32)

    def project_labels(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return, along the last axis, each vertex's nearest voxel's label; nothing is averaged."""
        return np.asarray(values)[..., self.nearest]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return everything but the texts, as :func:`restore_projection` reads it."""
        found: dict[str, npt.NDArray[Any]] = {
            "left": self.space.left,
            "right": self.space.right,
            "starts": self.starts,
            "columns": self.columns,
            "weights": self.weights,
        }
        if self.own is not None:
            for hemi in HEMISPHERES:
                found[f"faces_{hemi}"] = self.own.faces[hemi]
                found |= {f"shape_{n}_{hemi}": s[hemi] for n, s in self.own.shapes.items()}
            found |= {f"depth_{hemi}": depth for hemi, depth in self.own.depth.items()}
        return found

    @property
    def shapes(self) -> tuple[str, ...]:
        """Shapes of the subject's own surface, none where it has none."""
        return () if self.own is None else tuple(self.own.shapes)

    @property
    def has_depth(self) -> bool:
        """Tell whether the subject's own surface has its sulcal depth."""
        return self.own is not None and bool(self.own.depth)

    @cached_property
    def _rows(self) -> IntArray:
        return np.repeat(np.arange(self.space.n_voxels), np.diff(self.starts))

    def _sum(self, values: Float64Array) -> Float64Array:
        terms = self.weights.astype(np.float64) * values[self.columns]
        sums = np.bincount(self._rows, terms, minlength=self.space.n_voxels)
        return np.asarray(sums, dtype=np.float64)


def restore_projection(
    surface: str,
    note: str,
    *,
    shapes: Iterable[str],
    has_depth: bool,
    read: Callable[[str], npt.NDArray[Any]],
) -> Projection:
    """Put a projection together again from its texts and its :meth:`Projection.arrays`.

    Parameters
    ----------
    surface, note : str
        Name of the surface, and what a reader must know.
    shapes : iterable of str
        Shapes of the subject's own surface; none where the surface is known by its name.
    has_depth : bool
        Whether that surface has its sulcal depth.
    read : callable
        Returns the array of a name.
    """
    own, names = None, tuple(shapes)
    if names:
        own = SubjectSurface(
            surface,
            {h: _whole(read(f"faces_{h}")) for h in HEMISPHERES},
            {n: {h: read(f"shape_{n}_{h}") for h in HEMISPHERES} for n in names},
            {h: read(f"depth_{h}") for h in HEMISPHERES} if has_depth else {},
        )
    space = SurfaceSpace(surface, _whole(read("left")), _whole(read("right")))
    starts, columns = _whole(read("starts")), _whole(read("columns"))
    return Projection(space, starts, columns, read("weights"), note, own)


def _whole(values: npt.NDArray[Any]) -> IntArray:
    """Return whole numbers as the rest of the code takes them."""
    return np.asarray(values, dtype=np.int64)
