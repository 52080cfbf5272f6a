"""From planned single trials to a folder that runs are made of.

Axes: t trial, i image, v column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import BoolArray, Float32Array
from jne_engine.core.progress import StageProgress, ignore_stages
from jne_engine.cortex.spaces import CorticalSpace, SurfaceSpace
from jne_engine.datasets.arrays.files import hash_inputs
from jne_engine.datasets.arrays.pairing import is_picture
from jne_engine.datasets.dataset import InputRecord
from jne_engine.datasets.folder import ImportedParts, ImportFolder, check_free, create_folder
from jne_engine.datasets.preview import BASE_BYTES, Preview, count_rois
from jne_engine.datasets.responses import RepeatCollector
from jne_engine.datasets.standardise import zscore
from jne_engine.datasets.stimuli import THUMBNAIL_PIXELS, shrink_pictures
from jne_engine.datasets.trial_plan import TrialPlan
from jne_engine.datasets.trials import count_presentations
from jne_engine.features.extraction.decoding import read_image
from jne_engine.model.scoring import compute_noise_ceiling

_SCRATCH: Final = "repeats.scratch.npy"


def preview_trials(plan: TrialPlan) -> Preview:
    """Tell what an import would do; betas are not read."""
    splits, n_images = plan.splits, plan.trials.image_ids.size
    n_columns = plan.betas.n_columns
    groups = plan.group()
    for group in groups:
        plan.fit_on(group)
    _, drawn = plan.read_anatomy()
    longest = max(rows.size for rows in groups)
    pictures = 3 * THUMBNAIL_PIXELS**2 if plan.images else 0
    return Preview(
        kind=plan.name,
        subject=plan.request.label,
        space=name_space(plan.space),
        found=plan.found,
        sessions_present=plan.trials.sessions,
        n_trials=len(plan.trials),
        n_images=n_images,
        n_voxels=n_columns,
        presentations=count_presentations(plan.trials.presentations),
        n_train=splits.train.size,
        n_validation=splits.validation.size,
        n_test=splits.test.size,
        roi_counts=count_rois(plan.roi_sets),
        disk_bytes=n_images * (4 * n_columns + pictures),
        memory_bytes=BASE_BYTES + 32 * longest * n_columns + 4 * n_images * n_columns,
        read_bytes=plan.betas.n_bytes,
        notes=(*_list_notes(plan), *drawn),
        problems=(*plan.problems, *_lacks(plan)),
    )


def import_trials(plan: TrialPlan, out: Path, *, report: StageProgress = ignore_stages) -> Path:
    """Average the trials of each image into a new folder, and return it.

    Raises
    ------
    InputError
        If a file is broken or contradicts another.
    StoreError
        If the disk is full or not writable.
    """
    check_free(out)
    anatomy, drawn = plan.read_anatomy()
    with create_folder(out) as folder:
        finite, digest = _write_responses(plan, folder, report)
        if plan.ceiling is not None:
            folder.write_ceiling(plan.ceiling)
        if plan.images:
            pictures = (np.asarray(read_image(plan.images[name])) for name in plan.names)
            folder.write_thumbnails(shrink_pictures(pictures, len(plan.names), report))
        parts = ImportedParts(
            name=plan.name,
            subject=plan.request.label,
            source=plan.source,
            image_ids=plan.trials.image_ids,
            stimuli=plan.stimuli,
            splits=plan.splits,
            space=plan.space,
            roi_sets=plan.roi_sets,
            trials=plan.trials if plan.has_runs else None,
            projection=plan.projection,
            anatomy=anatomy,
            standardisation="global" if plan.is_fitted_on_training else "within-run",
        )
        files = (*plan.files, *plan.anatomy_files)
        inputs = (InputRecord("betas, imported values", digest), *hash_inputs(files))
        told = (*_list_notes(plan), *drawn, *plan.problems, *_count_masked(plan, finite))
        folder.finish(parts, told, inputs)
    return out


def name_space(space: CorticalSpace | None) -> str:
    """Return what a space is called, empty where nobody knows the columns' places."""
    if space is None:
        return ""
    return space.surface if isinstance(space, SurfaceSpace) else space.name


def _list_notes(plan: TrialPlan) -> tuple[str, ...]:
    """Return the plan's decisions, and how features come to the import."""
    named = all(map(is_picture, plan.names))
    ids = "stimuli.tsv" if named else "image_ids.npy"
    how = f"features extract IMAGES --ids OUT/{ids}, then import features OUT FEATURES.h5"
    return (*plan.notes, f"features are not part of this import: {how}")


def _lacks(plan: TrialPlan) -> tuple[str, ...]:
    return ("no ROIs: pages compare whole maps only",) if not plan.roi_sets else ()


def _count_masked(plan: TrialPlan, finite: BoolArray) -> tuple[str, ...]:
    broken = int((~finite).sum())
    kind = "vertices" if isinstance(plan.space, SurfaceSpace) else "voxels"
    unit = plan.request.normalise.removesuffix("-training")
    why = "NaN" if unit == "none" else f"NaN or no variance within a {unit}"
    note = f"{broken} of {finite.size} {kind} have {why}"
    return (f"{note} and are masked",) if broken else ()


def _write_responses(
    plan: TrialPlan, folder: ImportFolder, report: StageProgress
) -> tuple[BoolArray, str]:
    """Write each image's mean, and the ceiling from repeats; return usable columns, SHA-256."""
    n_columns, test = plan.betas.n_columns, plan.splits.test
    path = folder.create_responses(plan.trials.image_ids.size, n_columns)
    scratch, collector = folder.path / _SCRATCH, None
    if plan.from_repeats:
        repeated = test[plan.trials.presentations[test] >= 2]
        collector = RepeatCollector(scratch, plan.trials, repeated, n_columns)
    finite, digest = np.ones(n_columns, dtype=np.bool_), hashlib.sha256()
    responses = np.lib.format.open_memmap(path, mode="r+")
    shown = plan.trials.presentations
    for trials, columns, values in _read_normalised(plan, report):
        digest.update(np.ascontiguousarray(values).data)
        finite[columns] &= np.isfinite(values).all(axis=0)
        if collector is not None:
            collector.take(trials, columns, values.astype(np.float32))
        images = plan.trials.image_rows[trials]
        share = (values / shown[images, np.newaxis]).astype(np.float32)
        for image, beta in zip(images.tolist(), share, strict=True):
            responses[image, columns] += beta
    responses.flush()
    if collector is not None:
        folder.write_ceiling(ceiling_of_repeats(collector.read(), shown[test]))
        scratch.unlink()
    return finite, digest.hexdigest()


def ceiling_of_repeats(
    repeats: npt.NDArray[np.float32], presentations: npt.NDArray[np.int64]
) -> Float32Array:
    """Return the noise ceiling of the test images' means, as a fraction of variance.

    Parameters
    ----------
    repeats : numpy.ndarray of float32, shape (n_repeats, n_repeated, n_columns)
        Presentations of the images that were shown twice or more.
    presentations : numpy.ndarray of int64, shape (n_test,)
        How often each test image was shown; those shown once make the mean noisier.
    """
    ceiling = compute_noise_ceiling(repeats, scaled=False) / 100
    repeated = float(np.mean(1 / presentations[presentations >= 2]))
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = (1 / ceiling - 1) / repeated * float(np.mean(1 / presentations))
        found: Float32Array = (1 / (1 + noise)).astype(np.float32)
    return found


def _read_normalised(plan: TrialPlan, report: StageProgress) -> Iterator[tuple[
    npt.NDArray[np.int64], slice, npt.NDArray[np.float64]
]]:  # fmt: skip
    """Yield trials, columns and normalised betas; tell how many sessions' worth are read."""
    groups, done = plan.group(), 0
    fits = [plan.fit_on(group) for group in groups]
    n_sessions, total = len(plan.trials.sessions), len(plan.trials) * plan.betas.n_columns
    report("betas", 0, n_sessions)
    stored = groups if plan.rows is None else [plan.rows[group] for group in groups]
    for number, columns, values in plan.betas.read_groups(stored):
        if plan.request.normalise != "none":
            values = zscore(values, fit_rows=fits[number], constant=np.nan)
        yield groups[number], columns, values
        done += values.size
        report("betas", done * n_sessions // total, n_sessions)
