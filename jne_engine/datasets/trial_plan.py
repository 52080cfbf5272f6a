"""What a layout of single trials knows before betas are read, and what its import will decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.core.order import natural_key
from jne_engine.cortex.projection import Projection
from jne_engine.cortex.spaces import Anatomy, CorticalSpace, RoiSet
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.drawn import draw_volume, read_anatomy
from jne_engine.datasets.splits import fixed_splits, random_splits
from jne_engine.datasets.trial_betas import TrialBetas
from jne_engine.datasets.trials import TrialTable, count_presentations, find_training_trials
from jne_engine.formats.guard import printable

NORMALISATIONS: Final = ("run-training", "run", "session-training", "session", "none")
"""How each voxel is z-scored: by a run's or session's trials of training images, or by all."""

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

TEST_SETS: Final = ("random", "repeated")
"""Test images: drawn, or those that were shown most often."""

CEILINGS: Final = ("auto", "shipped", "repeats", "none")
"""Noise ceiling: of the data set, or from the repeats of the test images."""

READ_AT_ONCE: Final = 512
"""Trials that are read together where nothing binds them."""

NO_SURFACE: Final = (
    "no surface: the brain is shown as slices; name --surface-folder (FreeSurfer's surf folder of"
    " the subject, in the volume's millimetres) or --surface (a template in whose space it lies)"
)


@dataclass(frozen=True, kw_only=True)
class TrialRequest:
    """What any layout of single trials leaves open.

    Parameters
    ----------
    root : pathlib.Path
        Its folder.
    subject : str
        Which subject, or a name shown to people; by default that of the folder.
    normalise : {"run-training", "run", "session-training", "session", "none"}
        Z-score each voxel within each run or session, by the trials of training images or over
        all trials, or take betas as they are.
    ceiling : {"auto", "shipped", "repeats", "none"}
        Noise ceiling; auto takes the data set's own where it has one, else repeats.
    seed : int
        Seed of what is drawn of the splits.
    pictures : bool
        Whether to keep small pictures, where the images are there.
    """

    root: Path
    subject: str = ""
    normalise: str = NORMALISATIONS[0]
    ceiling: str = CEILINGS[0]
    seed: int = 0
    pictures: bool = True

    def __post_init__(self) -> None:
        """Validate the choices."""
        check_choice("normalisation", self.normalise, NORMALISATIONS)
        check_choice("noise ceiling", self.ceiling, CEILINGS)

    @property
    def label(self) -> str:
        """The subject's name: as asked for, else the folder's."""
        return printable(self.subject or self.root.resolve().name)


@dataclass(frozen=True, kw_only=True)
class DrawnRequest(TrialRequest):
    """What a layout leaves open whose columns may lie in a volume.

    Parameters
    ----------
    surface : str, optional
        A packaged template in whose space the volume lies.
    surface_folder : pathlib.Path, optional
        FreeSurfer's ``surf`` folder of the subject, in the volume's millimetres.
    anatomy : pathlib.Path, optional
        Image in the volume's millimetres that its slices are drawn on.
    """

    surface: str | None = None
    surface_folder: Path | None = None
    anatomy: Path | None = None

    def draw(self, space: CorticalSpace | None) -> tuple[Projection | None, tuple[str, ...]]:
        """Return how a volume is shown on the named surface, and what to say of it.

        Raises
        ------
        InputError
            If both are named, or a surface cannot be read.
        """
        return draw_volume(
            space,
            surface=self.surface,
            surface_folder=self.surface_folder,
            subject=self.label,
            absent=NO_SURFACE,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class TrialPlan:
    """One subject's single trials, found and understood.

    Parameters
    ----------
    request : TrialRequest
        What was asked for.
    name, source : str
        Name of the data set; one sentence on where it comes from.
    betas : TrialBetas
        The betas, of all trials that the files hold.
    rows : numpy.ndarray of int64, shape (n_trials,)
        Which trial of the betas each kept trial is.
    trials : TrialTable
        The kept trials; the image of each is its row of ``stimuli`` or an id of its own.
    stimuli : pandas.DataFrame
        One row an image, in the order of the ids that occur.
    splits : Splits
        Rows for training, validation and test.
    space : SurfaceSpace or VolumeSpace, optional
        Where the columns lie; None where nobody knows.
    files : tuple of pathlib.Path
        Small files that were read; of the betas the taken values are hashed.
    roi_sets : tuple of RoiSet
        ROI sets over the columns.
    ceiling : numpy.ndarray of float32, shape (n_columns,), optional
        Noise ceiling of the data set as a fraction of variance.
    has_runs : bool
        Whether anybody knows the trials' runs; otherwise features cannot be z-scored within them.
    from_repeats : bool
        Whether the noise ceiling is computed from the repeats of the test images.
    projection : Projection, optional
        How the voxels of a volume are shown on a surface.
    images : mapping of str to pathlib.Path
        File of each image's picture, by name; empty where they are not there.
    found : mapping of str to str
        Files by what they are.
    notes, problems : tuple of str
        Decisions, and what looks wrong.
    """

    request: TrialRequest
    name: str
    source: str
    betas: TrialBetas
    rows: IntArray
    trials: TrialTable
    stimuli: pd.DataFrame
    splits: Splits
    space: CorticalSpace | None
    files: tuple[Path, ...] = ()
    roi_sets: tuple[RoiSet, ...] = ()
    ceiling: Float32Array | None = None
    has_runs: bool = True
    from_repeats: bool = False
    projection: Projection | None = None
    images: Mapping[str, Path] = field(default_factory=dict)
    found: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_fitted_on_training(self) -> bool:
        """Whether only trials of training images decide means and scales."""
        return self.request.normalise.endswith("-training")

    def fit_on(self, group: IntArray) -> IntArray | slice:
        """Return which trials of a group decide its means and scales.

        Raises
        ------
        InputError
            If training images have fewer than two trials in it.
        """
        if not self.is_fitted_on_training:
            return slice(None)
        return find_training_trials(self.trials, group, self.splits.train)

    @property
    def anatomy_files(self) -> tuple[Path, ...]:
        """The image that slices are drawn on, if any."""
        asked = self.request.anatomy if isinstance(self.request, DrawnRequest) else None
        return () if asked is None else (asked,)

    def read_anatomy(self) -> tuple[Anatomy | None, tuple[str, ...]]:
        """Return the image that slices are drawn on, and what to say of it.

        Raises
        ------
        InputError
            If it cannot be read, or shows another place.
        """
        return read_anatomy(next(iter(self.anatomy_files), None), self.space)

    def group(self) -> tuple[IntArray, ...]:
        """Return the trials that are z-scored together; where none are, those read together."""
        if self.request.normalise.startswith("session"):
            sessions = self.trials.session
            return tuple(np.flatnonzero(sessions == s) for s in self.trials.sessions)
        runs = self.trials.group_runs()
        if self.request.normalise.startswith("run"):
            return runs
        return tuple(
            run[start : start + READ_AT_ONCE]
            for run in runs
            for start in range(0, run.size, READ_AT_ONCE)
        )


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
        times = ", ".join(f"{n} shown {k}×" for k, n in count_presentations(shown).items())
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
    shown = count_presentations(trials.presentations)
    counts = ", ".join(f"{n} shown {k}×" for k, n in shown.items())
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
    splits = fixed_splits(pool, most, seed=request.seed)
    return splits, (
        f"test: the {most.size} images shown {shown.max()}×;"
        f" {splits.validation.size} of the others to validation with seed {request.seed}"
    )
