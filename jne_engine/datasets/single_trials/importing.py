"""A folder of single-trial betas, the table of their trials, and the mask of their voxels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from jne_engine.core.checks import check_length, check_matrix
from jne_engine.core.errors import InputError
from jne_engine.datasets.locations import read_volume_space
from jne_engine.datasets.tables import read_integer_columns
from jne_engine.datasets.trial_betas import BetaParts
from jne_engine.datasets.trial_choices import choose_splits, complete_plan, describe_trials
from jne_engine.datasets.trial_plan import DrawnRequest, TrialPlan
from jne_engine.datasets.trials import TrialTable
from jne_engine.formats.guard import printable
from jne_engine.formats.numpy_files import map_npy

_FIX: Final = "give every trial its row in both, in the same order"


@dataclass(frozen=True, kw_only=True)
class SingleTrialRequest(DrawnRequest):
    """What to import of a folder of single trials.

    Parameters
    ----------
    root : pathlib.Path
        Folder with ``betas.npy`` (n_trials, n_voxels); ``trials.tsv`` with the columns session,
        run and image, a row a trial, images counted from 0; and ``mask.nii.gz``, whose voxels
        above 0 are the columns, x slowest.
    """

    def paths(self) -> tuple[Path, Path, Path]:
        """Return betas, trials and mask."""
        return self.root / "betas.npy", self.root / "trials.tsv", self.root / "mask.nii.gz"


def plan_single_trials(request: SingleTrialRequest) -> TrialPlan:
    """Read the trials and the mask, and open the betas.

    Raises
    ------
    InputError
        If a file is missing or broken, or the three do not fit each other.
    """
    path, table, mask = request.paths()
    values = map_npy(path)
    check_matrix(path.name, values, ("n_trials", "n_voxels"), fix="save one row a trial")
    if values.dtype.kind not in "fiu":
        raise InputError(path.name, "numbers", values.dtype.name, "save betas as float32")
    columns = read_integer_columns(table, ("session", "run", "image"), delimiter="\t", fix=_FIX)
    trials = TrialTable(*(columns[name] for name in ("session", "run", "image")))
    check_length(table.name, len(trials), len(values), unit="trials as betas", fix=_FIX)
    splits, split_note = choose_splits(request, trials, "random")
    space = read_volume_space(mask, values.shape[1])
    names = [f"image-{i}" for i in trials.image_ids]
    plan = TrialPlan(
        request=request,
        name=printable(request.root.resolve().name),
        source=f"single-trial betas of {request.label}",
        betas=BetaParts(
            (len(values),), values.shape[1], lambda _: values, values.dtype.name, values.nbytes
        ),
        trials=trials,
        stimuli=pd.DataFrame(index=pd.Index(names, dtype=object)),
        splits=splits,
        space=space,
        files=(table, mask),
        found={"betas.npy": f"{values.shape}, {values.dtype.name}"},
        notes=(describe_trials(request.normalise, trials), split_note),
    )
    return complete_plan(plan)
