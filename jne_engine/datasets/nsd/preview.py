"""What an import of NSD would do, told from small files and one run of betas."""

from __future__ import annotations

import time
from typing import Final

from jne_engine.datasets.drawn import read_anatomy
from jne_engine.datasets.nsd.betas import BetaFile, open_betas
from jne_engine.datasets.nsd.ceiling import choose_ceiling
from jne_engine.datasets.nsd.maps import find_ncsnr
from jne_engine.datasets.nsd.plan import NsdPlan, NsdRequest, plan_nsd
from jne_engine.datasets.preview import BASE_BYTES, Preview, count_rois
from jne_engine.datasets.stimuli import THUMBNAIL_PIXELS
from jne_engine.datasets.trials import count_presentations
from jne_engine.formats.guard import find_absent

RUN_PRECISIONS: Final = 32
"""Bytes a value of a run takes while it is z-scored: stored, float32, float64 twice, masks."""


def preview_nsd(request: NsdRequest, *, measure: bool = True) -> Preview:
    """Tell what an import of NSD would do, from small files and one run of betas.

    Parameters
    ----------
    request : NsdRequest
        What to import.
    measure : bool
        Read one run of the first session to estimate the time.

    Raises
    ------
    InputError
        If the import could not begin.
    """
    plan = plan_nsd(request)
    plan.open_stream()
    _, drawn = read_anatomy(request.anatomy, plan.columns.space)
    trials, splits = plan.trials, plan.splits
    return Preview(
        kind=f"NSD {request.betas}",
        subject=plan.tree.label,
        space=request.space,
        found=_describe_files(plan),
        sessions_present=tuple(s.session for s in plan.sessions),
        sessions_missing=plan.sessions_missing,
        n_trials=len(trials),
        n_images=trials.image_ids.size,
        n_voxels=plan.columns.n_columns,
        presentations=count_presentations(trials.presentations),
        n_train=splits.train.size,
        n_validation=splits.validation.size,
        n_test=splits.test.size,
        roi_counts=count_rois(plan.roi_sets),
        disk_bytes=_disk_bytes(plan),
        memory_bytes=_memory_bytes(plan),
        read_bytes=sum(file.stat().st_size for s in plan.sessions for file in s.files),
        seconds=_measure_seconds(plan) if measure else None,
        notes=(*plan.notes, choose_ceiling(plan)[1], *drawn),
        problems=(*plan.problems, *_missing_files(plan)),
    )


def _missing_files(plan: NsdPlan) -> tuple[str, ...]:
    tree = plan.tree
    wanted = {"pictures": tree.images, "categories": tree.stimulus_info}
    problems = [f"no {what}: {path.name} {find_absent(path)}" for what, path in wanted.items()
                if find_absent(path)]  # fmt: skip
    if not find_ncsnr(tree):
        problems.append("no ncsnr beside the betas")
    return tuple(problems)


def _describe_files(plan: NsdPlan) -> dict[str, str]:
    tree = plan.tree
    found = {}
    for path in plan.sessions[0].files:
        betas = open_betas(path)
        scale = f"÷{betas.divisor}" if betas.divisor > 1 else "as they are"
        found[path.name] = f"{betas.n_trials} trials × {betas.grid}, {betas.dtype.name}, {scale}"
    for path in (tree.responses, tree.design, tree.stimulus_info, tree.images, *find_ncsnr(tree)):
        if path.exists():
            found[path.name] = "found"
    return found


def _measure_seconds(plan: NsdPlan) -> float:
    session = plan.sessions[0]
    runs = plan.trials.runs(session.session)
    start = time.perf_counter()
    betas = plan.open_stream().read_session(session)
    trials, _, _ = next(betas)
    betas.close()
    whole = open_betas(session.files[0]).reads_whole_session(runs)
    n_trials = sum(run.stop - run.start for run in runs) if whole else trials.size
    parts = len(plan.columns.parts)
    return (time.perf_counter() - start) / n_trials * len(plan.trials) * parts


def _disk_bytes(plan: NsdPlan) -> int:
    n_images, n_columns = plan.trials.image_ids.size, plan.columns.n_columns
    pictures = plan.request.pictures and plan.tree.images.exists()
    masks = sum(int(r.masks.size) for r in plan.roi_sets)
    per_image = 4 * n_columns + (3 * THUMBNAIL_PIXELS**2 if pictures else 0)
    return int(n_images * per_image + masks)


def _memory_bytes(plan: NsdPlan) -> int:
    """Return about the peak of memory: a run in several precisions, a session's rows, masks."""
    longest = max(run.stop - run.start for run in plan.trials.runs())
    widest = max(part.size for part in plan.columns.parts)
    session = max(len(plan.trials.take_sessions((s.session,))) for s in plan.sessions)
    stored = max(_stored_bytes(plan, open_betas(f), longest) for f in plan.sessions[0].files)
    rows = session * plan.columns.n_columns * 4
    masks = sum(int(r.masks.size) for r in plan.roi_sets)
    return int(BASE_BYTES + longest * widest * RUN_PRECISIONS + stored + rows + masks)


def _stored_bytes(plan: NsdPlan, betas: BetaFile, longest: int) -> int:
    if not betas.reads_whole_session(plan.trials.runs(plan.sessions[0].session)):
        return 2 * betas.run_bytes(longest)
    return int(betas.n_trials * plan.columns.n_columns * betas.dtype.itemsize)
