"""From a subject's folder of the Algonauts 2023 challenge to a folder that runs are made of.

References
----------
Gifford et al. (2023), arXiv 2301.03198; Allen et al. (2022), Nat. Neurosci. 25, 116-126.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import numpy as np

from jne_engine.core.arrays import Float32Array
from jne_engine.core.checks import check_length
from jne_engine.core.errors import InputError
from jne_engine.core.progress import StageProgress, ignore_stages
from jne_engine.cortex.spaces import HEMISPHERES
from jne_engine.datasets.algonauts.layout import COPY, map_responses, read_ceiling, read_pictures
from jne_engine.datasets.algonauts.plan import AlgonautsPlan, AlgonautsRequest, plan_algonauts
from jne_engine.datasets.dataset import InputRecord
from jne_engine.datasets.folder import ImportedParts, ImportFolder, check_free, create_folder
from jne_engine.datasets.preview import BASE_BYTES, Preview, count_rois
from jne_engine.datasets.stimuli import THUMBNAIL_PIXELS, shrink_pictures, tabulate_categories
from jne_engine.formats.guard import hash_file, printable

ROW_BLOCK: Final = 256
"""Images that are copied at once."""


def preview_algonauts(request: AlgonautsRequest, *, measure: bool = True) -> Preview:
    """Tell what an import of an Algonauts subject would do.

    Parameters
    ----------
    request : AlgonautsRequest
        What to import.
    measure : bool
        Read a few rows to estimate the time.

    Raises
    ------
    InputError
        If the import could not begin.
    """
    plan = plan_algonauts(request)
    n_images, n_columns = len(plan.pictures), plan.columns.n_columns
    _, ceiling_note = _read_ceilings(plan)
    files = [plan.tree.responses(h, s) for s in plan.splits_of_files for h in HEMISPHERES]
    found = {
        plan.tree.responses(hemi, split).name: f"{values.shape}, {values.dtype.name}"
        for split in plan.splits_of_files
        for hemi, values in zip(HEMISPHERES, map_responses(plan.tree, split), strict=True)
    }
    pictures = 3 * THUMBNAIL_PIXELS**2 if request.pictures else 0
    return Preview(
        kind="Algonauts 2023",
        subject=plan.tree.label,
        space=request.space,
        found=found,
        n_images=n_images,
        n_voxels=n_columns,
        n_train=plan.splits.train.size,
        n_validation=plan.splits.validation.size,
        n_test=plan.splits.test.size,
        roi_counts=count_rois(plan.roi_sets),
        disk_bytes=n_images * (4 * n_columns + pictures),
        memory_bytes=BASE_BYTES + 3 * ROW_BLOCK * n_columns * 4 + n_images * pictures,
        read_bytes=sum(path.stat().st_size for path in files),
        seconds=_measure_seconds(plan) if measure else None,
        notes=(*plan.notes, ceiling_note),
        problems=plan.problems,
    )


def import_algonauts(
    request: AlgonautsRequest, out: Path, *, report: StageProgress = ignore_stages
) -> Path:
    """Import one Algonauts subject into a new folder.

    Parameters
    ----------
    request : AlgonautsRequest
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
    """
    check_free(out)
    plan = plan_algonauts(request)
    with create_folder(out) as folder:
        notes = _write_responses(plan, folder, report)
        ceiling, ceiling_note = _read_ceilings(plan)
        if ceiling is not None:
            folder.write_ceiling(ceiling)
        if request.pictures:
            pictures = read_pictures(plan.pictures)
            folder.write_thumbnails(shrink_pictures(pictures, len(plan.pictures), report))
        parts = ImportedParts(
            name="Algonauts 2023",
            subject=plan.tree.label,
            source=f"Algonauts 2023 challenge, {plan.tree.label}, {request.space} vertices",
            image_ids=plan.image_ids,
            stimuli=tabulate_categories(plan.image_ids, None),
            splits=plan.splits,
            space=plan.columns.space,
            roi_sets=plan.roi_sets,
        )
        told = (*plan.notes, *plan.problems, *notes, ceiling_note)
        folder.finish(parts, told, _hash_inputs(plan))
    return out


def _write_responses(
    plan: AlgonautsPlan, folder: ImportFolder, report: StageProgress
) -> tuple[str, ...]:
    """Copy the responses block by block to their columns; say how many columns are invalid."""
    n_images, n_columns = len(plan.pictures), plan.columns.n_columns
    path = folder.create_responses(n_images, n_columns)
    finite, done = np.ones(n_columns, dtype=np.bool_), 0
    for split in plan.splits_of_files:
        files = map_responses(plan.tree, split)
        for start in range(0, len(files[0]), ROW_BLOCK):
            report("rows", done, n_images)
            block = _gather(plan, files, slice(start, start + ROW_BLOCK))
            finite &= np.isfinite(block).all(axis=0)
            responses = np.lib.format.open_memmap(path, mode="r+")
            responses[done : done + len(block)] = block
            done += len(block)
    report("rows", n_images, n_images)
    broken = int((~finite).sum())
    note = f"{broken} of {n_columns} vertices have NaN or no response and are masked"
    return (note,) if broken else ()


def _gather(
    plan: AlgonautsPlan, files: tuple[Float32Array, Float32Array], rows: slice
) -> Float32Array:
    """Return some rows of both hemispheres at their response columns, NaN elsewhere."""
    first = files[0][rows]
    block = np.full((len(first), plan.columns.n_columns), np.nan, dtype=np.float32)
    for values, columns in zip((first, files[1][rows]), plan.place(), strict=True):
        check_length("responses", values.shape[1], columns.size, unit="vertices", fix=COPY)
        block[:, columns] = values
    return block


def _read_ceilings(plan: AlgonautsPlan) -> tuple[Float32Array | None, str]:
    found = [read_ceiling(plan.tree, hemi) for hemi in HEMISPHERES]
    values = [part for part in found if part is not None]
    if len(values) < len(found):
        return None, "no noise ceiling, as the copy has none for both hemispheres"
    ceiling = np.full(plan.columns.n_columns, np.nan, dtype=np.float32)
    for part, columns in zip(values, plan.place(), strict=True):
        check_length("noise ceiling", part.size, columns.size, unit="vertices", fix=COPY)
        ceiling[columns] = part
    high = float(np.nanmax(ceiling)) if np.isfinite(ceiling).any() else np.inf
    if not 0 <= float(np.nanmin(ceiling)) <= high <= 100:
        fix = "remove the folder noise_ceiling to go on without"
        raise InputError("noise ceiling", "fractions or percent", f"values up to {high:g}", fix)
    if high > 1:
        return ceiling / np.float32(100), "noise ceiling as the copy has it, taken as percent"
    return ceiling, "noise ceiling as the copy has it, taken as a fraction"


def _measure_seconds(plan: AlgonautsPlan) -> float:
    files = map_responses(plan.tree)
    start = time.perf_counter()
    n_rows = len(_gather(plan, files, slice(0, ROW_BLOCK)))
    return (time.perf_counter() - start) / n_rows * len(plan.pictures)


def _hash_inputs(plan: AlgonautsPlan) -> tuple[InputRecord, ...]:
    files = [plan.tree.responses(h, s) for s in plan.splits_of_files for h in HEMISPHERES]
    return tuple(InputRecord(printable(path.name), hash_file(path)) for path in files)
