"""The numbers that the viewer paints: one a vertex, with what a reader must know about them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from jne_engine.core import palettes
from jne_engine.core.arrays import AnyArray, BoolArray, Float32Array
from jne_engine.core.checks import check_choice, check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere
from jne_engine.viewer.payload.blobs import Blob

MapKind = Literal["sequential", "diverging", "categorical"]
Wire = Literal["float32", "float16"]


@dataclass(frozen=True, eq=False)
class ViewerMap:
    """One number a vertex, with what a reader must know about it.

    Parameters
    ----------
    name : str
        Key, unique in a scene.
    label, unit : str
        What people read on the colour bar; the unit may be ``""`` for a pure number.
    left, right : numpy.ndarray of float32, shape (n_vertices,), optional
        Values; NaN leaves cortex bare. A categorical map holds the index into ``categories``.
    kind : {"sequential", "diverging", "categorical"}
        Decides the colour map and how range and threshold behave.
    mask_left, mask_right : numpy.ndarray of bool, shape (n_vertices,), optional
        Vertices to show, for instance the significant ones; the viewer can switch it.
    mask_label : str
        What people read of the mask, for instance ``"significant voxels"``.
    value_range : tuple of float, optional
        Ends of the colour range; None takes the 1st and 99th percentile.
    threshold : float, optional
        Values below it (two-sided for diverging maps) leave cortex bare.
    centre : float
        The middle of a diverging map.
    colours : str, optional
        A name of :data:`jne_engine.core.palettes.MAP_NAMES`.
    categories : tuple of (str, str)
        Name and colour of each category.
    dimmed_by : str
        Name of a map from 0 to 1 that begins as this one's opacity; none where empty.
    wire : {"float32", "float16"}
        What is sent for painting. With ``"float16"`` the exact values follow when a reader
        first points at the map, and only exact values are ever read out as such.

    Raises
    ------
    InputError
        If there are no values, or masks and categories do not fit them.
    """

    name: str
    label: str
    unit: str
    left: Float32Array | None
    right: Float32Array | None
    kind: MapKind = "sequential"
    mask_left: BoolArray | None = None
    mask_right: BoolArray | None = None
    mask_label: str = "vertices in the mask"
    value_range: tuple[float, float] | None = None
    threshold: float | None = None
    centre: float = 0.0
    colours: str | None = None
    categories: tuple[tuple[str, str], ...] = ()
    dimmed_by: str = ""
    wire: Wire = "float32"

    def __post_init__(self) -> None:
        """Validate values, masks and colours."""
        what = f"map {self.name}"
        check_choice(what, self.kind, ("sequential", "diverging", "categorical"))
        if self.left is None and self.right is None:
            raise InputError(what, "values of a hemisphere", "none", "pass left or right")
        for hemi in HEMISPHERES:
            values, mask = self.values(hemi), self.mask(hemi)
            if values is not None and values.dtype != np.float32:
                raise InputError(what, "float32 values", str(values.dtype), "convert them")
            if values is not None and mask is not None:
                fix = "pass one entry a vertex"
                check_length(what, len(mask), len(values), unit="mask entries", fix=fix)
        if (self.kind == "categorical") != bool(self.categories):
            fix = "pass categories with categorical maps only"
            raise InputError(what, "categories of a categorical map", self.kind, fix)
        if self.colours is not None:
            check_choice(what, self.colours, palettes.MAP_NAMES)

    def values(self, hemi: Hemisphere) -> Float32Array | None:
        """Return one hemisphere's values."""
        return self.left if hemi == "left" else self.right

    def mask(self, hemi: Hemisphere) -> BoolArray | None:
        """Return one hemisphere's mask."""
        return self.mask_left if hemi == "left" else self.mask_right

    @property
    def has_mask(self) -> bool:
        """Whether any hemisphere has a mask."""
        return self.mask_left is not None or self.mask_right is not None

    def _exact_arrays(self) -> dict[str, AnyArray]:
        """Return values as float32 and masks as truth values."""
        arrays: dict[str, AnyArray] = {}
        for hemi in HEMISPHERES:
            values, mask = self.values(hemi), self.mask(hemi)
            if values is not None:
                arrays[hemi] = values.astype("<f4")
            if values is not None and mask is not None:
                arrays[f"{hemi}.mask"] = mask.astype(bool)
        return arrays

    def _rounded_blob(self) -> Blob:
        """Pack values as float16; where there are masks, they take the lowest bit."""
        halves: dict[str, AnyArray] = {}
        for hemi in HEMISPHERES:
            values, mask = self.values(hemi), self.mask(hemi)
            if values is None:
                continue
            halves[hemi] = _as_half(values)
            if self.has_mask:
                kept = np.ones(len(values), dtype=bool) if mask is None else mask
                halves[hemi] = _with_mask_bit(halves[hemi], kept)
        return Blob.of("map", halves, {"mask_bit": True} if self.has_mask else {})

    @cached_property
    def exact_blob(self) -> Blob:
        """Values as float32."""
        return Blob.of("map", self._exact_arrays(), {})

    @cached_property
    def wire_blob(self) -> Blob:
        """Values as they are sent for painting."""
        return self.exact_blob if self.wire == "float32" else self._rounded_blob()

    @property
    def colour_name(self) -> str:
        """The colour map in force."""
        return self.colours or ("difference" if self.kind == "diverging" else "viridis")


def _as_half(values: Float32Array) -> AnyArray:
    """Convert values to float16, refusing to let a finite one overflow."""
    with np.errstate(over="ignore"):
        out = values.astype("<f2")
    if np.isinf(out[np.isfinite(values)]).any():
        found = f"{float(np.nanmax(np.abs(values)))}"
        raise InputError("map values", "sizes that float16 holds", found, 'use wire="float32"')
    return out


def _with_mask_bit(halves: AnyArray, mask: BoolArray) -> AnyArray:
    """Return the bits of float16 values with the mask in the lowest one.

    That costs a value at most 1/1024 of its size, a quarter of a step of the colour map.
    """
    plain = np.where(np.isnan(halves), np.float16(np.nan), halves)
    bits: AnyArray = (plain.view(np.uint16) & np.uint16(0xFFFE)) | mask.astype(np.uint16)
    return bits.astype("<u2")
