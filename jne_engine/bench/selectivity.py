"""What the selectivity page asks for: one map or one profile of a large run, and an embedding."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import time_once
from jne_engine.runs.embedding import EmbeddingSettings, compute_embedding, count_threads
from jne_engine.runs.stimulus_means import JNE_SS, compute_maps, name_maps
from jne_engine.runs.store import CHUNK_STIMULI, CHUNK_VOXELS, StageReader, StageWriter

STORED: Final = (1000, 200_000)
"""Stimuli and voxels of the generated JNE-SS."""
N_READS: Final = 40
N_CATEGORIES: Final = 12
N_PASSES: Final = 3
EMBEDDED: Final = (10_000, 768)
"""Stimuli and features."""
N_GROUPS: Final = 40
VOXEL_STEP: Final = 2 * CHUNK_VOXELS

Axis = Literal["stimulus", "voxel"]


def measure_read(name: str, sizes: Sizes, axis: Axis, goal: Goal) -> Row:
    """Time reads of random rows or columns of JNE-SS from the store: their 95th percentile, ms.

    Before each read the system is told to drop the files from its cache; a disk's own cache, and
    that of a virtual machine's host, stay as they are.
    """
    del sizes
    with _store_jne_ss() as stage:
        milliseconds = np.quantile(_time_reads(stage.folder, axis), 0.95) * 1000
    n_stimuli, n_voxels = STORED
    how = (
        f"95th percentile of {N_READS} reads of a random {axis}, ms; {n_stimuli:,} stimuli x"
        f" {n_voxels:,} voxels in chunks of {CHUNK_STIMULI} x {CHUNK_VOXELS}, opened and verified"
        " anew, files dropped from the system's cache"
    )
    return Row(name, float(milliseconds), goal, how)


def measure_category_map(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time the first mean map of a category, read from the kept maps: 95th percentile, ms."""
    del sizes
    members = _draw_categories()
    array = name_maps(members)
    with _store_jne_ss() as stage:
        stage.write_array(array, compute_maps(StageReader(stage.folder, files=None), members))
        milliseconds = np.quantile(_time_reads(stage.folder, "stimulus", array), 0.95) * 1000
    how = f"95th percentile of {N_READS} first reads of a category's map, ms; {_tell(members)}"
    return Row(name, float(milliseconds), goal, how)


def measure_category_pass(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time one pass for the maps of groups that nobody has kept yet: a person's, older runs'."""
    del sizes
    members = _draw_categories()
    with _store_jne_ss() as stage:
        reader = StageReader(stage.folder, files=None)
        seconds = np.median([_time_pass(reader, members) for _ in range(N_PASSES)])
    how = f"median of {N_PASSES} passes over JNE-SS, nothing kept, seconds; {_tell(members)}"
    return Row(name, float(seconds), goal, how)


def _draw_categories() -> npt.NDArray[np.bool_]:
    """Return which of the generated stimuli are in which category; none is empty."""
    labels = np.random.default_rng(2).integers(N_CATEGORIES, size=STORED[0])
    members = labels[:, None] == np.arange(N_CATEGORIES)
    return np.asarray(members[:, members.any(axis=0)])


def _tell(members: npt.NDArray[np.bool_]) -> str:
    """Say how large the maps of categories are, and from where they are read."""
    n_stimuli, n_voxels = STORED
    size = f"{members.shape[1]} categories of {n_stimuli:,} stimuli x {n_voxels:,} voxels"
    return f"{size}, files dropped from the system's cache"


def _time_pass(stage: StageReader, members: npt.NDArray[np.bool_]) -> float:
    _drop_from_cache(stage.folder)
    return time_once(partial(compute_maps, stage, members))


def measure_embedding(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time the whole embedding of many stimuli: t-SNE twice, and all numbers of clusters."""
    del sizes
    n_stimuli, n_features = EMBEDDED
    rng = np.random.default_rng(0)
    centres = 2 * rng.standard_normal((N_GROUPS, n_features), dtype=np.float32)
    features = centres[rng.integers(N_GROUPS, size=n_stimuli)]
    features += rng.standard_normal(features.shape, dtype=np.float32)
    settings = EmbeddingSettings()
    with tempfile.TemporaryDirectory() as scratch:
        seconds = time_once(partial(compute_embedding, features, settings, Path(scratch), _ignore))
    how = (
        f"seconds; {n_stimuli:,} x {n_features} features, {N_GROUPS} groups: PCA, t-SNE 2-D and"
        f" 1-D, silhouettes of {settings.fewest} to {settings.most} clusters,"
        f" {count_threads()} threads"
    )
    return Row(name, seconds, goal, how)


@contextmanager
def _store_jne_ss() -> Iterator[StageWriter]:
    """Write squared normal values of another size at each voxel, block by block, for a while."""
    n_stimuli, n_voxels = STORED
    with tempfile.TemporaryDirectory() as scratch:
        stage = StageWriter(Path(scratch))
        array = stage.create_array(JNE_SS, STORED, np.float32)
        for start in range(0, n_voxels, VOXEL_STEP):
            rng = np.random.default_rng(start)
            width = min(VOXEL_STEP, n_voxels - start)
            scale = rng.gamma(2, 1, width).astype(np.float32)
            deviations = rng.standard_normal((n_stimuli, width), dtype=np.float32)
            array[:, start : start + width] = (deviations * scale) ** 2
        yield stage


def _time_reads(folder: Path, axis: Axis, array: str = JNE_SS) -> list[float]:
    rng, seconds = np.random.default_rng(1), []
    n_places = StageReader(folder, files=None).array(array).shape[axis == "voxel"]
    for place in rng.integers(n_places, size=N_READS):
        _drop_from_cache(folder)
        start = time.perf_counter()
        stage = StageReader(folder, files=None)
        if axis == "voxel":
            stage.read_array(array, (slice(None), int(place)))
        else:
            stage.read_row(array, int(place))
        seconds.append(time.perf_counter() - start)
    return seconds


def _drop_from_cache(folder: Path) -> None:
    """Tell the system that a folder's files need not stay in memory, where it can be told."""
    if not hasattr(os, "posix_fadvise"):
        return
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _ignore(step: str, done: int, total: int) -> None:
    """Take progress and do nothing with it."""
