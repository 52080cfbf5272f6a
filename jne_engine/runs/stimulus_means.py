"""Means of JNE-SS over stimuli and over voxels, kept so that no page reads all of JNE-SS for one.

A run keeps the maps of its labels' categories and each stimulus's mean in every place, written with
JNE-SS itself. What is asked for later (clusters, a person's selections, runs stored before) is kept
beside the runs::

    <runs>/means/<run id>/<name>/arrays.zarr

A name is made of content (which stimulus is in which group, which voxel in which place), so that no
mean is ever shown for other groups than its own.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import BoolArray, Float32Array, Float64Array
from jne_engine.core.disk import partial_folder, sync_folder, sync_tree, telling_disk_errors
from jne_engine.cortex.spaces import RoiSet
from jne_engine.runs.folder import locate_means
from jne_engine.runs.grouping import group_labels
from jne_engine.runs.store import (
    CHUNK_STIMULI,
    Run,
    RunFolder,
    StageReader,
    StageWriter,
    read_roi_sets,
    read_stimuli,
)

JNE_SS: Final = "jne_ss"
STAGE: Final = "dispersion"
STIMULI_A_MAP: Final = 4
"""A run keeps its categories' maps where it has so many stimuli a category or more: they take a
quarter of JNE-SS at most."""
QUICK_VALUES: Final = 180_000_000
"""Values of JNE-SS that a page may read: about a second on two cores."""


def name_maps(members: BoolArray) -> str:
    """Return the name of the mean maps of groups of stimuli, (n_stimuli, n_groups)."""
    return f"maps-{_digest(members)}"


def name_places(masks: BoolArray) -> str:
    """Return the name of the stimuli's means over places, (n_places, n_voxels)."""
    return f"places-{_digest(masks)}"


def compute_maps(stage: StageReader, members: BoolArray) -> Float32Array:
    """Return the mean JNE-SS of groups of stimuli at every response column.

    Parameters
    ----------
    stage : StageReader
        Holds JNE-SS.
    members : numpy.ndarray of bool, shape (n_stimuli, n_groups)
        No group is empty.

    Returns
    -------
    numpy.ndarray of float32, shape (n_groups, n_voxels)
        Summed in float64; NaN at invalid voxels. One pass over the stimuli that are in a group.
    """
    sums = stage.sum_rows(JNE_SS, members)
    return np.asarray(sums / members.sum(axis=0)[:, None], dtype=np.float32)


def compute_place_means(stage: StageReader, masks: BoolArray) -> Float64Array:
    """Return each stimulus's JNE-SS averaged over places.

    Parameters
    ----------
    stage : StageReader
        Holds JNE-SS.
    masks : numpy.ndarray of bool, shape (n_places, n_voxels)
        Valid voxels only.

    Returns
    -------
    numpy.ndarray of float64, shape (n_stimuli, n_places)
        NaN for a place without voxels. One pass over the columns that are in a place.
    """
    sums, sizes = stage.sum_columns(JNE_SS, masks), masks.sum(axis=1)
    means = np.full(sums.shape, np.nan)
    return np.asarray(np.divide(sums, sizes, out=means, where=sizes > 0))


def stack_places(significant: BoolArray, rois: RoiSet | None) -> BoolArray:
    """Return the significant voxels of the whole brain and of each ROI, one row each."""
    masks = [] if rois is None else [significant & mask for mask in rois.masks]
    return np.stack([significant, *masks])


def find_means(run: Run, name: str) -> StageReader | None:
    """Return where means of this name are kept, in the run or beside it; None where nowhere."""
    for stage in (run.stage(STAGE), StageReader(locate_means(run.path) / name, files=None)):
        if stage.has_array(name):
            return stage
    return None


def count_values(run: Run, members: BoolArray) -> int:
    """Return how many values of JNE-SS are read for groups of stimuli: whole blocks of them."""
    starts = np.arange(0, len(members), CHUNK_STIMULI)
    used = np.logical_or.reduceat(members.any(axis=1), starts)
    return int(used.sum()) * CHUNK_STIMULI * run.manifest.counts["n_voxels"]


def write_run_means(folder: RunFolder, stage: StageWriter, fdr_q: float) -> None:
    """Add to the stage that holds JNE-SS what pages ask of it first.

    Parameters
    ----------
    folder : RunFolder
        Holds the stages before.
    stage : StageWriter
        Holds JNE-SS, complete.
    fdr_q : float
        Voxels below it are significant.
    """
    source, dataset = StageReader(stage.folder, files=None), folder.read_stage("dataset")
    stimuli = read_stimuli(dataset)
    labelled = [stimuli.table[column].astype(str).tolist() for column in stimuli.category_columns]
    groups = [group_labels(labels, name="", how="").members for labels in labelled]
    few = [each for each in groups if 0 < each.shape[1] * STIMULI_A_MAP <= len(each)]
    significant = folder.read_stage("scores").read_array("q_nonlinear") < fdr_q
    sets: list[RoiSet | None] = list(read_roi_sets(dataset).values())
    places = [stack_places(significant, rois) for rois in sets or [None]]
    # Two columns or ROI sets may be the same groups: they have one name.
    for name, members in {name_maps(each): each for each in few}.items():
        stage.write_array(name, compute_maps(source, members))
    for name, masks in {name_places(each): each for each in places}.items():
        stage.write_array(name, compute_place_means(source, masks))


def keep_means(run: Run, name: str, values: npt.NDArray[Any]) -> Path:
    """Keep means beside the runs, whole or not at all, and return their folder.

    Raises
    ------
    StoreError
        If the disk is full or not writable.
    """
    place = locate_means(run.path) / name
    with telling_disk_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        with partial_folder(place) as folder:
            StageWriter(folder).write_array(name, values)
            sync_tree(folder)
            if not place.exists():
                folder.rename(place)
                sync_folder(place.parent)
    return place


def _digest(groups: BoolArray) -> str:
    content = str(groups.shape).encode() + np.packbits(groups).tobytes()
    return hashlib.sha256(content).hexdigest()[:20]
