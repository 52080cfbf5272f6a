"""What an import of single trials decides: splits, noise ceiling, drawing, and what it tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError
from jne_engine.core.order import natural_key
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.splits import fixed_splits, random_splits
from jne_engine.datasets.trial_plan import DrawnRequest, TrialPlan, TrialRequest
from jne_engine.datasets.trial_tables import find_pictures
from jne_engine.datasets.trials import TrialTable, count_presentations, tell_presentations
from jne_engine.formats.guard import printable

NORMALISED: Final = {
    "run-training": "z-scored per voxel within each run by its trials of training images (ddof 0)",
    "run": "z-scored per voxel within each run over all its trials, those of validation and test"
    " images among them (ddof 0)",
    "session-training": "z-scored per voxel within each session by its trials of training images"
    " (ddof 0)",
    "session": "z-scored per voxel within each session over all its trials, those of validation"
    " and test images among them (ddof 0)",
}
"""What people are told of each that changes betas."""


def number_names(names: Sequence[str]) -> tuple[IntArray, pd.Index]:
    """Return the number of each trial's image, and the images' names as people sort them."""
    known = sorted(set(names), key=natural_key)
    number = {name: i for i, name in enumerate(known)}
    ids = np.array([number[name] for name in names], dtype=np.int64)
    return ids, pd.Index([printable(name) for name in known], name="image", dtype=object)


def choose_ceiling(
    request: TrialRequest,
    trials: TrialTable,
    splits: Splits,
    *,
    shipped: str = "",
) -> tuple[str, str]:
    """Return where the noise ceiling comes from, and why.

    Parameters
    ----------
    request : TrialRequest
        What was asked for.
    trials : TrialTable
        The kept trials.
    splits : Splits
        Of the images.
    shipped : str
        What the data set's own ceiling is; empty where it has none.

    Returns
    -------
    {"shipped", "repeats", "none"}
        Where from.
    str
        Why, for the notes.

    Raises
    ------
    InputError
        If what was asked for cannot be had.
    """
    shown = trials.presentations[splits.test]
    repeated = int((shown >= 2).sum())
    if request.ceiling == "none":
        return "none", "no noise ceiling, as asked"
    if shipped and request.ceiling != "repeats":
        return "shipped", f"noise ceiling: {shipped}"
    if request.ceiling == "shipped":
        fix = "choose --ceiling repeats or none"
        raise InputError("noise ceiling", "one that the data set ships", "none", fix)
    if repeated >= 2:
        times = tell_presentations(count_presentations(shown))
        return "repeats", (
            f"noise ceiling from the repeats of the test images ({times}), scaled as the responses"
        )
    if request.ceiling == "repeats":
        fix = "choose --ceiling none, or another test set"
        raise InputError("noise ceiling", "two test images shown twice", str(repeated), fix)
    return "none", "no noise ceiling: no two test images were shown twice"


def describe_trials(normalise: str, trials: TrialTable, *, raw: str = "as is") -> str:
    """Say how betas become responses; ``raw`` is what they are where nothing is done."""
    how = NORMALISED.get(normalise, raw)
    counts = tell_presentations(count_presentations(trials.presentations))
    return f"betas {how}, averaged over presentations ({counts})"


def choose_splits(request: TrialRequest, trials: TrialTable, test: str) -> tuple[Splits, str]:
    """Draw splits, or take the images that were shown most often as the test set.

    Parameters
    ----------
    request : TrialRequest
        Its seed is used.
    trials : TrialTable
        The kept trials.
    test : {"random", "repeated"}
        Test images.

    Raises
    ------
    InputError
        If there are too few images, or all were shown equally often.
    """
    n, shown = trials.image_ids.size, trials.presentations
    if test == "random":
        splits = random_splits(n, seed=request.seed)
        return splits, f"train, validation and test images drawn with seed {request.seed}"
    most = np.flatnonzero(shown == shown.max()).astype(np.int64)
    if most.size in (0, n):
        fix = "choose --test random"
        raise InputError("test images", "some that were shown more often", "none", fix)
    pool = np.setdiff1d(np.arange(n, dtype=np.int64), most)
    return hold_out(request, pool, most, f"test: the {most.size} images shown {shown.max()}×")


def hold_out(
    request: TrialRequest, pool: IntArray, test: IntArray, told: str
) -> tuple[Splits, str]:
    """Keep some images as the test set, and draw the validation images from the others.

    Parameters
    ----------
    request : TrialRequest
        Its seed is used.
    pool, test : numpy.ndarray of int64
        Rows of the images for training and validation, and for test.
    told : str
        What the test images are.

    Raises
    ------
    InputError
        If there are fewer than two images to train with, or no test image.
    """
    splits = fixed_splits(pool, test, seed=request.seed)
    drawn = f"{splits.validation.size} of the others to validation with seed {request.seed}"
    return splits, f"{told}; {drawn}"


def complete_plan(plan: TrialPlan, *, shipped: str = "", told: Sequence[str] = ()) -> TrialPlan:
    """Decide what is decided alike in every layout: noise ceiling, drawing and pictures.

    Parameters
    ----------
    plan : TrialPlan
        What was found, with the noise ceiling of the data set where it has one.
    shipped : str
        What that ceiling is; empty where there is none.
    told : sequence of str
        Notes that follow the one on the noise ceiling.

    Raises
    ------
    InputError
        If the ceiling that was asked for cannot be had, or a surface cannot be read.
    """
    request = plan.request
    kind, ceiling_note = choose_ceiling(request, plan.trials, plan.splits, shipped=shipped)
    projection, drawn = (
        request.draw(plan.space) if isinstance(request, DrawnRequest) else (None, ())
    )
    images, absent = find_pictures(request.image_folder(), plan.names)
    has_surface = projection is not None
    return replace(
        plan,
        ceiling=plan.ceiling if kind == "shipped" else None,
        from_repeats=kind == "repeats",
        projection=projection,
        images=images if request.pictures else {},
        notes=(*plan.notes, ceiling_note, *told, *(drawn if has_surface else ())),
        problems=(*plan.problems, *filter(None, [absent]), *(() if has_surface else drawn)),
    )
