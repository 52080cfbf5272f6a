"""The geometry that the viewer shows: shapes of one topology, from folded to flat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import AnyArray
from jne_engine.core.checks import check_length, check_unique
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere
from jne_engine.viewer.payload.blobs import Blob


@dataclass(frozen=True, eq=False)
class ViewerShape:
    """One geometry of a surface: where its vertices lie.

    Parameters
    ----------
    name, label : str
        Key and what people read.
    points : mapping of hemisphere to numpy.ndarray of float, shape (n_vertices, 3)
        Millimetres; x to the right, y to the front, z up.
    flat : bool
        True for a flat map, which is drawn with the surface's cut face list.
    """

    name: str
    label: str
    points: Mapping[Hemisphere, AnyArray]
    flat: bool = False

    @cached_property
    def blob(self) -> Blob:
        """Positions rounded to 1/8191 of each axis' extent (0.02 mm of a folded surface)."""
        low: dict[str, list[float]] = {}
        step: dict[str, list[float]] = {}
        arrays: dict[str, AnyArray] = {}
        for hemi, points in self.points.items():
            start = points.min(axis=0).astype(np.float64)
            size = np.maximum(np.ptp(points, axis=0).astype(np.float64), 1e-6) / 8191
            low[hemi], step[hemi] = start.tolist(), size.tolist()
            arrays[hemi] = np.round((points - start) / size).astype("<u2").ravel()
        return Blob.of("shape", arrays, {"low": low, "step": step})


@dataclass(frozen=True, eq=False)
class ViewerSurface:
    """A surface in all its shapes, ordered from folded to flat.

    Parameters
    ----------
    name : str
        Name of the surface family, for instance ``"fsLR32k"``.
    faces : mapping of hemisphere to numpy.ndarray of int, shape (n_faces, 3)
        Triangles, zero-based.
    sulcal_depth : mapping of hemisphere to numpy.ndarray of float, shape (n_vertices,)
        Positive in sulci, negative on gyri; any unit.
    shapes : tuple of ViewerShape
        At least one; they share the topology.
    flat_faces : mapping of hemisphere to numpy.ndarray of int, shape (n_flat_faces, 3)
        Triangles of the flat map: cuts and medial wall left out.
    note : str
        What a reader must know of it, for instance that the shading was computed.

    Raises
    ------
    InputError
        If the parts do not have the same vertices.
    """

    name: str
    faces: Mapping[Hemisphere, AnyArray]
    sulcal_depth: Mapping[Hemisphere, AnyArray]
    shapes: tuple[ViewerShape, ...]
    flat_faces: Mapping[Hemisphere, AnyArray] = field(default_factory=lambda: MappingProxyType({}))
    note: str = ""

    def __post_init__(self) -> None:
        """Validate that shapes, faces and depth fit together."""
        if not self.shapes or not self.faces:
            raise InputError(f"surface {self.name}", "a shape and a hemisphere", "none", "pass one")
        check_unique(f"shapes of {self.name}", [s.name for s in self.shapes], fix="rename one")
        for hemi in self.faces:
            for shape in self.shapes:
                self._check_shape(shape, hemi)

    def _check_shape(self, shape: ViewerShape, hemi: Hemisphere) -> None:
        """Check one shape of one hemisphere."""
        what = f"{self.name} {shape.name} {hemi}"
        fix = "pass shapes of one topology"
        found = len(shape.points[hemi])
        check_length(what, found, self.n_vertices(hemi), unit="vertices as sulcal depth", fix=fix)
        if int(self.faces[hemi].max()) >= found:
            raise InputError(what, f"faces below {found}", str(self.faces[hemi].max()), fix)
        if shape.flat and hemi not in self.flat_faces:
            raise InputError(what, "flat_faces", "none", "pass the flat map's own triangles")

    @property
    def hemispheres(self) -> tuple[Hemisphere, ...]:
        """Hemispheres that are there, left first."""
        return tuple(h for h in HEMISPHERES if h in self.faces)

    def n_vertices(self, hemi: Hemisphere) -> int:
        """Return the number of vertices of a hemisphere."""
        return len(self.sulcal_depth[hemi])

    @cached_property
    def topology(self) -> Blob:
        """Faces, flat faces and sulcal depth in 64ths of its 95th percentile around 128."""
        arrays: dict[str, AnyArray] = {}
        for hemi in self.hemispheres:
            whole = "<u2" if self.n_vertices(hemi) <= 65536 else "<u4"
            arrays[f"{hemi}.faces"] = self.faces[hemi].astype(whole).ravel()
            if hemi in self.flat_faces:
                arrays[f"{hemi}.flat_faces"] = self.flat_faces[hemi].astype(whole).ravel()
            arrays[f"{hemi}.sulcus"] = _scaled_depth(self.sulcal_depth[hemi])
        return Blob.of("topology", arrays, {"name": self.name})


def _scaled_depth(depth: AnyArray) -> npt.NDArray[np.uint8]:
    """Return depth over its 95th absolute percentile as 64ths around 128; 128 where unknown."""
    clean = np.nan_to_num(np.asarray(depth, dtype=np.float32))
    scale = float(np.percentile(np.abs(clean), 95)) or 1.0
    return np.clip(np.round(128 + 64 * clean / scale), 0, 255).astype(np.uint8)
