"""Outputs of GLMsingle with a design or a table of trials, understood as single trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_choice, check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import CorticalSpace, VolumeSpace
from jne_engine.datasets.glmsingle.files import (
    MODELS,
    Design,
    StoredBetas,
    find_betas,
    find_design,
    open_betas,
    read_design,
)
from jne_engine.datasets.locations import (
    know_surface,
    place_columns,
    read_volume_space,
    suggest_surface,
)
from jne_engine.datasets.tables import read_stimuli
from jne_engine.datasets.trial_betas import BetaBlocks
from jne_engine.datasets.trial_choices import (
    choose_splits,
    complete_plan,
    describe_trials,
    number_names,
)
from jne_engine.datasets.trial_plan import TEST_SETS, DrawnRequest, TrialPlan
from jne_engine.datasets.trial_tables import (
    STIMULUS_COLUMNS,
    find_column,
    read_numbers,
    read_trial_table,
)
from jne_engine.datasets.trials import TrialTable
from jne_engine.formats.guard import printable

IMAGE_FOLDERS: Final = ("images", "stimuli")
_TABLES: Final = (".tsv", ".csv")


@dataclass(frozen=True, kw_only=True)
class GlmSingleRequest(DrawnRequest):
    """What to import of a folder that GLMsingle wrote.

    Parameters
    ----------
    root : pathlib.Path
        Folder with ``TYPED_FITHRF_GLMDENOISE_RR`` (``.npy``, ``.hdf5`` or ``.mat``), and
        ``DESIGNINFO`` or ``trials.tsv``; ``stimuli.tsv`` may name the conditions.
    model : {"D", "C", "B"}
        Whose betas.
    test : {"random", "repeated"}
        Test images: drawn, or those that were shown most often.
    voxels : pathlib.Path, optional
        Mask of the voxels on the betas' grid; by default the folder's only ``*mask*.nii.gz``.
    surface : str, optional
        Surface of betas without a grid; of a volume the template in whose space it lies.
    """

    model: str = "D"
    test: str = TEST_SETS[0]
    voxels: Path | None = None

    def __post_init__(self) -> None:
        """Validate the choices."""
        super().__post_init__()
        check_choice("model of GLMsingle", self.model, tuple(MODELS))
        check_choice("test images", self.test, TEST_SETS)

    def find_table(self, stem: str) -> Path | None:
        """Return ``trials`` or ``stimuli`` as a table of the folder, None without."""
        here = (self.root / f"{stem}{suffix}" for suffix in _TABLES)
        return next((path for path in here if path.is_file()), None)

    def find_mask(self) -> Path | None:
        """Return the mask that was named, or the only one of the folder."""
        if self.voxels is not None:
            return self.voxels
        masks = sorted(self.root.glob("*mask*.nii*"))
        return masks[0] if len(masks) == 1 else None

    def paths(self) -> tuple[Path, ...]:
        """Return every file but pictures that is read."""
        tables = (self.find_table("trials"), self.find_table("stimuli"))
        named = (find_betas(self.root, self.model), find_design(self.root), *tables)
        return tuple(path for path in (*named, self.find_mask()) if path is not None)

    def image_places(self) -> Iterable[Path]:
        """Return where a folder of pictures may lie, the likeliest first."""
        return (self.root / name for name in IMAGE_FOLDERS)


def plan_glmsingle(request: GlmSingleRequest) -> TrialPlan:
    """Read design, tables and mask, and open the betas.

    Raises
    ------
    InputError
        If a file is missing or broken, or they do not fit each other.
    """
    stored = open_betas(find_betas(request.root, request.model))
    trials, stimuli, (notes, problems) = _read_trials(request, stored)
    space, at, placed = _place(request, stored)
    splits, split_note = choose_splits(request, trials, request.test)
    model = f"GLMsingle's model {request.model}"
    plan = TrialPlan(
        request=request,
        name="GLMsingle",
        source=f"single-trial betas of {request.label} by {model} ({stored.path.name})",
        betas=_block_betas(stored, at),
        trials=trials,
        stimuli=stimuli,
        splits=splits,
        space=space,
        files=tuple(path for path in request.paths() if path != stored.path),
        found={stored.path.name: f"{stored.shape}, {stored.dtype}"},
        notes=(
            f"betas of {model}, in percent signal change unless it was told otherwise",
            describe_trials(request.normalise, trials),
            split_note,
        ),
        problems=problems,
    )
    return complete_plan(plan, told=(placed, *notes))


def _read_trials(
    request: GlmSingleRequest, stored: StoredBetas
) -> tuple[TrialTable, pd.DataFrame, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return trials and stimuli, and what is to be told: notes and problems."""
    n_trials, path = stored.shape[3], find_design(request.root)
    design = None if path is None else read_design(path)
    fix = "take design and betas from the same fit"
    if design is not None and path is not None:
        check_length(path.name, design.condition.size, n_trials, unit="trials as betas", fix=fix)
    table = request.find_table("trials")
    if table is not None:
        return _from_table(table, design, n_trials)
    if design is None:
        fix = "add a trials.tsv with the columns session, run and stimulus, a row a trial"
        found = "neither DESIGNINFO nor trials.tsv"
        raise InputError(printable(request.root.name), "what each trial showed", found, fix)
    trials = TrialTable(design.session, design.run, design.condition)
    notes: tuple[str, ...] = (
        f"{design.n_conditions} conditions of the design are the stimuli, in its order",
    )
    named = request.find_table("stimuli")
    if named is not None:
        all_of_them = read_stimuli(named, design.n_conditions).table
        return trials, all_of_them.iloc[trials.image_ids], (notes, ())
    names = [f"condition-{i}" for i in trials.image_ids]
    unnamed = (
        "conditions have no names: a stimuli.tsv with a row a condition (its image's file first)"
        " pairs them with images"
    )
    return trials, pd.DataFrame(index=pd.Index(names, dtype=object)), (notes, (unnamed,))


def _from_table(
    path: Path, design: Design | None, n_trials: int
) -> tuple[TrialTable, pd.DataFrame, tuple[tuple[str, ...], tuple[str, ...]]]:
    table = read_trial_table(path)
    fix = "give every trial its row, in the order of the betas"
    check_length(printable(path.name), len(table), n_trials, unit="rows as trials", fix=fix)
    column = find_column(path, table, STIMULUS_COLUMNS)
    image, names = number_names(table[column].tolist())
    numbers = {
        name: read_numbers(path, table, name) for name in ("session", "run") if name in table
    }
    if design is None and "run" not in numbers:
        find_column(path, table, ("run",))
    run = numbers["run"] if "run" in numbers or design is None else design.run
    session = numbers.get("session", np.ones_like(run) if design is None else design.session)
    notes = (f"stimuli by the column {column} of {printable(path.name)}",)
    problems: tuple[str, ...] = ()
    if design is not None:
        pairs = np.unique(np.stack([design.condition, image]), axis=1).shape[1]
        sizes = np.unique(design.condition).size, np.unique(image).size
        if sizes != (pairs, pairs):
            problems = (
                f"{printable(path.name)} and the design disagree: {sizes[1]} stimuli,"
                f" {sizes[0]} conditions, {pairs} pairs of both; are rows in the betas' order?",
            )
    return TrialTable(session, run, image), pd.DataFrame(index=names), (notes, problems)


def _place(request: GlmSingleRequest, stored: StoredBetas) -> tuple[CorticalSpace, IntArray, str]:
    """Return where the columns lie, the stored place (x, y, z) of each, and how that is known."""
    mask, grid = request.find_mask(), stored.shape[:3]
    if grid[1:] == (1, 1):
        return _place_list(request, stored, mask)
    if mask is None:
        fix = "name a mask on their grid with --voxels: it gives voxels and millimetres"
        expected = "a mask of the betas' grid (GLMsingle keeps no millimetres)"
        raise InputError(printable(stored.path.name), expected, "none, or several", fix)
    space = read_volume_space(mask)
    if space.shape != grid:
        fix = "name the mask of the volumes that GLMsingle was given"
        raise InputError(printable(mask.name), f"the betas' grid {grid}", f"{space.shape}", fix)
    name = printable(mask.name)
    return space, space.voxels, f"columns and millimetres: the {space.n_voxels:,} voxels of {name}"


def _place_list(
    request: GlmSingleRequest, stored: StoredBetas, mask: Path | None
) -> tuple[CorticalSpace, IntArray, str]:
    """Place betas without a grid: voxels of a mask, or vertices of a surface."""
    n = stored.shape[0]
    if mask is not None:
        space = read_volume_space(mask, n)
        if stored.is_matlab:
            order = np.lexsort((space.voxels[:, 0], space.voxels[:, 1], space.voxels[:, 2]))
            space = VolumeSpace(space.shape, space.affine, space.voxels[order])
        how = "x fastest, as MATLAB lists them" if stored.is_matlab else "x slowest, as numpy does"
        return space, _list_places(n), f"columns: the voxels of {printable(mask.name)}, {how}"
    likely = suggest_surface(n)
    surface = None if request.surface is None else know_surface(request.surface)
    places = None if surface is None else place_columns(surface, n)
    if places is None:
        fix = f"name --surface {likely}" if likely and surface is None else (
            "name a mask with --voxels, or the --surface of all vertices, left and then right"
        )  # fmt: skip
        raise InputError(printable(stored.path.name), f"places of {n:,} columns", "none", fix)
    told = f"columns: vertices of {places.surface}, left and then right"
    return places, _list_places(places.n_voxels), told


def _list_places(n: int) -> IntArray:
    places = np.zeros((n, 3), dtype=np.int64)
    places[:, 0] = np.arange(n)
    return places


def _block_betas(stored: StoredBetas, at: IntArray) -> BetaBlocks:
    """Return the betas of some places, whose x do not descend."""
    order = np.argsort(at[:, 0], kind="stable")
    if not (np.diff(order) == 1).all():
        raise InputError("voxels of the mask", "ascending x", "another order", "save it again")

    def read_blocks() -> Iterator[tuple[slice, npt.NDArray[Any]]]:
        for window, values in stored.windows():
            start, stop = np.searchsorted(at[:, 0], (window.start, window.stop)).tolist()
            if start < stop:
                x, y, z = at[start:stop].T
                yield slice(start, stop), values[x - window.start, y, z]

    n_bytes = int(np.prod(stored.shape)) * np.dtype(stored.dtype).itemsize
    return BetaBlocks(stored.shape[3], len(at), read_blocks, stored.dtype, n_bytes)
