"""BOLD5000 release 2.0, understood as single trials: NIfTI of each session, or arrays of ROIs.

References
----------
Chang et al. (2019), Sci. Data 6, 49; release 2.0, kilthub.cmu.edu collection 5324846: its table of
file names, save_BOLD5000_session_niftis.m of github.com/tarrlab/BOLD5000-GLMs (37 trials a run).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_length, check_matrix
from jne_engine.core.errors import InputError
from jne_engine.cortex.rois import stack_rois
from jne_engine.cortex.spaces import CorticalSpace, RoiSet, VolumeSpace
from jne_engine.datasets.locations import read_volume_space
from jne_engine.datasets.trial_betas import BetaParts
from jne_engine.datasets.trial_choices import complete_plan, describe_trials, hold_out, number_names
from jne_engine.datasets.trial_plan import DrawnRequest, TrialPlan
from jne_engine.datasets.trials import TrialTable
from jne_engine.formats.guard import printable, read_text
from jne_engine.formats.numpy_files import map_npy
from jne_engine.formats.volumes import open_volume, read_volume, read_voxels

TRIALS_A_RUN: Final = 37
IMAGE_FOLDERS: Final = ("Presented_Stimuli", "Scene_Stimuli", "BOLD5000_Stimuli", "images")

_SESSION: Final = re.compile(r"(CSI\d)_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-(\d+)\.nii(\.gz)?")
_ROI: Final = re.compile(r"(CSI\d)_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_allses_([LR]H)(\w+)\.npy")
_MASK: Final = re.compile(r"sub-(CSI\d)_mask-([LR]H)(\w+)\.nii(\.gz)?")
_SPELLED: Final = {"LO": "LOC", "RRSC": "RSC"}
"""ROIs that some subjects' files spell otherwise."""

_COPY: Final = "download it again from the release 2.0 of BOLD5000"
_MOST: Final = 20_000
_BETAS: Final = ("", "py", "BOLD5000_GLMsingle_ROI_betas/py")
_DEPTHS: Final = ("", "*/", "*/*/", "*/*/*/")


@dataclass(frozen=True, kw_only=True)
class Bold5000Request(DrawnRequest):
    """What to import of BOLD5000.

    Parameters
    ----------
    root : pathlib.Path
        Folder with a subject's ``…_ses-01.nii.gz`` and on, brain mask and list of image names, at
        any depth; or with the arrays of ROIs.
    subject : str
        ``"CSI1"`` to ``"CSI4"``.
    """

    def tree(self) -> Tree:
        """Return the subject's files."""
        return find_tree(self.root, self.subject)

    def paths(self) -> tuple[Path, ...]:
        """Return betas, masks and names of the subject."""
        return self.tree().paths()

    def image_places(self) -> Iterable[Path]:
        """Return where a folder of pictures may lie, the likeliest first."""
        return (
            p for name in IMAGE_FOLDERS for deep in _DEPTHS for p in self.root.glob(f"{deep}{name}")
        )


@dataclass(frozen=True)
class Tree:
    """The files of a subject.

    Parameters
    ----------
    sessions : mapping of int to pathlib.Path
        Betas of each session.
    rois : mapping of str to pathlib.Path
        Betas of each ROI, by hemisphere and name, for instance ``"LHPPA"``.
    masks : mapping of str to pathlib.Path
        Mask of each ROI, likewise.
    brain, names : pathlib.Path, optional
        The brain mask, and the list of image names.
    """

    sessions: dict[int, Path]
    rois: dict[str, Path]
    masks: dict[str, Path]
    brain: Path | None
    names: Path | None

    def paths(self) -> tuple[Path, ...]:
        """Return every file."""
        named = (self.names, self.brain, *self.masks.values())
        every = (*self.sessions.values(), *self.rois.values(), *named)
        return tuple(path for path in every if path is not None)


def list_subjects(root: Path) -> tuple[str, ...]:
    """Return the subjects that have betas in a folder, or where the release's archive puts them."""
    here = (path for place in _BETAS for path in (root / place).glob("CSI*_GLMbetas-*"))
    matches = (_SESSION.fullmatch(p.name) or _ROI.fullmatch(p.name) for p in here)
    return tuple(sorted({match[1] for match in matches if match}))


def find_tree(root: Path, subject: str) -> Tree:
    """Find a subject's files below a folder, by their names."""
    sessions, rois, masks = {}, {}, {}
    named: dict[str, Path] = {}
    for path in _walk(root):
        if (match := _SESSION.fullmatch(path.name)) and match[1] == subject:
            sessions[int(match[2])] = path
        elif (match := _ROI.fullmatch(path.name)) and match[1] == subject:
            rois[match[2] + _SPELLED.get(match[3], match[3])] = path
        elif (match := _MASK.fullmatch(path.name)) and match[1] == subject:
            masks[match[2] + _SPELLED.get(match[3], match[3])] = path
        elif path.name in (f"{subject}_brainmask.nii.gz", f"{subject}_imgnames.txt"):
            named[path.suffix] = path
    return Tree(dict(sorted(sessions.items())), dict(sorted(rois.items())),
                dict(sorted(masks.items())), named.get(".gz"), named.get(".txt"))  # fmt: skip


def plan_bold5000(request: Bold5000Request) -> TrialPlan:
    """Read the list of images and the masks, and open the betas.

    Raises
    ------
    InputError
        If a file is missing or broken, or they do not fit each other.
    """
    tree = request.tree()
    betas, session, space, roi_sets, told = _open(request, tree)
    names = _read_names(tree, request.subject, betas.n_trials)
    image, index = number_names(names)
    run = np.concatenate([np.arange(n) // TRIALS_A_RUN + 1 for n in np.unique_counts(session)[1]])
    trials = TrialTable(session, run.astype(np.int64), image)
    repeated = np.flatnonzero(trials.presentations >= 2).astype(np.int64)
    once = np.flatnonzero(trials.presentations == 1).astype(np.int64)
    tested = f"test: the {repeated.size} images shown twice or more"
    splits, split_note = hold_out(request, once, repeated, tested)
    n_files = len(tree.sessions) or len(tree.rois)
    plan = TrialPlan(
        request=request,
        name="BOLD5000",
        source=f"BOLD5000 release 2.0, {request.label}, TYPED-FITHRF-GLMDENOISE-RR",
        betas=betas,
        trials=trials,
        stimuli=_describe(index),
        splits=splits,
        space=space,
        files=tuple(path for path in (tree.names, tree.brain, *tree.masks.values()) if path),
        roi_sets=roi_sets,
        found={"betas": f"{n_files} files, {betas.n_trials} trials, {betas.dtype}"},
        notes=(
            describe_trials(request.normalise, trials),
            f"runs are the {TRIALS_A_RUN} trials that follow each other; rep_ is taken off names",
            split_note,
        ),
    )
    return complete_plan(plan, told=told)


def _describe(names: pd.Index) -> pd.DataFrame:
    """Return the collection that each image is from, as its name says."""
    sources = ["COCO" if n.startswith("COCO") else "ImageNet" if re.match(r"n\d{8}_", n) else
               "Scene" for n in names]  # fmt: skip
    return pd.DataFrame({"source": sources}, index=names, dtype=object)


def _walk(root: Path) -> list[Path]:
    files = (path for deep in _DEPTHS for path in root.glob(f"{deep}*CSI*") if path.is_file())
    return [path for path, _ in zip(files, range(_MOST), strict=False)]


def _read_names(tree: Tree, subject: str, n_trials: int) -> list[str]:
    if tree.names is None:
        fix = f"put {subject}_imgnames.txt beside the betas"
        raise InputError(subject, "a list of image names, one a trial", "none", fix)
    names = [line.strip() for line in read_text(tree.names).splitlines() if line.strip()]
    fix = "take all sessions, in which the list counts trials, or shorten it"
    check_length(tree.names.name, len(names), n_trials, unit="names as trials", fix=fix)
    return [name.removeprefix("rep_") for name in names]


def _open(
    request: Bold5000Request, tree: Tree
) -> tuple[BetaParts, IntArray, CorticalSpace | None, tuple[RoiSet, ...], tuple[str, ...]]:
    """Return betas, session of each trial, places, ROIs, and what is told of them."""
    if tree.sessions:
        return _open_volumes(request, tree)
    if not tree.rois:
        raise InputError(request.label, "betas of sessions or ROIs", "none", _COPY)
    arrays = {name: map_npy(path) for name, path in tree.rois.items()}
    n_trials = len(next(iter(arrays.values())))
    for name, values in arrays.items():
        title = tree.rois[name].name
        check_matrix(title, values, ("n_trials", "n_voxels"), fix=_COPY)
        check_length(title, len(values), n_trials, unit="trials as the other ROIs", fix=_COPY)
    owner = np.repeat(list(arrays), [values.shape[1] for values in arrays.values()])

    def read_part(_: int) -> npt.NDArray[Any]:
        return np.concatenate(list(arrays.values()), axis=1)

    n_bytes = sum(values.nbytes for values in arrays.values())
    betas = BetaParts((n_trials,), owner.size, read_part, "float", n_bytes)
    told = (
        "arrays of ROIs do not say where their voxels lie: no places, no slices",
        "arrays of ROIs do not tell sessions: all runs count as one session",
    )
    masks = {name: owner == name for name in arrays}
    return betas, np.ones(n_trials, dtype=np.int64), None, _make_rois(masks, "arrays"), told


def _open_volumes(
    request: Bold5000Request, tree: Tree
) -> tuple[BetaParts, IntArray, CorticalSpace, tuple[RoiSet, ...], tuple[str, ...]]:
    if tree.brain is None:
        fix = f"put {request.subject}_brainmask.nii.gz beside the betas"
        raise InputError(request.label, "a brain mask", "none", fix)
    space = read_volume_space(tree.brain)
    volumes = [open_volume(path) for path in tree.sessions.values()]
    for volume in volumes:
        if volume.shape[:3] != space.shape:
            found = f"{volume.shape[:3]}"
            raise InputError(volume.path.name, f"the mask's grid {space.shape}", found, _COPY)
    paths = list(tree.sessions.values())

    def read_part(number: int) -> npt.NDArray[Any]:
        return read_voxels(paths[number], space.voxels)

    n_bytes = sum(path.stat().st_size for path in paths)
    sizes = tuple(volume.n_times for volume in volumes)
    betas = BetaParts(sizes, space.n_voxels, read_part, volumes[0].dtype.name, n_bytes)
    rois, left_out = _read_masks(tree, space)
    session = np.repeat(np.array(list(tree.sessions), dtype=np.int64), sizes)
    told = (
        f"columns and millimetres: {space.n_voxels:,} voxels of {printable(tree.brain.name)} (the"
        " betas' own headers state none that is right)",
        *left_out,
    )
    return betas, session, space, rois, told


def _read_masks(tree: Tree, space: VolumeSpace) -> tuple[tuple[RoiSet, ...], tuple[str, ...]]:
    """Return the ROIs whose masks lie on the betas' grid, and which do not."""
    masks, other = {}, []
    for name, path in tree.masks.items():
        volume = read_volume(path)
        if space.is_grid(volume.values.shape, volume.affine, atol=1e-2):
            masks[name] = volume.values[tuple(space.voxels.T)] > 0
        else:
            other.append(name)
    told = f"masks on another grid are left out: {', '.join(other)}; resample them"
    return _make_rois(masks, "masks"), ((told,) if other else ())


def _make_rois(masks: dict[str, npt.NDArray[np.bool_]], source: str) -> tuple[RoiSet, ...]:
    """Return ROIs of both hemispheres, and the hemispheres of the ROIs."""
    names = sorted({name[2:] for name in masks})
    joined = {n: np.any([m for k, m in masks.items() if k[2:] == n], axis=0) for n in names}
    told = f"{source} of BOLD5000"
    regions = stack_rois("bold5000-rois", told, joined)
    if not regions:
        return ()
    none = np.zeros_like(regions[0].masks[0])
    sides = [np.any([none, *(m for k, m in masks.items() if k[:2] == side)], axis=0)
             for side in ("LH", "RH")]  # fmt: skip
    hemispheres = RoiSet("hemispheres", told, ("left", "right"), (None, None), np.stack(sides))
    return *regions, hemispheres
