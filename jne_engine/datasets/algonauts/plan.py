"""What an import of an Algonauts subject will take; no responses are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_choice, check_length
from jne_engine.cortex.spaces import HEMISPHERES, RoiSet, SurfaceSpace
from jne_engine.datasets.algonauts.layout import (
    COPY,
    N_FSAVERAGE,
    ROI_CLASSES,
    AlgonautsTree,
    Picture,
    list_pictures,
    map_responses,
    read_roi,
    read_vertices,
)
from jne_engine.datasets.columns import Columns
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.nsd.roi_files import LabelParts
from jne_engine.datasets.nsd.rois import SubjectLabels, build_roi_sets
from jne_engine.datasets.splits import DEFAULT_FRACTIONS, random_splits
from jne_engine.formats.label_tables import builtin_names

PLACES: Final = ("challenge", "fsaverage")


@dataclass(frozen=True, kw_only=True)
class AlgonautsRequest:
    """What to import of an Algonauts subject.

    Parameters
    ----------
    root : pathlib.Path
        The subject's folder.
    space : {"challenge", "fsaverage"}
        Columns for the challenge's vertices only, or for all of fsaverage, the others NaN and
        masked.
    seed : int
        Seed of the splits.
    fractions : (float, float, float)
        Shares of train, validation and test; where the copy has test responses, they are the
        test set and the third share is not used.
    pictures : bool
        Whether to keep small pictures.
    """

    root: Path
    space: str = PLACES[0]
    seed: int = 0
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS
    pictures: bool = True

    def __post_init__(self) -> None:
        """Validate the choices."""
        check_choice("Algonauts space", self.space, PLACES)


@dataclass(frozen=True, eq=False)
class AlgonautsPlan:
    """Everything that an import knows before it copies responses.

    Parameters
    ----------
    request : AlgonautsRequest
        What was asked for.
    tree : AlgonautsTree
        The subject's folder.
    pictures : tuple of Picture
        Pictures in the order of the rows: training, then test where it has responses.
    splits_of_files : tuple of str
        ``("training",)`` or ``("training", "test")``.
    vertices : tuple of numpy.ndarray of int64
        Left and right: the fsaverage vertex of each column of the files.
    columns : Columns
        The response columns; its parts are the columns of each hemisphere's file.
    roi_sets : list of RoiSet
        ROIs over the columns.
    splits : Splits
        Rows for training, validation and test.
    notes, problems : tuple of str
        Decisions, and what looks wrong.
    """

    request: AlgonautsRequest
    tree: AlgonautsTree
    pictures: tuple[Picture, ...]
    splits_of_files: tuple[str, ...]
    vertices: tuple[IntArray, IntArray]
    columns: Columns
    roi_sets: list[RoiSet]
    splits: Splits
    notes: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def image_ids(self) -> IntArray:
        """Zero-based 73k id of each row."""
        return np.array([picture.image_id for picture in self.pictures], dtype=np.int64)

    def place(self) -> tuple[IntArray, IntArray]:
        """Return the response column of each column of the left and the right file."""
        if self.request.space == "challenge":
            n_left = self.vertices[0].size
            return np.arange(n_left), np.arange(self.vertices[1].size) + n_left
        return self.vertices[0], self.vertices[1] + _n_fsaverage(self.vertices)


def plan_algonauts(request: AlgonautsRequest) -> AlgonautsPlan:
    """Decide what to import: images, columns, ROIs and splits.

    Raises
    ------
    InputError
        If a file that is needed is missing, cannot be read, or contradicts another.
    """
    tree = AlgonautsTree(request.root)
    has_test = all(tree.responses(hemi, "test").exists() for hemi in HEMISPHERES)
    files = ("training", "test") if has_test else ("training",)
    pictures = [_check_rows(tree, split) for split in files]
    widths = [values.shape[1] for values in map_responses(tree)]
    found = [read_vertices(tree, h, n) for h, n in zip(HEMISPHERES, widths, strict=True)]
    vertices = (found[0][0], found[1][0])
    labels = _read_labels(tree, vertices)
    columns = _choose_columns(request, vertices)
    roi_sets, roi_notes = build_roi_sets(_spread(labels, request, vertices), columns)
    splits, note = _split(request, [len(part) for part in pictures])
    text = "betas as published: z-scored per session and averaged over presentations"
    return AlgonautsPlan(
        request=request,
        tree=tree,
        pictures=tuple(picture for part in pictures for picture in part),
        splits_of_files=files,
        vertices=vertices,
        columns=columns,
        roi_sets=roi_sets,
        splits=splits,
        notes=(text, *(how for _, how in found), note, *roi_notes),
        problems=labels.problems,
    )


def _check_rows(tree: AlgonautsTree, split: str) -> tuple[Picture, ...]:
    pictures, values = list_pictures(tree, split), map_responses(tree, split)[0]
    name = tree.responses("left", split).name
    check_length(name, len(values), len(pictures), unit="rows, one a picture", fix=COPY)
    return pictures


def _read_labels(tree: AlgonautsTree, vertices: tuple[IntArray, IntArray]) -> SubjectLabels:
    found = {}
    for name in ROI_CLASSES:
        parts = [read_roi(tree, h, name, v) for h, v in zip(HEMISPHERES, vertices, strict=True)]
        present = tuple(part for part in parts if part is not None)
        if len(present) == len(parts):
            grid = tuple(part.size for part in present)
            found[name] = LabelParts(name, present, grid, builtin_names(name))
    missing = [name for name in ROI_CLASSES if name not in found]
    problems = (f"no files of the ROIs {', '.join(missing)}",) if missing else ()
    return SubjectLabels(found, (), problems)


def _choose_columns(request: AlgonautsRequest, vertices: tuple[IntArray, IntArray]) -> Columns:
    """Return the response columns; every vertex of fsaverage where that was asked for."""
    if request.space == "fsaverage":
        n = _n_fsaverage(vertices)
        vertices = (np.arange(n, dtype=np.int64), np.arange(n, dtype=np.int64))
    parts = tuple(np.arange(v.size, dtype=np.int64) for v in vertices)
    return Columns(SurfaceSpace("fsaverage", *vertices), parts)


def _spread(
    labels: SubjectLabels, request: AlgonautsRequest, vertices: tuple[IntArray, IntArray]
) -> SubjectLabels:
    """Put labels of the files' columns on all vertices of fsaverage, where that was asked for."""
    if request.space == "challenge":
        return labels
    n = _n_fsaverage(vertices)
    spread = {}
    for name, found in labels.collections.items():
        pairs = zip(found.parts, vertices, strict=True)
        parts = tuple(_scatter(values, at, n) for values, at in pairs)
        spread[name] = LabelParts(name, parts, (n, n), found.names)
    return SubjectLabels(spread, labels.notes, labels.problems)


def _scatter(values: npt.NDArray[Any], at: IntArray, n: int) -> IntArray:
    """Return values at their vertices, 0 elsewhere."""
    whole = np.zeros(n, dtype=np.int64)
    whole[at] = values
    return whole


def _n_fsaverage(vertices: tuple[IntArray, IntArray]) -> int:
    return max(N_FSAVERAGE, *(int(v.max()) + 1 for v in vertices))


def _split(request: AlgonautsRequest, counts: list[int]) -> tuple[Splits, str]:
    if len(counts) == 1:
        splits = random_splits(counts[0], seed=request.seed, fractions=request.fractions)
        note = (
            "the challenge publishes no test responses: "
            f"{splits.test.size} test and {splits.validation.size} validation images drawn from "
            f"the training images with seed {request.seed}"
        )
        return splits, note
    order = np.random.default_rng(request.seed).permutation(counts[0])
    share = request.fractions[1] / (request.fractions[0] + request.fractions[1])
    n_validation = min(max(1, round(counts[0] * share)), counts[0] - 1)
    train, validation = np.sort(order[n_validation:]), np.sort(order[:n_validation])
    test = np.arange(counts[0], sum(counts), dtype=np.int64)
    note = (
        f"test: the {test.size} images of test_fmri; {n_validation} of the training images to "
        f"validation with seed {request.seed}"
    )
    return Splits(train, validation, test), note
