"""What an import of NSD will take, decided from small files only; no betas are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import BoolArray, IntArray
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import RoiSet
from jne_engine.datasets.columns import Columns, surface_columns, volume_columns
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.nsd.betas import BetaFile, open_betas
from jne_engine.datasets.nsd.images import read_shared
from jne_engine.datasets.nsd.layout import (
    BETA_VERSIONS,
    GRIDS,
    N_NSDGENERAL,
    N_SESSIONS,
    N_SHARED,
    NsdTree,
    SessionFiles,
    find_sessions,
)
from jne_engine.datasets.nsd.projection import find_projection
from jne_engine.datasets.nsd.roi_files import find_reference, read_brain_mask, read_labels
from jne_engine.datasets.nsd.rois import (
    SubjectLabels,
    build_roi_sets,
    read_subject_labels,
    select_rois,
)
from jne_engine.datasets.nsd.trials import read_trials
from jne_engine.datasets.preview import readable_ranges
from jne_engine.datasets.responses import BetaStream
from jne_engine.datasets.scripts.files import script_splits
from jne_engine.datasets.trial_choices import describe_trials
from jne_engine.datasets.trials import TrialTable, count_presentations, find_training_trials
from jne_engine.formats.guard import printable
from jne_engine.formats.volumes import open_volume

TEST_SETS: Final = ("shared", "common")
NORMALISATIONS: Final = ("run", "run-training", "none")
CEILINGS: Final = ("auto", "ncsnr", "repeats", "none")


@dataclass(frozen=True, kw_only=True)
class NsdRequest:
    """What to import of NSD.

    Parameters
    ----------
    root : pathlib.Path
        Folder that holds ``nsddata`` and ``nsddata_betas``.
    subject : int
        1 to 8.
    space : {"func1pt8mm", "func1mm", "fsaverage", "nativesurface"}
        Where the betas lie.
    betas : str
        Version of the betas.
    voxels : tuple of str
        ``nsdgeneral``, ``brainmask`` (volumes) or ``all``; else the ROIs whose union is taken.
    test : {"shared", "common"}
        Test images: the shared ones, or all that every subject of ``common_subjects`` saw.
    common_subjects : tuple of int
        Subjects that must have seen a test image.
    normalise : {"run", "run-training", "none"}
        Z-score each voxel within each run over all its trials (the paper), or by those of
        training images; or keep percent signal change.
    ceiling : {"auto", "ncsnr", "repeats", "none"}
        Noise ceiling from NSD's ncsnr, from the test images shown three times, or none; auto
        takes ncsnr where it is there.
    seed : int
        Seed of the division into train and validation.
    pictures : bool
        Whether to keep small pictures and COCO categories where their files are there.
    anatomy : pathlib.Path, optional
        Image in the millimetres of a volume's betas that slices are drawn on.
    """

    root: Path
    subject: int
    space: str = "func1pt8mm"
    betas: str = BETA_VERSIONS[0]
    voxels: tuple[str, ...] = ("nsdgeneral",)
    test: str = "shared"
    common_subjects: tuple[int, ...] = ()
    normalise: str = "run"
    ceiling: str = "auto"
    seed: int = 0
    pictures: bool = True
    anatomy: Path | None = None

    def __post_init__(self) -> None:
        """Validate the choices."""
        check_choice("test images", self.test, TEST_SETS)
        check_choice("normalisation", self.normalise, NORMALISATIONS)
        check_choice("noise ceiling", self.ceiling, CEILINGS)
        if not self.voxels:
            raise InputError("voxel selection", "a mask or ROIs", "nothing", "try nsdgeneral")

    def tree(self) -> NsdTree:
        """Return the subject's place in the copy of NSD."""
        return NsdTree(root=self.root, subject=self.subject, space=self.space, betas=self.betas)


@dataclass(frozen=True, eq=False)
class NsdPlan:
    """Everything that an import of NSD knows before it reads betas.

    Parameters
    ----------
    request : NsdRequest
        What was asked for.
    sessions : tuple of SessionFiles
        Sessions that will be read.
    trials : TrialTable
        Their trials.
    columns : Columns
        Positions that become response columns.
    roi_sets : list of RoiSet
        ROIs over the columns.
    splits : Splits
        Rows for training, validation and test.
    notes, problems : tuple of str
        Decisions, and what looks wrong.
    """

    request: NsdRequest
    sessions: tuple[SessionFiles, ...]
    trials: TrialTable
    columns: Columns
    roi_sets: list[RoiSet]
    splits: Splits
    notes: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def tree(self) -> NsdTree:
        """The subject's place in the copy of NSD."""
        return self.request.tree()

    def open_stream(self) -> BetaStream:
        """Return the betas, normalised as asked.

        Raises
        ------
        InputError
            If training images have fewer than two trials in a run that they shall normalise.
        """
        how, train = self.request.normalise, None
        if how == "run-training":
            train = self.splits.train
            for run in self.trials.group_runs():
                find_training_trials(self.trials, run, train)
        return BetaStream(self.sessions, self.trials, self.columns, how != "none", train)

    @property
    def sessions_missing(self) -> tuple[int, ...]:
        """Sessions of the complete data set that will not be read."""
        there = {s.session for s in self.sessions}
        whole = range(1, N_SESSIONS[self.request.subject - 1] + 1)
        return tuple(s for s in whole if s not in there)


def plan_nsd(request: NsdRequest) -> NsdPlan:
    """Decide what to import: sessions, trials, columns, ROIs and splits.

    Raises
    ------
    InputError
        If a file that is needed is missing, cannot be read, or contradicts another.
    """
    tree = request.tree()
    sessions, problems = find_sessions(tree)
    trials, notes = read_trials(tree)
    trials.runs()  # refuses trials that are not in the order of the betas
    sessions, trials, lost = _match_sessions(sessions, trials)
    first = tuple(open_betas(path) for path in sessions[0].files)
    labels = read_subject_labels(tree)
    for found in labels.collections.values():
        _check_grid(found.name, found.grid, first)
    columns, choice = _choose_columns(request, first, labels)
    roi_sets, roi_notes = build_roi_sets(labels, columns)
    test, test_note = _find_test(request, trials)
    splits = script_splits(trials.image_ids.size, test, seed=request.seed)
    drawn, not_drawn = find_projection(tree)
    done = describe_trials(request.normalise, trials, raw="in percent signal change")
    note = (
        f"test: {test_note}; {splits.validation.size} of the other images to validation with "
        f"seed {request.seed}"
    )
    plan = NsdPlan(
        request, sessions, trials, columns, roi_sets, splits,
        notes=(done, *notes, choice, note, *labels.notes, *roi_notes, *filter(None, [drawn])),
        problems=(*problems, *lost, *labels.problems, *filter(None, [not_drawn])),
    )  # fmt: skip
    return replace(plan, problems=(*plan.problems, *_find_oddities(plan, first)))


def _match_sessions(
    sessions: tuple[SessionFiles, ...], trials: TrialTable
) -> tuple[tuple[SessionFiles, ...], TrialTable, tuple[str, ...]]:
    known = set(trials.sessions)
    kept = tuple(s for s in sessions if s.session in known)
    if not kept:
        found = f"betas of {len(sessions)} sessions, trials of {len(known)}, none in common"
        raise InputError("NSD sessions", "trials of the betas", found, "check the subject")
    unknown = [s.session for s in sessions if s.session not in known]
    problems = [f"session {s}: betas without trials, left out" for s in unknown]
    return kept, trials.take_sessions(tuple(s.session for s in kept)), tuple(problems)


def _choose_columns(
    request: NsdRequest, first: tuple[BetaFile, ...], labels: SubjectLabels
) -> tuple[Columns, str]:
    """Return the positions that become columns, and how they were chosen."""
    tree = request.tree()
    masks, how = _select(request, first, labels)
    if not any(mask.any() for mask in masks):
        raise InputError(f"voxel selection {how}", "a voxel or more", "none", "choose other ROIs")
    text = f"columns: {sum(int(mask.sum()) for mask in masks)} of {how}"
    if tree.is_surface:
        name = "fsaverage" if tree.space == "fsaverage" else f"{tree.label}-{tree.space}"
        return surface_columns(masks[0], masks[1], name), text
    x, y, z = first[0].grid
    return volume_columns(masks[0], (x, y, z), _find_affine(tree, first[0]), tree.space), text


def _select(
    request: NsdRequest, first: tuple[BetaFile, ...], labels: SubjectLabels
) -> tuple[tuple[BoolArray, ...], str]:
    tree, choice = request.tree(), request.voxels
    if choice == ("all",):
        whole = tuple(np.ones(betas.n_positions, dtype=np.bool_) for betas in first)
        return whole, "all voxels" if not tree.is_surface else "all vertices"
    if choice == ("brainmask",):
        if tree.is_surface:
            fix = "choose all, nsdgeneral or ROIs"
            raise InputError("voxel selection", "a mask of vertices", "brainmask", fix)
        mask = read_brain_mask(tree).values
        _check_grid("brain mask", mask.shape, first)
        return (mask.reshape(-1, order="F") > 0,), "the brain mask"
    if choice == ("nsdgeneral",):
        found = read_labels(tree, "nsdgeneral")
        if found is None:
            fix = "download it, or choose brainmask, all or ROIs"
            raise InputError("nsdgeneral", f"its file in {tree.roi_folder.name}", "none", fix)
        _check_grid("nsdgeneral", found.grid, first)
        return tuple(part > 0 for part in found.parts), "nsdgeneral"
    return select_rois(labels, choice), f"the ROIs {', '.join(map(printable, choice))}"


def _check_grid(name: str, grid: tuple[int, ...], first: tuple[BetaFile, ...]) -> None:
    """Require labels or a mask to lie on the grid of the betas, axis by axis."""
    expected = tuple(n for betas in first for n in betas.grid)
    if grid != expected:
        fix = "check that ROIs and betas are of one subject and space"
        raise InputError(name, f"the betas' grid {expected}", str(grid), fix)


def _find_affine(tree: NsdTree, betas: BetaFile) -> npt.NDArray[np.float64]:
    """Return the grid's affine: the betas' own, else that of a mask or ROI of the space."""
    if betas.affine is not None:
        return betas.affine
    reference = find_reference(tree)
    if reference is None:
        fix = "download brainmask.nii.gz or an ROI of that space"
        raise InputError(betas.path.name, "a NIfTI file with its affine", "none", fix)
    volume = open_volume(reference)
    if volume.shape[:3] != betas.grid:
        found = f"{volume.shape[:3]} in {reference.name}"
        fix = "check that both are of one subject and space"
        raise InputError(betas.path.name, f"the grid {betas.grid}", found, fix)
    return volume.affine


def _find_test(request: NsdRequest, trials: TrialTable) -> tuple[IntArray, str]:
    if request.test == "shared":
        shared, file = read_shared(request.tree())
        rows = np.flatnonzero(np.isin(trials.image_ids, shared)).astype(np.int64)
        text = f"{rows.size} of the {shared.size} shared images ({file})"
    else:
        common = trials.image_ids
        for subject in request.common_subjects:
            other, _ = read_trials(replace(request, subject=subject).tree())
            common = np.intersect1d(common, other.image_ids)
        rows = np.flatnonzero(np.isin(trials.image_ids, common)).astype(np.int64)
        subjects = ", ".join(map(str, request.common_subjects)) or "none"
        text = f"{rows.size} images that subjects {subjects} saw too"
    if rows.size == 0 or rows.size == trials.image_ids.size:
        found = "none" if rows.size == 0 else "all images"
        fix = "choose --test shared, or --test common with other --common subjects"
        raise InputError("NSD test images", "some of the images", found, fix)
    return rows, text


def _find_oddities(plan: NsdPlan, first: tuple[BetaFile, ...]) -> tuple[str, ...]:
    request, index = plan.request, plan.request.subject - 1
    odd = []
    if plan.sessions_missing:
        missing = readable_ranges(plan.sessions_missing)
        odd.append(f"sessions of the complete data set that are missing: {missing}")
    if request.space == "func1pt8mm" and first[0].grid != GRIDS[index]:
        odd.append(f"grid {first[0].grid}, where the manual says {GRIDS[index]}")
    if request.space == "func1pt8mm" and request.voxels == ("nsdgeneral",):
        expected = N_NSDGENERAL[index]
        if plan.columns.n_columns != expected:
            odd.append(f"nsdgeneral of {plan.columns.n_columns}, where the manual says {expected}")
    if request.test == "shared" and plan.splits.test.size != N_SHARED[index]:
        odd.append(f"{plan.splits.test.size} shared images seen, of {N_SHARED[index]}")
    odd += [
        f"{b.path.name}: stored as {b.dtype.name}, taken as percent signal change, not divided"
        for b in first
        if b.divisor == 1 and b.path.suffix == ".hdf5"
    ]
    once = count_presentations(plan.trials.presentations).get(1, 0)
    if once == plan.trials.image_ids.size:
        odd.append("every image was shown once only: no noise ceiling from repeats")
    return tuple(odd)
