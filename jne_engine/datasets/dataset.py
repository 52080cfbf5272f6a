"""Frozen descriptions of data that every other module shares.

Words: a *stimulus* is one image, a *trial* one presentation of it; a *voxel* is a
column of the responses (a unit of a volume or a vertex of a surface, as
:data:`CorticalSpace` says); an *ROI* is a named mask over those columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.core.arrays import BoolArray, Float32Array, IntArray, UInt8Array
from jne_engine.core.checks import (
    check_finite,
    check_indices,
    check_length,
    check_matrix,
    check_unique,
)
from jne_engine.core.errors import InputError
from jne_engine.cortex.projection import Projection
from jne_engine.cortex.spaces import Anatomy, CorticalSpace, RoiSet, SurfaceSpace, VolumeSpace

DESCRIPTION_NAME: Final = "dataset.toml"
"""File in which a folder says what it holds."""


@dataclass(frozen=True, eq=False)
class StimulusTable:
    """What is known of each stimulus, in the order of the feature rows.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a stimulus; the index holds unique ids as text, each column is one way
        of naming categories (text labels).
    thumbnails : numpy.ndarray of uint8, shape (n_stimuli, height, width, 3), optional
        Small RGB pictures of the stimuli.

    Raises
    ------
    InputError
        If ids repeat or the pictures do not fit the table.
    """

    table: pd.DataFrame
    thumbnails: UInt8Array | None = None

    def __post_init__(self) -> None:
        """Validate ids and pictures."""
        ids = [str(i) for i in self.table.index]
        check_unique("stimulus ids", ids, fix="give every stimulus an id of its own")
        if self.thumbnails is None:
            return
        fix = "pass RGB pictures as (n_stimuli, height, width, 3) uint8"
        check_matrix("thumbnails", self.thumbnails, ("n_stimuli", "height", "width", "3"), fix=fix)
        if self.thumbnails.dtype != np.uint8 or self.thumbnails.shape[3] != 3:
            raise InputError("thumbnails", "uint8 RGB", str(self.thumbnails.dtype), fix)
        check_length("thumbnails", len(self.thumbnails), len(ids), unit="pictures", fix=fix)

    def __len__(self) -> int:
        """Return the number of stimuli."""
        return len(self.table)

    @property
    def category_columns(self) -> tuple[str, ...]:
        """Names of the columns that hold category labels."""
        return tuple(str(c) for c in self.table.columns)

    def take(self, rows: IntArray) -> StimulusTable:
        """Return the stimuli of ``rows``, in that order."""
        thumbnails = None if self.thumbnails is None else self.thumbnails[rows]
        return StimulusTable(self.table.iloc[rows], thumbnails)


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """What a simulated subject planted in its responses.

    Parameters
    ----------
    nonlinear_share : numpy.ndarray of float32, shape (n_voxels,)
        Share of each voxel's signal variance that no linear map of the features explains, 0 to 1.
    signal_to_noise : numpy.ndarray of float32, shape (n_voxels,)
        Signal variance over noise variance of a single presentation.
    preferred_category : tuple of str
        Category whose stimuli open each voxel's nonlinearity; ``""`` for none.
    """

    nonlinear_share: Float32Array
    signal_to_noise: Float32Array
    preferred_category: tuple[str, ...]


@dataclass(frozen=True)
class InputRecord:
    """One input of a dataset: a name that means something to a person, and its content hash."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Provenance:
    """Where a dataset comes from.

    Parameters
    ----------
    source : str
        One sentence that a reader of a figure can check.
    simulated : bool
        True for made-up data; every page and export then says SIMULATED.
    inputs : tuple of InputRecord
        Files or generators with their SHA-256.
    notes : tuple of str
        Decisions taken on the way, among them every fallback.
    """

    source: str
    simulated: bool = False
    inputs: tuple[InputRecord, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Splits:
    """Disjoint stimulus rows for training, validation and test."""

    train: IntArray
    validation: IntArray
    test: IntArray

    def check(self, n_stimuli: int) -> None:
        """Require disjoint, in-range, non-empty index lists.

        Raises
        ------
        InputError
            If a list is empty, leaves the range, or shares a stimulus with another.
        """
        fix = "give each stimulus to at most one of train, validation and test"
        for name in ("train", "validation", "test"):
            check_indices(f"{name} split", getattr(self, name), n_stimuli, fix=fix)
        for a, b in (("train", "validation"), ("train", "test"), ("validation", "test")):
            shared = np.intersect1d(getattr(self, a), getattr(self, b))
            if shared.size:
                found = f"{shared.size} shared, the first {int(shared[0])}"
                raise InputError(f"{a} and {b} splits", "no stimulus in both", found, fix)


@dataclass(frozen=True, eq=False)
class EncodingDataset:
    """Everything that one subject's encoding model is fitted to and shown on.

    Parameters
    ----------
    name, subject : str
        Names shown to people.
    features : numpy.ndarray of float32, shape (n_stimuli, n_features)
        Stimulus features, all finite.
    responses : numpy.ndarray of float32, shape (n_stimuli, n_voxels)
        Response of each voxel to each stimulus (mean over presentations). A column with
        NaN, Inf or no variance is kept and marked invalid in :attr:`valid_voxels`.
    splits : Splits
        Train, validation and test rows.
    stimuli : StimulusTable
        Ids, category columns and pictures.
    provenance : Provenance
        Where all this comes from.
    space : SurfaceSpace or VolumeSpace, optional
        Where the columns lie; None where nobody knows.
    roi_sets : mapping of str to RoiSet
        ROI sets by preset name.
    test_repeats : numpy.ndarray of float32, shape (n_repeats, n_test, n_voxels), optional
        Single presentations of the test stimuli, z-scored, for the noise ceiling.
    noise_ceiling : numpy.ndarray of float32, shape (n_voxels,), optional
        Noise ceiling as a fraction of variance (0 to 1) where it is known already.
    ground_truth : GroundTruth, optional
        Planted values of a simulated subject.
    projection : Projection, optional
        How the columns of a volume are shown on a surface; None where nobody knows.
    anatomy : Anatomy, optional
        What slices of a volume are drawn on; None draws them on nothing.
    feature_set, layer : str, int
        Which features these are (``"gabor"``, ``"clip-vit-b32"``) and of which layer.
    n_layers : int
        How many layers the file of the features offers.
    runs : tuple of str, optional
        In which run or session each stimulus was measured; None where nobody knows.
    unit : str
        Unit of the responses, for instance ``"% signal change"``; empty where they have none.

    Raises
    ------
    InputError
        If shapes, counts, ids or splits do not fit, a feature is not finite, or no voxel is usable.
    """

    name: str
    subject: str
    features: Float32Array
    responses: Float32Array
    splits: Splits
    stimuli: StimulusTable
    provenance: Provenance
    space: CorticalSpace | None = None
    roi_sets: Mapping[str, RoiSet] = field(default_factory=lambda: MappingProxyType({}))
    test_repeats: Float32Array | None = None
    noise_ceiling: Float32Array | None = None
    ground_truth: GroundTruth | None = None
    projection: Projection | None = None
    anatomy: Anatomy | None = None
    feature_set: str = "features"
    layer: int = 0
    n_layers: int = 1
    runs: tuple[str, ...] | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        """Validate every part against every other."""
        self._check_matrices()
        self.splits.check(self.n_stimuli)
        self._check_columns()
        if not self.valid_voxels.any():
            fix = "check that the responses were read from the right dataset key"
            raise InputError("responses", "at least one usable voxel", "none", fix)

    def _check_matrices(self) -> None:
        fix = "pass the dataset key, or transpose the array"
        check_matrix("features", self.features, ("n_stimuli", "n_features"), fix=fix)
        check_matrix("responses", self.responses, ("n_stimuli", "n_voxels"), fix=fix)
        fix = "pass features and responses of the same stimuli in the same order"
        n_responses = len(self.responses)
        check_length("responses", n_responses, self.n_stimuli, unit="stimuli as features", fix=fix)
        fix = "pass one row a stimulus"
        check_length("stimulus table", len(self.stimuli), self.n_stimuli, unit="rows", fix=fix)
        if self.runs is not None:
            check_length("runs", len(self.runs), self.n_stimuli, unit="rows", fix=fix)
        check_finite("features", self.features, fix="remove or repair the stimuli concerned")

    def _check_columns(self) -> None:
        n = self.n_voxels
        fix = "pass one entry a response column"
        counts = {f"ROI set {k}": r.masks.shape[1] for k, r in self.roi_sets.items()}
        if self.space is not None:
            counts["cortical space"] = self.space.n_voxels
        if self.noise_ceiling is not None:
            counts["noise ceiling"] = len(self.noise_ceiling)
        if self.ground_truth is not None:
            counts["ground truth"] = len(self.ground_truth.nonlinear_share)
        for what, count in counts.items():
            check_length(what, count, n, unit="voxels", fix=fix)
        if self.projection is not None:
            self.projection.check_columns(n)
        if self.test_repeats is not None:
            axes = ("n_repeats", "n_test", "n_voxels")
            check_matrix("test repeats", self.test_repeats, axes, fix=fix)
            expected = (self.splits.test.size, n)
            if self.test_repeats.shape[1:] != expected:
                found = str(self.test_repeats.shape[1:])
                raise InputError("test repeats", f"(n_repeats, {expected[0]}, {n})", found, fix)

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli in all splits."""
        return int(self.features.shape[0])

    @property
    def n_features(self) -> int:
        """Number of feature dimensions."""
        return int(self.features.shape[1])

    @property
    def n_voxels(self) -> int:
        """Number of response columns, invalid ones included."""
        return int(self.responses.shape[1])

    def require_runs(self) -> tuple[str, ...]:
        """Return the run of each stimulus.

        Raises
        ------
        InputError
            If nobody knows it.
        """
        if self.runs is None:
            fix = "name them in a column run, session or group of the table of stimuli"
            raise InputError("standardise run", "the run of each stimulus", "none known", fix)
        return self.runs

    @cached_property
    def valid_voxels(self) -> BoolArray:
        """Columns that are finite and vary over train and over test stimuli, (n_voxels,)."""
        valid = np.isfinite(self.responses).all(axis=0)
        for rows in (self.splits.train, self.splits.test):
            with np.errstate(invalid="ignore"):
                valid &= np.ptp(self.responses[rows], axis=0) > 0
        return np.asarray(valid, dtype=np.bool_)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over everything that can change a result, as hexadecimal text."""
        digest = hashlib.sha256()
        arrays: list[npt.NDArray[Any] | None] = [self.features, self.responses]
        arrays += [self.splits.train, self.splits.validation, self.splits.test]
        arrays += [self.test_repeats, self.noise_ceiling, self.stimuli.thumbnails]
        if isinstance(self.space, SurfaceSpace):
            arrays += [self.space.left, self.space.right]
        elif isinstance(self.space, VolumeSpace):
            arrays += [self.space.voxels, self.space.affine]
        arrays += [roi_set.masks for roi_set in self.roi_sets.values()]
        if self.projection is not None:
            arrays += self.projection.arrays().values()
        if self.anatomy is not None:
            arrays += [self.anatomy.values, self.anatomy.affine]
        for array in arrays:
            _update_digest(digest, array)
        names = [(k, r.names, r.tiers) for k, r in self.roi_sets.items()]
        labels = self.stimuli.table.to_csv()
        text = repr((self.name, self.subject, self.feature_set, self.layer, names, labels))
        text += f"{self.runs}" * (self.runs is not None) + self.unit
        digest.update(text.encode())
        return digest.hexdigest()


def _update_digest(digest: Any, array: npt.NDArray[Any] | None) -> None:
    """Feed an array's type, shape and bytes to a hash, or a mark for a missing one."""
    if array is None:
        digest.update(b"none")
        return
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
