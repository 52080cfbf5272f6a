"""From a copy of the Natural Scenes Dataset to one folder a subject.

References
----------
Allen et al. (2022), Nat. Neurosci. 25, 116-126; Gao et al., arXiv 2510.13688, section 4.1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from jne_engine.core.progress import StageProgress, ignore_stages
from jne_engine.cortex.projection import Projection
from jne_engine.cortex.spaces import VolumeSpace
from jne_engine.datasets.ceilings import ceiling_from_ncsnr, ceiling_from_repeats
from jne_engine.datasets.dataset import InputRecord
from jne_engine.datasets.drawn import read_anatomy
from jne_engine.datasets.folder import ImportedParts, ImportFolder, check_free, create_folder
from jne_engine.datasets.nsd.betas import open_betas
from jne_engine.datasets.nsd.ceiling import choose_ceiling, read_ncsnr
from jne_engine.datasets.nsd.images import read_images, read_objects, read_stimulus_info
from jne_engine.datasets.nsd.maps import find_ncsnr, find_valid, read_map
from jne_engine.datasets.nsd.plan import NsdPlan, NsdRequest, plan_nsd
from jne_engine.datasets.nsd.projection import read_nsd_projection
from jne_engine.datasets.responses import (
    N_REPEATS,
    RepeatCollector,
    StreamedResponses,
    stream_responses,
)
from jne_engine.datasets.stimuli import shrink_pictures, tabulate_categories
from jne_engine.formats.guard import find_absent, hash_file, printable

_SCRATCH: Final = "repeats.scratch.npy"


def import_nsd(request: NsdRequest, out: Path, *, report: StageProgress = ignore_stages) -> Path:
    """Import one subject of NSD into a new folder.

    Parameters
    ----------
    request : NsdRequest
        What to import.
    out : pathlib.Path
        Folder to make; nothing may have its name.
    report : callable, optional
        Called as ``report(stage, done, total)``.

    Returns
    -------
    pathlib.Path
        The folder, complete.

    Raises
    ------
    InputError
        If a file is missing, broken, or contradicts another.
    StoreError
        If the disk is full or not writable.

    Notes
    -----
    Betas are streamed run by run and summed on disk; see
    :func:`~jne_engine.datasets.responses.stream_responses` for what stays in memory.
    """
    check_free(out)
    plan = plan_nsd(request)
    outside = _count_outside(plan)
    with create_folder(out) as folder:
        # Small files before hours of betas, so that a broken one is known at once.
        projection = _read_projection(plan)
        anatomy, drawn = read_anatomy(request.anatomy, plan.columns.space)
        table, notes = _write_stimuli(plan, folder, report)
        streamed, ceiling_notes = _write_responses(plan, folder, report)
        parts = ImportedParts(
            name="NSD",
            subject=plan.tree.label,
            source=f"Natural Scenes Dataset, {plan.tree.label}, {request.betas} in {request.space}",
            image_ids=plan.trials.image_ids,
            stimuli=table,
            splits=plan.splits,
            space=plan.columns.space,
            roi_sets=plan.roi_sets,
            trials=plan.trials,
            projection=projection,
            anatomy=anatomy,
            standardisation="global" if request.normalise == "run-training" else "within-run",
        )
        told = (*plan.notes, *plan.problems, *ceiling_notes, *notes, *drawn)
        told += (*_count_broken(plan, streamed), *outside)
        told += () if projection is None else (projection.note,)
        folder.finish(parts, told, _hash_inputs(plan, streamed))
    return out


def _read_projection(plan: NsdPlan) -> Projection | None:
    space = plan.columns.space
    return read_nsd_projection(plan.tree, space) if isinstance(space, VolumeSpace) else None


def _write_responses(
    plan: NsdPlan, folder: ImportFolder, report: StageProgress
) -> tuple[StreamedResponses, tuple[str, ...]]:
    n_columns = plan.columns.n_columns
    path = folder.create_responses(plan.trials.image_ids.size, n_columns)
    stream = plan.open_stream()
    kind, note = choose_ceiling(plan)
    collector = None
    if kind == "repeats":
        scratch = folder.path / _SCRATCH
        test = plan.splits.test
        repeated = test[plan.trials.presentations[test] == N_REPEATS]
        collector = RepeatCollector(scratch, plan.trials, repeated, n_columns)
    elif kind == "ncsnr":  # before the betas, so that a wrong map is known at once
        shown = plan.trials.presentations[plan.splits.test]
        folder.write_ceiling(ceiling_from_ncsnr(read_ncsnr(plan), shown))
    also = collector.take if collector else None
    streamed = stream_responses(stream, path, also=also, report=report)
    if collector is not None:
        folder.write_ceiling(ceiling_from_repeats(collector.read()))
        (folder.path / _SCRATCH).unlink()
    return streamed, (note,)


def _write_stimuli(
    plan: NsdPlan, folder: ImportFolder, report: StageProgress
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    ids, tree, notes = plan.trials.image_ids, plan.tree, tuple[str, ...]()
    objects = None
    if not (absent := find_absent(tree.stimulus_info)):
        objects, notes = read_objects(tree, read_stimulus_info(tree), ids)
    else:
        notes = (f"no categories: {tree.stimulus_info.name} {absent}",)
    if plan.request.pictures and not (absent := find_absent(tree.images)):
        folder.write_thumbnails(shrink_pictures(read_images(tree.images, ids), ids.size, report))
    elif plan.request.pictures:
        notes += (f"no pictures: {tree.images.name} {absent}",)
    return tabulate_categories(ids, objects), notes


def _count_broken(plan: NsdPlan, streamed: StreamedResponses) -> tuple[str, ...]:
    """Count columns with NaN or without variance."""
    kind, broken = "vertices" if plan.tree.is_surface else "voxels", int((~streamed.finite).sum())
    why = "NaN or no variance within a run"
    note = f"{broken} of {streamed.finite.size} {kind} have {why} and are masked"
    return (note,) if broken else ()


def _count_outside(plan: NsdPlan) -> tuple[str, ...]:
    if plan.tree.is_surface:
        return ()
    n_positions = open_betas(plan.sessions[0].files[0]).n_positions
    invalid = np.zeros(plan.columns.n_columns, dtype=np.bool_)
    for session in plan.sessions:
        path = find_valid(plan.tree, session.session)
        if path is not None:
            invalid |= plan.columns.take((read_map(path, n_positions),)) == 0
    note = f"{int(invalid.sum())} voxels are outside the valid mask of a session"
    return (note,) if invalid.any() else ()


def _hash_inputs(plan: NsdPlan, streamed: StreamedResponses) -> tuple[InputRecord, ...]:
    """Return the hashes of betas and of the experiment's own files."""
    tree = plan.tree
    small = [tree.responses, tree.design, tree.stimulus_info, *find_ncsnr(tree)]
    small += [] if plan.request.anatomy is None else [plan.request.anatomy]
    there = [path for path in small if path.exists()]
    records = (InputRecord(printable(path.name), hash_file(path)) for path in there)
    return (*streamed.inputs, *records)
