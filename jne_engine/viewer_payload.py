"""What the cortical viewer shows, and how it travels: frozen scenes packed into bytes.

A scene is cut into *blobs* named by the hash of their content (topology, each shape, each map,
each label set, the colour maps), so that a browser that has a blob is never sent it again. The
container is a little-endian u32 header length, the header as JSON, zero bytes up to a multiple
of 8, then the arrays, each on a multiple of 8.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from jne_engine import palettes
from jne_engine.checks import check_choice, check_length, check_unique
from jne_engine.errors import InputError
from jne_engine.spaces import HEMISPHERES, Hemisphere

AnyArray = npt.NDArray[Any]
Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
MapKind = Literal["sequential", "diverging", "categorical"]
Wire = Literal["float32", "float16"]
View = Literal["lateral", "medial", "dorsal", "ventral", "anterior", "posterior", "grid"]

VIEWS: tuple[View, ...] = (
    "lateral",
    "medial",
    "dorsal",
    "ventral",
    "anterior",
    "posterior",
    "grid",
)
_DTYPE_CODES = {"f4": "<f4", "f2": "<f2", "u4": "<u4", "u2": "<u2", "u1": "|u1"}
_ALIGN = 8


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
    value_range : tuple of float, optional
        Ends of the colour range; None takes the 1st and 99th percentile.
    threshold : float, optional
        Values below it (two-sided for diverging maps) leave cortex bare.
    centre : float
        The middle of a diverging map.
    colours : str, optional
        A name of :data:`jne_engine.palettes.MAP_NAMES`.
    categories : tuple of (str, str)
        Name and colour of each category.
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
    value_range: tuple[float, float] | None = None
    threshold: float | None = None
    centre: float = 0.0
    colours: str | None = None
    categories: tuple[tuple[str, str], ...] = ()
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

    def _blob(self, dtype: str) -> Blob:
        """Pack values in a precision, with the masks."""
        arrays: dict[str, AnyArray] = {}
        for hemi in HEMISPHERES:
            values, mask = self.values(hemi), self.mask(hemi)
            if values is not None:
                arrays[hemi] = _as_wire(values, dtype)
            if values is not None and mask is not None:
                arrays[f"{hemi}.mask"] = mask.astype("|u1")
        return Blob.of("map", arrays, {})

    @cached_property
    def exact_blob(self) -> Blob:
        """Values as float32."""
        return self._blob("<f4")

    @cached_property
    def wire_blob(self) -> Blob:
        """Values as they are sent for painting."""
        return self.exact_blob if self.wire == "float32" else self._blob("<f2")

    @property
    def colour_name(self) -> str:
        """The colour map in force."""
        return self.colours or ("difference" if self.kind == "diverging" else "viridis")


@dataclass(frozen=True, eq=False)
class ViewerLabels:
    """Named regions: at most one a vertex in each set.

    Parameters
    ----------
    title : str
        Name of the set, for instance ``"HCP-MMP 1.0 (approximate)"``.
    names : tuple of str
        Region names; label ``i + 1`` is ``names[i]``, label 0 is none.
    left, right : numpy.ndarray of int, shape (n_vertices,), optional
        Label of each vertex.
    colours : tuple of str, optional
        ``"#rrggbb"`` of each region; None takes the project's own.

    Raises
    ------
    InputError
        If labels leave the list of names, or colours and names differ in number.
    """

    title: str
    names: tuple[str, ...]
    left: AnyArray | None
    right: AnyArray | None
    colours: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Validate labels and colours."""
        what = f"labels {self.title}"
        check_unique(what, self.names, fix="give every region a name of its own")
        if self.colours is not None:
            fix = "pass one colour a name"
            check_length(what, len(self.colours), len(self.names), unit="colours", fix=fix)
        for labels in (self.left, self.right):
            if (
                labels is not None
                and labels.size
                and not 0 <= labels.min() <= labels.max() <= len(self.names)
            ):
                found = f"{labels.min()}..{labels.max()}"
                raise InputError(what, f"labels in 0..{len(self.names)}", found, "renumber them")

    @cached_property
    def blob(self) -> Blob:
        """Labels as 16-bit numbers, names and colours."""
        sides = {"left": self.left, "right": self.right}
        arrays = {h: np.asarray(v).astype("<u2") for h, v in sides.items() if v is not None}
        colours = self.colours or palettes.region_colours(self.names)
        return Blob.of("labels", arrays, {"names": list(self.names), "colours": list(colours)})


@dataclass(frozen=True, eq=False)
class ViewerScene:
    """Everything that one viewer shows.

    Parameters
    ----------
    surface : ViewerSurface
        Geometry.
    maps : tuple of ViewerMap
        Names must differ; may be empty for bare cortex.
    title, provenance : str
        What exports print above and below the picture.
    simulated : bool
        True stamps SIMULATED on the viewer and on every export.
    labels : tuple of ViewerLabels
        Region sets; the first is drawn, all are read out.
    view : str
        View to begin with.
    shape : str, optional
        Shape to begin with; None takes the first.
    panes : tuple of str
        Names of the maps shown side by side, one to four; empty takes the first map.
    shared_range : bool
        Whether panes begin with one colour range.
    region_style : {"outline", "fill", "off"}
        How regions begin.
    marked : mapping of hemisphere to numpy.ndarray of int
        Vertices that the page marks.
    fallback_png : bytes, optional
        Still picture for browsers without WebGL2.

    Raises
    ------
    InputError
        If a map or label set does not have the surface's vertices, or a name is unknown.
    """

    surface: ViewerSurface
    maps: tuple[ViewerMap, ...]
    title: str
    provenance: str
    simulated: bool = False
    labels: tuple[ViewerLabels, ...] = ()
    view: View = "lateral"
    shape: str | None = None
    panes: tuple[str, ...] = ()
    shared_range: bool = False
    region_style: Literal["outline", "fill", "off"] = "outline"
    marked: Mapping[Hemisphere, AnyArray] = field(default_factory=lambda: MappingProxyType({}))
    fallback_png: bytes | None = None

    def __post_init__(self) -> None:
        """Validate names and vertex counts."""
        names = [m.name for m in self.maps]
        check_unique("maps of the scene", names, fix="give every map a name of its own")
        check_choice("view", self.view, VIEWS)
        if self.shape is not None:
            check_choice("shape", self.shape, [s.name for s in self.surface.shapes])
        for pane in self.panes:
            check_choice("pane", pane, names)
        for hemi in self.surface.hemispheres:
            n = self.surface.n_vertices(hemi)
            for m in self.maps:
                _check_vertices(f"map {m.name} {hemi}", m.values(hemi), n)
            for labels in self.labels:
                side = labels.left if hemi == "left" else labels.right
                _check_vertices(f"labels {labels.title} {hemi}", side, n)

    @property
    def start_maps(self) -> tuple[ViewerMap, ...]:
        """Maps that are shown first."""
        shown = [m for name in self.panes for m in self.maps if m.name == name]
        return tuple(shown or self.maps[:1])

    @property
    def fallback(self) -> Blob | None:
        """The still picture as a blob."""
        if self.fallback_png is None:
            return None
        picture = np.frombuffer(self.fallback_png, dtype=np.uint8)
        return Blob.of("fallback", {"picture": picture}, {})

    def blobs(self) -> dict[str, Blob]:
        """Return every blob by hash: all shapes, maps (as sent and exact) and labels."""
        parts = [self.surface.topology, colour_blob(), *(s.blob for s in self.surface.shapes)]
        parts += [labels.blob for labels in self.labels]
        parts += [b for m in self.maps for b in (m.wire_blob, m.exact_blob)]
        if self.fallback is not None:
            parts.append(self.fallback)
        return {blob.hash: blob for blob in parts}

    def start_hashes(self) -> list[str]:
        """Return the hashes that the first picture needs."""
        parts = [self.surface.topology, colour_blob(), *(s.blob for s in self.surface.shapes)]
        parts += [labels.blob for labels in self.labels]
        parts += [m.wire_blob for m in self.start_maps]
        if self.fallback is not None:
            parts.append(self.fallback)
        return [blob.hash for blob in parts]


@dataclass(frozen=True, eq=False)
class Blob:
    """Arrays that travel together, named by the hash of their content."""

    hash: str
    kind: str
    arrays: Mapping[str, AnyArray]
    meta: Mapping[str, Any]

    @classmethod
    def of(cls, kind: str, arrays: Mapping[str, AnyArray], meta: Mapping[str, Any]) -> Blob:
        """Name arrays and facts by their content."""
        digest = hashlib.blake2b(digest_size=9)
        digest.update(json.dumps([kind, meta], sort_keys=True).encode())
        for name, array in arrays.items():
            digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return cls(digest.hexdigest(), kind, arrays, meta)

    @property
    def n_bytes(self) -> int:
        """Bytes of all arrays."""
        return sum(a.nbytes for a in self.arrays.values())


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
    fallback = scene.fallback
    return {
        "key": key,
        "height": height,
        "title": scene.title,
        "provenance": scene.provenance,
        "simulated": scene.simulated,
        "surface": scene.surface.name,
        "topology": scene.surface.topology.hash,
        "geometries": [_shape_entry(s) for s in scene.surface.shapes],
        "luts": colour_blob().hash,
        "maps": [_map_entry(m) for m in scene.maps],
        "labels": [{"name": s.title, "hash": s.blob.hash} for s in scene.labels],
        "fallback": fallback.hash if fallback is not None else None,
        "marked": [
            {"hemi": hemi, "vertices": np.asarray(vertices).astype(int).tolist()}
            for hemi, vertices in scene.marked.items()
        ],
        "view": {
            "view": scene.view,
            "geometry": scene.shape or scene.surface.shapes[0].name,
            "panes": [names.index(m.name) for m in scene.start_maps],
            "shared": scene.shared_range,
            "labels": scene.region_style,
        },
    }


def pack(header: Mapping[str, Any], blobs: Collection[Blob]) -> bytes:
    """Pack a header and blobs into one container.

    Parameters
    ----------
    header : mapping
        Plain values that JSON can hold.
    blobs : collection of Blob
        What the receiver does not have yet.

    Returns
    -------
    bytes
    """
    entries, chunks, at = [], [], 0
    for blob in blobs:
        listed = []
        for name, array in blob.arrays.items():
            code = _code(array)
            data = np.ascontiguousarray(array, dtype=_DTYPE_CODES[code]).tobytes()
            listed.append({"name": name, "dtype": code, "offset": at, "count": int(array.size)})
            chunks.append(data + bytes(-len(data) % _ALIGN))
            at += len(chunks[-1])
        entry = {"hash": blob.hash, "kind": blob.kind, "meta": dict(blob.meta), "arrays": listed}
        packing = blob.meta.get("packing")
        entries.append(entry | ({"packing": packing} if packing else {}))
    text = json.dumps({**header, "blobs": entries}, separators=(",", ":"), allow_nan=False)
    head = text.encode()
    return b"".join([struct.pack("<I", len(head)), head, bytes(-(4 + len(head)) % _ALIGN), *chunks])


def unpack(container: bytes) -> tuple[dict[str, Any], dict[str, Blob]]:
    """Take a container apart again; the reverse of :func:`pack`.

    Returns
    -------
    tuple of dict and dict
        The header and the blobs by hash.
    """
    (length,) = struct.unpack_from("<I", container)
    header: dict[str, Any] = json.loads(container[4 : 4 + length])
    base = 4 + length + (-(4 + length) % _ALIGN)
    blobs = {}
    for entry in header.pop("blobs"):
        arrays = {
            a["name"]: np.frombuffer(
                container, _DTYPE_CODES[a["dtype"]], a["count"], base + a["offset"]
            )
            for a in entry["arrays"]
        }
        blobs[entry["hash"]] = Blob(entry["hash"], entry["kind"], arrays, entry["meta"])
    return header, blobs


def colour_blob() -> Blob:
    """Return all colour maps and the two-dimensional one."""
    tables = {name: palettes.colour_map(name).ravel() for name in palettes.MAP_NAMES}
    titles = {**palettes.SEQUENTIAL, **palettes.DIVERGING}
    entries = [
        {"name": n, "label": titles[n][1], "width": 256, "height": 1} for n in palettes.MAP_NAMES
    ]
    plane = palettes.colour_plane()
    size = len(plane)
    entries.append({"name": "plane", "label": "Two maps", "width": size, "height": size})
    return Blob.of("luts", {**tables, "plane": plane.ravel()}, {"luts": entries})


def _shape_entry(shape: ViewerShape) -> dict[str, Any]:
    """Describe a shape in the header."""
    entry = {"name": shape.name, "label": shape.label, "hash": shape.blob.hash}
    return {**entry, "flat": shape.flat}


def _map_entry(viewer_map: ViewerMap) -> dict[str, Any]:
    """Describe a map in the header."""
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
        "kind": viewer_map.kind,
        "hash": viewer_map.wire_blob.hash,
        "exact": viewer_map.exact_blob.hash if rounded else None,
        "range": list(map(float, viewer_map.value_range)) if viewer_map.value_range else None,
        "threshold": threshold,
        "centre": float(viewer_map.centre),
        "colours": viewer_map.colour_name,
        "categories": categories or None,
    }


def _check_vertices(what: str, values: AnyArray | None, n_vertices: int) -> None:
    """Require one entry a vertex where there are entries."""
    if values is not None:
        fix = "map the values to the surface's vertices"
        check_length(what, len(values), n_vertices, unit="vertices", fix=fix)


def _scaled_depth(depth: AnyArray) -> npt.NDArray[np.uint8]:
    """Return depth over its 95th absolute percentile as 64ths around 128; 128 where unknown."""
    clean = np.nan_to_num(np.asarray(depth, dtype=np.float32))
    scale = float(np.percentile(np.abs(clean), 95)) or 1.0
    return np.clip(np.round(128 + 64 * clean / scale), 0, 255).astype(np.uint8)


def _as_wire(values: Float32Array, dtype: str) -> AnyArray:
    """Convert values, refusing to let a finite one overflow."""
    with np.errstate(over="ignore"):
        out = values.astype(dtype)
    if np.isinf(out[np.isfinite(values)]).any():
        found = f"{float(np.nanmax(np.abs(values)))}"
        raise InputError("map values", "sizes that float16 holds", found, 'use wire="float32"')
    return out


def _code(array: AnyArray) -> str:
    """Return the container's name of an array type."""
    code = f"{array.dtype.kind}{array.dtype.itemsize}"
    check_choice("array type", code, tuple(_DTYPE_CODES))
    return code
