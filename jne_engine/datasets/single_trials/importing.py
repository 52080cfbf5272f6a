"""From single-trial betas, their trials and a mask to a folder that runs are made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.core.checks import check_choice, check_length, check_matrix
from jne_engine.core.errors import InputError
from jne_engine.core.progress import StageProgress, ignore_stages
from jne_engine.cortex.spaces import VolumeSpace
from jne_engine.datasets.arrays.files import hash_inputs
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.folder import ImportedParts, check_free, create_folder
from jne_engine.datasets.locations import read_volume_space
from jne_engine.datasets.preview import Preview
from jne_engine.datasets.splits import random_splits
from jne_engine.datasets.standardise import zscore
from jne_engine.datasets.tables import read_integer_columns
from jne_engine.datasets.trials import TrialTable, count_presentations
from jne_engine.formats.guard import check_inside, printable
from jne_engine.formats.numpy_files import map_npy

NORMALISATIONS: Final = ("run", "none")
_FIX: Final = "give every trial its row in both, in the same order"


@dataclass(frozen=True, kw_only=True)
class SingleTrialRequest:
    """What to import of a folder of single trials.

    Parameters
    ----------
    root : pathlib.Path
        Folder with ``betas.npy`` (n_trials, n_voxels); ``trials.tsv`` with the columns session,
        run and image, a row a trial, images counted from 0; and ``mask.nii.gz``, whose voxels
        above 0 are the columns, x slowest.
    subject : str
        Name shown to people; by default that of the folder.
    normalise : {"run", "none"}
        Z-score each voxel over the trials of each run, or take betas as they are.
    seed : int
        Seed of the splits.
    """

    root: Path
    subject: str = ""
    normalise: str = NORMALISATIONS[0]
    seed: int = 0

    def __post_init__(self) -> None:
        """Validate the choices."""
        check_choice("normalisation", self.normalise, NORMALISATIONS)

    def paths(self) -> tuple[Path, Path, Path]:
        """Return betas, trials and mask."""
        return self.root / "betas.npy", self.root / "trials.tsv", self.root / "mask.nii.gz"


@dataclass(frozen=True, eq=False)
class SingleTrialPlan:
    """What is known before betas are read."""

    betas: npt.NDArray[Any]
    trials: TrialTable
    space: VolumeSpace
    splits: Splits
    notes: tuple[str, ...]


def plan_single_trials(
    request: SingleTrialRequest, *, allowed_root: Path | None = None
) -> SingleTrialPlan:
    """Read the trials and the mask, and open the betas.

    Raises
    ------
    InputError
        If a file is missing or broken, or the three do not fit each other.
    UnsafeFileError
        If a file lies outside ``allowed_root``.
    """
    if allowed_root is not None:
        for path in request.paths():
            check_inside(path, allowed_root)
    path, table, mask = request.paths()
    betas = map_npy(path)
    check_matrix(path.name, betas, ("n_trials", "n_voxels"), fix="save one row a trial")
    if betas.dtype.kind not in "fiu":
        raise InputError(path.name, "numbers", betas.dtype.name, "save betas as float32")
    columns = read_integer_columns(table, ("session", "run", "image"), delimiter="\t", fix=_FIX)
    trials = TrialTable(*(columns[name] for name in ("session", "run", "image")))
    check_length(table.name, len(trials), len(betas), unit="trials as betas", fix=_FIX)
    splits = random_splits(trials.image_ids.size, seed=request.seed)
    how = "z-scored per voxel within each run (ddof 0)" if request.normalise == "run" else "as is"
    shown = count_presentations(trials.presentations)
    counts = ", ".join(f"{n} shown {k}×" for k, n in shown.items())
    notes = (
        f"betas {how}, averaged over presentations ({counts})",
        f"train, validation and test images drawn with seed {request.seed}",
        "no noise ceiling",
    )
    return SingleTrialPlan(betas, trials, read_volume_space(mask, betas.shape[1]), splits, notes)


def preview_single_trials(
    request: SingleTrialRequest, *, allowed_root: Path | None = None
) -> Preview:
    """Tell what an import would do; betas are not read.

    Raises
    ------
    InputError
        If the import could not begin.
    """
    plan = plan_single_trials(request, allowed_root=allowed_root)
    splits, n_images = plan.splits, plan.trials.image_ids.size
    longest = max(rows.size for rows in plan.trials.group_runs())
    n_voxels = plan.betas.shape[1]
    return Preview(
        kind="Single trials",
        subject=name_subject(request),
        space=plan.space.name,
        found={"betas.npy": f"{plan.betas.shape}, {plan.betas.dtype.name}"},
        sessions_present=plan.trials.sessions,
        n_trials=len(plan.trials),
        n_images=n_images,
        n_voxels=n_voxels,
        presentations=count_presentations(plan.trials.presentations),
        n_train=splits.train.size,
        n_validation=splits.validation.size,
        n_test=splits.test.size,
        disk_bytes=4 * n_images * n_voxels,
        memory_bytes=300_000_000 + 32 * longest * n_voxels + 4 * n_images * n_voxels,
        read_bytes=int(plan.betas.nbytes),
        notes=plan.notes,
        problems=("no ROIs: pages compare whole maps only", "no surface: no map of the brain"),
    )


def import_single_trials(
    request: SingleTrialRequest, out: Path, *, report: StageProgress = ignore_stages
) -> Path:
    """Import a folder of single trials into a new folder, and return it.

    Raises
    ------
    InputError
        If a file is missing, broken, or contradicts another.
    StoreError
        If the disk is full or not writable.
    """
    check_free(out)
    plan = plan_single_trials(request)
    ids, n_voxels = plan.trials.image_ids, plan.betas.shape[1]
    with create_folder(out) as folder:
        path = folder.create_responses(ids.size, n_voxels)
        masked = _average(plan, np.lib.format.open_memmap(path, mode="r+"), request, report)
        parts = ImportedParts(
            name=printable(request.root.resolve().name),
            subject=name_subject(request),
            source=f"single-trial betas of {name_subject(request)}",
            image_ids=ids,
            stimuli=pd.DataFrame(index=pd.Index([f"image-{i}" for i in ids], dtype=object)),
            splits=plan.splits,
            space=plan.space,
            trials=plan.trials,
        )
        why = f"{masked} of {n_voxels} voxels have NaN or no variance within a run and are masked"
        folder.finish(parts, (*plan.notes, *[why] * bool(masked)), hash_inputs(request.paths()))
    return out


def name_subject(request: SingleTrialRequest) -> str:
    """Return the subject's name: as asked for, else the folder's."""
    return printable(request.subject or request.root.resolve().name)


def _average(
    plan: SingleTrialPlan,
    responses: npt.NDArray[np.float32],
    request: SingleTrialRequest,
    report: StageProgress,
) -> int:
    """Write each image's mean over its trials, run by run; return how many columns are masked."""
    runs, trials = plan.trials.group_runs(), plan.trials
    finite = np.ones(responses.shape[1], dtype=np.bool_)
    for done, rows in enumerate(runs):
        report("betas", done, len(runs))
        values = np.asarray(plan.betas[rows], dtype=np.float64)
        if request.normalise == "run":
            values = zscore(values, constant=np.nan)
        finite &= np.isfinite(values).all(axis=0)
        images = trials.image_rows[rows]
        share = values / trials.presentations[images, np.newaxis]
        np.add.at(responses, images, share.astype(np.float32))
    report("betas", len(runs), len(runs))
    return int((~finite).sum())
