"""Named ROIs of an NSD subject over the response columns, and the choice of columns by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jne_engine.core.arrays import BoolArray
from jne_engine.core.errors import InputError
from jne_engine.cortex.rois import HCP_MMP, NSD_FLOC_PRF, PRESETS, build_roi_set, stack_rois
from jne_engine.cortex.spaces import RoiSet
from jne_engine.cortex.surfaces import load_hcp_mmp
from jne_engine.datasets.columns import Columns
from jne_engine.datasets.nsd.layout import NsdTree
from jne_engine.datasets.nsd.roi_files import ATLASES, HCP_MMP1, LabelParts, read_labels

HEMISPHERES_PRESET = "hemispheres"

SOURCES: Mapping[str, str] = {
    "prf-visualrois": "NSD retinotopic ROIs, drawn by hand on pRF maps (Allen et al. 2022)",
    "floc-faces": "NSD functional localiser, faces (Allen et al. 2022)",
    "floc-bodies": "NSD functional localiser, bodies (Allen et al. 2022)",
    "floc-places": "NSD functional localiser, places (Allen et al. 2022)",
    "floc-words": "NSD functional localiser, words (Allen et al. 2022)",
    "streams": "NSD visual streams, drawn by hand (Allen et al. 2022)",
    "Kastner2015": "Probabilistic topographic areas (Wang et al. 2015, Cereb. Cortex 25, 3911)",
    HCP_MMP1: "HCP-MMP 1.0 (Glasser et al. 2016, Nature 536, 171-178), as NSD distributes it",
}
"""Where each collection of labels comes from."""


@dataclass(frozen=True, eq=False)
class SubjectLabels:
    """Every collection of labels that a copy holds for a subject and space.

    Parameters
    ----------
    collections : mapping of str to LabelParts
        By name.
    notes, problems : tuple of str
        What was decided, and what is missing.
    """

    collections: Mapping[str, LabelParts]
    notes: tuple[str, ...]
    problems: tuple[str, ...]


def read_subject_labels(tree: NsdTree) -> SubjectLabels:
    """Read all collections of labels that are there.

    Raises
    ------
    InputError
        If a file of labels cannot be read or its counterpart is missing.
    """
    found: dict[str, LabelParts] = {}
    for name in ATLASES:
        fallback = dict(enumerate(load_hcp_mmp().names)) if name == HCP_MMP1 else None
        labels = read_labels(tree, name, fallback=fallback)
        if labels is not None:
            found[name] = labels
    missing = [name for name in ATLASES if name not in found]
    problems = (f"no files of the ROIs {', '.join(missing)}",) if missing else ()
    notes = tuple(note for labels in found.values() for note in labels.notes)
    return SubjectLabels(found, notes, problems)


def select_rois(labels: SubjectLabels, wanted: Sequence[str]) -> tuple[BoolArray, ...]:
    """Return the positions of each part that carry any of the wanted labels.

    Parameters
    ----------
    labels : SubjectLabels
        What the copy holds.
    wanted : sequence of str
        Collections (``"streams"``), labels (``"floc-faces:FFA-1"``), or ROIs of the preset
        ``nsd-floc+prf`` (``"V1"``).

    Raises
    ------
    InputError
        If a name is none of these, or the copy lacks its collection.
    """
    pairs = [pair for name in wanted for pair in _resolve(labels, name)]
    first = next(iter(labels.collections.values()), None)
    masks = [np.zeros(part.size, dtype=np.bool_) for part in first.parts] if first else []
    for atlas, label in pairs:
        for mask, chosen in zip(masks, _label_parts(labels.collections[atlas], label), strict=True):
            mask |= chosen
    return tuple(masks)


def build_roi_sets(labels: SubjectLabels, columns: Columns) -> tuple[list[RoiSet], tuple[str, ...]]:
    """Build the presets of the paper's ten ROIs, then every collection, over the columns.

    Returns
    -------
    list of RoiSet
        Labels without a column are kept out.
    tuple of str
        Which labels were kept out, and which presets could not be built.
    """
    masks = {name: _masks(found, columns) for name, found in labels.collections.items()}
    sets, notes = _build_presets(masks)
    for name, by_label in masks.items():
        notes += _empty_note(name, [label for label, mask in by_label.items() if not mask.any()])
        sets += stack_rois(name, SOURCES[name], by_label)
    hemispheres = _build_hemispheres(labels, columns)
    return sets + ([hemispheres] if hemispheres else []), tuple(notes)


def _resolve(labels: SubjectLabels, name: str) -> list[tuple[str, str | None]]:
    """Return the (collection, label) pairs that a name stands for; None is every label."""
    atlas, _, label = name.partition(":")
    preset = {roi.name: roi.labels for roi in NSD_FLOC_PRF.rois}
    pairs: list[tuple[str, str | None]] = list(preset.get(name, ())) or [(atlas, label or None)]
    for collection, wanted in pairs:
        known = labels.collections.get(collection)
        if known is None or (wanted is not None and wanted not in known.names.values()):
            choices = ", ".join([*labels.collections, *preset])
            fix = "name a collection, COLLECTION:LABEL, or one of the ten ROIs"
            raise InputError("voxel selection", f"among {choices}", repr(name), fix)
    return pairs


def _label_parts(found: LabelParts, label: str | None) -> tuple[BoolArray, ...]:
    if label is None:
        return tuple(part > 0 for part in found.parts)
    numbers = [number for number, name in found.names.items() if name == label]
    return tuple(np.isin(part, numbers) for part in found.parts)


def _masks(found: LabelParts, columns: Columns) -> dict[str, BoolArray]:
    numbers = columns.take(found.parts)
    masks: dict[str, BoolArray] = {}
    for number, name in found.names.items():
        if number > 0:
            mask = masks.setdefault(name, np.zeros(columns.n_columns, dtype=np.bool_))
            mask |= numbers == number
    return masks


def _build_presets(
    masks: Mapping[str, Mapping[str, BoolArray]],
) -> tuple[list[RoiSet], list[str]]:
    """Build the presets whose collections are there; empty ROIs are kept out."""
    sets, notes = [], list[str]()
    named = {("HCP-MMP" if name == HCP_MMP1 else name): found for name, found in masks.items()}
    for preset in (NSD_FLOC_PRF, HCP_MMP):
        needed = {atlas for roi in PRESETS[preset.name].rois for atlas, _ in roi.labels}
        if not needed <= set(named):
            missing = ", ".join(sorted(needed - set(named)))
            notes.append(f"ROI preset {preset.name} left out, as {missing} is missing")
            continue
        whole = build_roi_set(preset.name, named)
        kept = [i for i, mask in enumerate(whole.masks) if mask.any()]
        empty = [whole.names[i] for i, mask in enumerate(whole.masks) if not mask.any()]
        notes += _empty_note(preset.name, empty)
        if kept:
            sets.append(_keep(whole, kept))
    return sets, notes


def _keep(rois: RoiSet, kept: list[int]) -> RoiSet:
    names, tiers = tuple(rois.names[i] for i in kept), tuple(rois.tiers[i] for i in kept)
    return RoiSet(rois.preset, rois.source, names, tiers, rois.masks[kept], rois.approximate)


def _empty_note(name: str, empty: list[str]) -> list[str]:
    shown = ", ".join(empty[:12]) + (f" and {len(empty) - 12} more" if len(empty) > 12 else "")
    return [f"{name}: no column in {shown}, kept out"] if empty else []


def _build_hemispheres(labels: SubjectLabels, columns: Columns) -> RoiSet | None:
    """Return the two hemispheres of a volume, as far as any label tells them apart."""
    sided = [found for found in labels.collections.values() if found.left is not None]
    if not sided:
        return None
    masks = np.zeros((2, columns.n_columns), dtype=np.bool_)
    for found in sided:
        for row, side in enumerate((found.left, found.right)):
            if side is not None:
                masks[row] |= columns.take((side,)) > 0
    source = "labelled voxels of the lh. and rh. ROI files"
    return RoiSet(HEMISPHERES_PRESET, source, ("left", "right"), (None, None), masks)
