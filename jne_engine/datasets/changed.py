"""A dataset with one thing changed, to learn how far its results can be trusted.

Each change keeps all columns and stimuli in place, so that results stand side by side.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.datasets.dataset import EncodingDataset, Splits

Change = Literal["first half", "second half", "pairing shuffled"]
CHANGES: tuple[Change, ...] = get_args(Change)
ALONE = " alone"
"""Ends the change that keeps one ROI's voxels: ``"V1 alone"``."""
SEED = 0
"""Of the halves and of shuffled pairings: the two halves must be each other's rest."""


def change_dataset(dataset: EncodingDataset, change: str) -> EncodingDataset:
    """Return a dataset with one thing changed, which its name tells.

    Parameters
    ----------
    dataset : EncodingDataset
    change : str
        ``"first half"`` or ``"second half"``: half of the stimuli of each split, by chance, so
        that the two have no stimulus in common. ``"pairing shuffled"``: responses belong to
        other stimuli of the same split, so that nothing is left to predict. ``"V1 alone"``, of
        any ROI: other voxels count as missing.

    Raises
    ------
    InputError
        If there is no such change or ROI, or a split has fewer than two stimuli.
    """
    if change.endswith(ALONE):
        changed = _keep_roi(dataset, change.removesuffix(ALONE))
    else:
        check_choice("change", change, (*CHANGES, f"an ROI and {ALONE.strip()}"))
        work = _shuffle if change == "pairing shuffled" else _halve
        changed = work(dataset, change)
    provenance = replace(
        dataset.provenance, notes=(*dataset.provenance.notes, f"Changed on purpose: {change}.")
    )
    return replace(changed, name=f"{dataset.name} [{change}]", provenance=provenance)


def split_name(name: str) -> tuple[str, str]:
    """Return a dataset's own name and the change that it tells, ``""`` where it is whole."""
    base, found, change = name.removesuffix("]").rpartition(" [")
    is_change = found and name.endswith("]") and (change in CHANGES or change.endswith(ALONE))
    return (base, change) if is_change else (name, "")


def _halve(dataset: EncodingDataset, change: str) -> EncodingDataset:
    rng = np.random.default_rng(SEED)
    which = CHANGES.index(change)
    halves: dict[str, IntArray] = {}
    for name in ("train", "validation", "test"):
        rows = getattr(dataset.splits, name)
        if rows.size < 2:
            raise InputError(
                f"{name} split", "2 stimuli or more", str(rows.size), "do not halve it"
            )
        drawn = rng.permutation(rows.size)
        halves[name] = np.sort(drawn[which::2])
    splits = Splits(**{name: getattr(dataset.splits, name)[kept] for name, kept in halves.items()})
    repeats = dataset.test_repeats
    kept = None if repeats is None else repeats[:, halves["test"]]
    return replace(dataset, splits=splits, test_repeats=kept)


def _shuffle(dataset: EncodingDataset, change: str) -> EncodingDataset:
    del change
    rng = np.random.default_rng(SEED)
    order, repeats = np.arange(dataset.n_stimuli), dataset.test_repeats
    for name in ("train", "validation", "test"):
        rows = getattr(dataset.splits, name)
        drawn = rng.permutation(rows.size)
        order[rows] = rows[drawn]
        if name == "test" and repeats is not None:
            repeats = repeats[:, drawn]
    return replace(dataset, responses=dataset.responses[order], test_repeats=repeats)


def _keep_roi(dataset: EncodingDataset, roi: str) -> EncodingDataset:
    sets = tuple(dataset.roi_sets.values())
    names = dict.fromkeys(name for rois in sets for name in rois.names)
    check_choice("ROI", roi, tuple(names))
    mask = next(rois.mask(roi) for rois in sets if roi in rois.names)
    responses = np.where(mask, dataset.responses, np.float32(np.nan))
    return replace(dataset, responses=responses)
