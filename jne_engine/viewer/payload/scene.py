"""Everything that one viewer shows, and which of it the first picture needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from jne_engine.core import palettes
from jne_engine.core.arrays import AnyArray
from jne_engine.core.checks import check_choice, check_length, check_unique
from jne_engine.cortex.spaces import Hemisphere
from jne_engine.viewer.payload.blobs import Blob
from jne_engine.viewer.payload.labels import ViewerLabels
from jne_engine.viewer.payload.maps import ViewerMap
from jne_engine.viewer.payload.surface import ViewerSurface

View = Literal["lateral", "medial", "dorsal", "ventral", "anterior", "posterior", "grid", "pair"]

VIEWS: tuple[View, ...] = (
    "lateral",
    "medial",
    "dorsal",
    "ventral",
    "anterior",
    "posterior",
    "grid",
    "pair",
)


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
    note : str
        What a page must say beside the viewer, for instance which vertices are not shown.
    simulated : bool
        True stamps SIMULATED on the viewer and on every export.
    labels : tuple of ViewerLabels
        Region sets; the first is drawn, all are read out.
    view : str
        View to begin with.
    fit : bool
        Begin fitted to the data, not to the whole brain.
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
    selected : mapping of hemisphere to sequence of int
        Vertices that a new viewer begins with as the reader's selection.
    readout : tuple of str
        Names of maps that the hover reads out beside the shown ones; they travel at the start.
    run : str
        What saved pictures are named after; the title where it is empty.

    Raises
    ------
    InputError
        If a map or label set does not have the surface's vertices, or a name is unknown.
    """

    surface: ViewerSurface
    maps: tuple[ViewerMap, ...]
    title: str
    provenance: str
    note: str = ""
    simulated: bool = False
    labels: tuple[ViewerLabels, ...] = ()
    view: View = "lateral"
    fit: bool = False
    shape: str | None = None
    panes: tuple[str, ...] = ()
    shared_range: bool = False
    region_style: Literal["outline", "fill", "off"] = "outline"
    marked: Mapping[Hemisphere, AnyArray] = field(default_factory=lambda: MappingProxyType({}))
    selected: Mapping[Hemisphere, Sequence[int]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    readout: tuple[str, ...] = ()
    run: str = ""

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
                if m.dimmed_by:
                    check_choice(f"opacity of map {m.name}", m.dimmed_by, names)
            for labels in self.labels:
                side = labels.left if hemi == "left" else labels.right
                _check_vertices(f"labels {labels.title} {hemi}", side, n)

    @property
    def start_maps(self) -> tuple[ViewerMap, ...]:
        """Maps that are shown first."""
        shown = [m for name in self.panes for m in self.maps if m.name == name]
        return tuple(shown or self.maps[:1])

    def blobs(self) -> dict[str, Blob]:
        """Return every blob by hash: all shapes, maps (as sent and exact) and labels."""
        parts = [self.surface.topology, colour_blob(), *(s.blob for s in self.surface.shapes)]
        parts += [labels.blob for labels in self.labels]
        parts += [b for m in self.maps for b in (m.wire_blob, m.exact_blob)]
        return {blob.hash: blob for blob in parts}

    def start_hashes(self) -> list[str]:
        """Return the hashes that the first picture needs."""
        parts = [self.surface.topology, colour_blob(), *(s.blob for s in self.surface.shapes)]
        parts += [labels.blob for labels in self.labels]
        parts += [m.wire_blob for m in self.start_maps]
        early = {*self.readout, *(m.dimmed_by for m in self.start_maps)}
        parts += [m.wire_blob for m in self.maps if m.name in early]
        return [blob.hash for blob in parts]


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


def _check_vertices(what: str, values: AnyArray | None, n_vertices: int) -> None:
    if values is not None:
        fix = "map the values to the surface's vertices"
        check_length(what, len(values), n_vertices, unit="vertices", fix=fix)
