"""What an export takes of a run: maps and labels, with all that a reader must know of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.analysis.maps import list_maps, read_all_roi_sets, read_map, read_significant
from jne_engine.core.arrays import Float32Array
from jne_engine.core.checks import check_choice
from jne_engine.core.palettes import NEUTRAL, TIER_COLOURS, region_colours
from jne_engine.cortex.spaces import TIERS, CorticalSpace, RoiSet, SurfaceSpace
from jne_engine.formats.guard import printable
from jne_engine.model.measures import Measure
from jne_engine.report.export.names import slug, tell_apart
from jne_engine.runs.store import Run, read_space

SIMULATED = "SIMULATED"
MASK = "significant"
"""The map that every export holds, so that no value travels without its test."""


@dataclass(frozen=True, eq=False)
class ExportMap:
    """One map of numbers.

    Parameters
    ----------
    info : Measure
        Name, unit and meaning.
    values : numpy.ndarray of float32, shape (n_voxels,)
        Value at every response column; NaN where there is none.
    voxels : str
        Which voxels hold values, in words.
    """

    info: Measure
    values: Float32Array
    voxels: str

    @property
    def name(self) -> str:
        """Name in files."""
        return self.info.name

    @property
    def formula(self) -> str:
        """How it is computed, ``""`` where the meaning says it all."""
        return self.info.formula

    @property
    def n(self) -> int:
        """How many voxels have a value."""
        return int(np.isfinite(self.values).sum())


@dataclass(frozen=True, eq=False)
class ExportLabels:
    """One labelling of the voxels.

    Parameters
    ----------
    name, title, explanation : str
        Name in files, shown to people, and where the labels come from.
    names, colours : tuple of str
        Name and ``"#rrggbb"`` of the labels 1, 2, …
    codes : numpy.ndarray of int32, shape (n_voxels,)
        Label of every response column, 0 for none.
    """

    name: str
    title: str
    explanation: str
    names: tuple[str, ...]
    colours: tuple[str, ...]
    codes: npt.NDArray[np.int32]

    @property
    def n(self) -> int:
        """How many voxels have a label."""
        return int((self.codes > 0).sum())


@dataclass(frozen=True, eq=False)
class RunContent:
    """What is exported of a run.

    Parameters
    ----------
    run : Run
    space : SurfaceSpace or VolumeSpace or None
        Where the response columns lie.
    maps : tuple of ExportMap
        The significance mask is always the last one.
    labels : tuple of ExportLabels
    significant_only : bool
        Whether values are NaN where a voxel is not significant.
    """

    run: Run
    space: CorticalSpace | None
    maps: tuple[ExportMap, ...]
    labels: tuple[ExportLabels, ...]
    significant_only: bool

    @property
    def simulated(self) -> bool:
        """Whether nothing of this was measured in a brain."""
        return self.run.manifest.simulated

    def stem(self, name: str) -> str:
        """Return the part of a file's name that names a map or labels, SIMULATED included."""
        return f"{SIMULATED}-{name}" if self.simulated else name

    def title(self, text: str) -> str:
        """Return a title, SIMULATED included."""
        return printable(f"{SIMULATED} {text}" if self.simulated else text)

    def map_title(self, item: ExportMap) -> str:
        """Return a map's title with its unit, SIMULATED included."""
        return self.title(item.info.axis)


def gather_content(
    run: Run, *, maps: tuple[str, ...] = (), significant: bool = False
) -> RunContent:
    """Read what an export takes of a run.

    Parameters
    ----------
    run : Run
        A complete run.
    maps : tuple of str
        Names of the maps to take, ``"roi"`` and ``"tier"`` among them; all where empty. The
        mask of significant voxels always comes along.
    significant : bool
        Replace the values of voxels that are not significant by NaN.

    Raises
    ------
    InputError
        If the run has no map of a name.
    """
    offered = {info.name: info for info in list_maps(run)}
    for name in maps:
        check_choice("map", name, tuple(offered))
    wanted = [info for name, info in offered.items() if not maps or name in maps]
    numeric = [info for info in wanted if info.is_numeric]
    taken = [_take_map(run, info, significant=significant) for info in numeric]
    labels = _take_labels(run, {info.name for info in wanted})
    masks = [_take_map(run, info, significant=False) for info in wanted
             if info.kind == "mask" and info.name != MASK]  # fmt: skip
    mask = _take_map(run, offered[MASK], significant=False)
    space = read_space(run.stage("dataset"))
    return RunContent(run, space, (*taken, *masks, mask), labels, significant)


def describe_space(space: CorticalSpace | None) -> dict[str, Any]:
    """Return where the columns lie as plain values."""
    if space is None:
        return {"kind": "unknown"}
    if isinstance(space, SurfaceSpace):
        counts = {"n_left": int(space.left.size), "n_right": int(space.right.size)}
        return {"kind": "surface", "surface": space.surface, **counts}
    affine = np.asarray(space.affine, dtype=np.float64).tolist()
    return {"kind": "volume", "name": space.name, "shape": list(space.shape), "affine": affine}


def _take_map(run: Run, info: Measure, *, significant: bool) -> ExportMap:
    values = read_map(run, info.name)
    if not significant:
        return ExportMap(info, values, "every voxel that has a value")
    shown = read_significant(run)
    masked = np.where(shown, values, np.float32(np.nan)).astype(np.float32)
    return ExportMap(info, masked, "significant voxels only")


def _take_labels(run: Run, wanted: set[str]) -> tuple[ExportLabels, ...]:
    sets = tuple(read_all_roi_sets(run).values())
    taken = []
    if "tier" in wanted:
        taken.append(_label_tiers(sets[0]))
    if "roi" in wanted:
        names = tell_apart(f"roi-{slug(rois.preset)}" for rois in sets)
        labelled = (_label_rois(rois) for rois in sets)
        taken += [replace(item, name=n) for item, n in zip(labelled, names, strict=True)]
    return tuple(taken)


def _label_rois(rois: RoiSet) -> ExportLabels:
    """Return one ROI set as labels; where ROIs overlap, the lowest of the hierarchy."""
    explanation = f"{rois.source.rstrip('.')}."
    if rois.approximate:
        explanation += " Approximate: stand-ins for functionally defined ROIs."
    n_shared = int((rois.masks.sum(axis=0) > 1).sum())
    if n_shared:
        explanation += f" {n_shared} voxels lie in several ROIs and carry the first one's label."
    names = tuple(printable(name) for name in rois.names)
    colours = region_colours(rois.names)
    title = f"ROI {rois.preset}"
    return ExportLabels("roi", title, explanation, names, colours, _paint(rois.masks))


def _label_tiers(rois: RoiSet) -> ExportLabels:
    """Return the tiers of an ROI set as labels; the lowest counts where they overlap."""
    masks = np.stack([rois.tier_mask(tier) for tier in TIERS])
    colours = tuple(TIER_COLOURS.get(tier, NEUTRAL) for tier in TIERS)
    explanation = f"Place of each ROI of {rois.preset} in the visual hierarchy."
    return ExportLabels("tier", "Tier", explanation, TIERS, colours, _paint(masks))


def _paint(masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Return the number, from 1, of each column's first mask; 0 for none."""
    codes = np.zeros(masks.shape[1], dtype=np.int32)
    for number, mask in reversed(list(enumerate(masks, start=1))):
        codes[mask] = number
    return codes
