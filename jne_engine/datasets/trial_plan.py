"""What a layout of single trials knows before betas are read, and what its import will decide."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.checks import check_choice
from jne_engine.cortex.projection import Projection
from jne_engine.cortex.spaces import Anatomy, CorticalSpace, RoiSet
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.drawn import draw_volume, read_anatomy
from jne_engine.datasets.trial_betas import TrialBetas
from jne_engine.datasets.trials import TrialTable, find_training_trials
from jne_engine.formats.guard import printable

NORMALISATIONS: Final = ("run-training", "run", "session-training", "session", "none")
"""How each voxel is z-scored: by a run's or session's trials of training images, or by all."""

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
class TrialRequest(ABC):
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

    @abstractmethod
    def paths(self) -> tuple[Path, ...]:
        """Return every file but pictures that an import may read; none is opened."""
        ...

    def image_places(self) -> Iterable[Path]:
        """Return where a folder of pictures may lie, the likeliest first."""
        return ()

    def image_folder(self) -> Path | None:
        """Return the folder of pictures, None without."""
        return next((path for path in self.image_places() if path.is_dir()), None)


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


@dataclass(frozen=True, kw_only=True)
class SubjectRequest(DrawnRequest):
    """What a layout leaves open whose files are named by the subject, ``sub-…``."""

    @property
    def label(self) -> str:
        """The subject's name, as in the files."""
        return f"sub-{self.subject}"


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
    trials : TrialTable
        The kept trials; the image of each is its row of ``stimuli`` or an id of its own.
    stimuli : pandas.DataFrame
        One row an image, in the order of the ids that occur.
    splits : Splits
        Rows for training, validation and test.
    space : SurfaceSpace or VolumeSpace, optional
        Where the columns lie; None where nobody knows.
    rows : numpy.ndarray of int64, shape (n_trials,), optional
        Which trial of the betas each kept trial is; None where all are kept.
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
    trials: TrialTable
    stimuli: pd.DataFrame
    splits: Splits
    space: CorticalSpace | None
    rows: IntArray | None = None
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
    def names(self) -> tuple[str, ...]:
        """The images' names."""
        return tuple(str(name) for name in self.stimuli.index)

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
