"""LAION-fMRI: BIDS derivatives with trials, fixed splits, noise ceilings and masks of ROIs.

References
----------
github.com/ViCCo-Group/LAION-fMRI: docs (glmsingle_betas, train_test_splits, rois), ``_paths.py``,
``splits/__init__.py``, ``embeddings.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array
from jne_engine.core.errors import InputError
from jne_engine.cortex.rois import stack_rois
from jne_engine.cortex.spaces import RoiSet, VolumeSpace
from jne_engine.datasets.bids.names import list_series
from jne_engine.datasets.bids.plan import BidsRequest, plan_bids
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.trial_choices import choose_ceiling, hold_out
from jne_engine.datasets.trial_plan import SubjectRequest, TrialPlan
from jne_engine.formats.guard import printable, read_text, reading
from jne_engine.formats.volumes import read_volume

BETAS: Final = Path("derivatives") / "glmsingle-tedana"
ATLASES: Final = Path("derivatives") / "atlases"
EMBEDDINGS: Final = "task-images_desc-*_embeddings.h5"

_OOD: Final = re.compile(r"shared_\d+rep_OOD_([A-Za-z0-9-]+)_.+")
_SERIES: Final = re.compile(r"stat-effect_desc-SingletrialBetas|desc-singletrial_stat-effect")
_CEILINGS: Final = ("4rep", "12rep", "Allrep")
_GRID: Final = "take masks and ceilings of the same release as the betas"
_NO_CEILING: Final = "no noise ceiling, as asked"


@dataclass(frozen=True, kw_only=True)
class LaionRequest(SubjectRequest):
    """What to import of LAION-fMRI.

    Parameters
    ----------
    root : pathlib.Path
        The data folder, which holds ``derivatives/glmsingle-tedana``.
    subject : str
        ``"01"``, ``"03"``, ``"05"``, ``"06"`` or ``"07"``.
    normalise : {"session", "run-training", "run", "session-training", "none"}
        As the data set's authors advise: within each session, over all its trials.
    splits : pathlib.Path, optional
        A split of the package laion_fmri (``splits/data/sub-01/tau.json``); without, the
        out-of-distribution images are the test set and all others train.
    """

    normalise: str = "session"
    splits: Path | None = None

    def as_bids(self) -> BidsRequest:
        """Return the subject's betas as a series of BIDS derivatives."""
        request = BidsRequest(
            root=self.root / BETAS, subject=self.subject, normalise=self.normalise,
            ceiling="none", seed=self.seed, pictures=self.pictures, surface=self.surface,
            surface_folder=self.surface_folder,
        )  # fmt: skip
        found = [s for s in list_series(request.files()) if _SERIES.search(s)]
        masks = sorted(request.root.glob(f"{self.label}/{self.label}_*mask_mask.nii*"))
        if len(found) != 1 or len(masks) != 1:
            told = f"{len(found)} series of single-trial betas and {len(masks)} masks"
            fix = "download betas and mask of the subject with the package laion_fmri"
            raise InputError(self.label, "one of each", told, fix)
        return replace(request, series=found[0], mask=masks[0])

    def ceiling_map(self, kind: str) -> Path | None:
        """Return the subject's map of a noise ceiling, None where it is not there."""
        name = f"{self.label}_*desc-*oiseceiling*{kind}_statmap.nii.gz"
        return next(iter(sorted((self.root / BETAS / self.label).glob(name))), None)

    def roi_masks(self) -> tuple[Path, ...]:
        """Return the masks of ROIs."""
        return tuple(sorted((self.root / ATLASES / self.label / "rois").glob("*.nii.gz")))

    def paths(self) -> tuple[Path, ...]:
        """Return every file that may be read."""
        maps = (self.ceiling_map(kind) for kind in _CEILINGS)
        named = (*maps, self.splits, *self.roi_masks())
        return (*self.as_bids().paths(), *(path for path in named if path is not None))


def plan_laion(request: LaionRequest) -> TrialPlan:
    """Read trials, splits, ceilings and masks, and open the betas.

    Raises
    ------
    InputError
        If a file is missing or broken, or they do not fit each other.
    """

    def divide(names: Sequence[str]) -> tuple[Splits, str]:
        return divide_images(request, names)

    plan = plan_bids(request.as_bids(), divide=divide)
    if not isinstance(plan.space, VolumeSpace):
        raise InputError(request.label, "volumes", "another space", _GRID)
    path, from_repeats, ceiling_note = _choose_ceiling(request, plan)
    stimuli = plan.stimuli.copy()
    stimuli["ood type"] = [match[1] if (match := _OOD.fullmatch(n)) else "" for n in plan.names]
    shipped = sorted(p.name for p in (request.root / "stimuli").glob(EMBEDDINGS))
    features = f"embeddings are there: import features OUT stimuli/{next(iter(shipped), '')}"
    masks = request.roi_masks()
    extra = (request.splits, path, *masks)
    return replace(
        plan,
        request=request,
        name="LAION-fMRI",
        source=f"LAION-fMRI, {request.label}, single-trial betas (TYPED) in T1w",
        stimuli=stimuli,
        files=(*plan.files, *(p for p in extra if p is not None)),
        roi_sets=_read_rois(masks, plan.space),
        ceiling=None if path is None else _read_ceiling(path, plan.space),
        from_repeats=from_repeats,
        notes=(
            *(note for note in plan.notes if note != _NO_CEILING),
            ceiling_note,
            *([f"{features} --layer 0"] * bool(shipped)),
        ),
    )


def divide_images(request: LaionRequest, names: Sequence[str]) -> tuple[Splits, str]:
    """Return the splits of a file, or out-of-distribution images against all others.

    Raises
    ------
    InputError
        If the file is no split of the data set, or none of its images was shown.
    """
    rows = {name: row for row, name in enumerate(names)}
    if request.splits is None:
        is_test = np.array([_OOD.fullmatch(name) is not None for name in names])
        test, pool = (np.flatnonzero(m).astype(np.int64) for m in (is_test, ~is_test))
        told = f"test: the {test.size} out-of-distribution images, by their names"
        named, left = names, 0
    else:
        values = _read_split(request.splits)
        test, pool = (
            np.array(sorted(rows[n] for n in values[part] if n in rows), dtype=np.int64)
            for part in ("test_ids", "train_ids")
        )
        named = [*values["test_ids"], *values["train_ids"]]
        left = len(names) - test.size - pool.size
        file = printable(request.splits.name)
        told = f"train and test by {file} ({test.size} test images)"
    unseen = sum(name not in rows for name in named)
    splits, told = hold_out(request, pool, test, told)
    told += f"; {unseen} of its images were not shown" if unseen else ""
    return splits, told + (f"; {left} shown images are in neither" if left else "")


def _read_split(path: Path) -> dict[str, list[str]]:
    fix = "name a file of the package laion_fmri: splits/data/sub-01/tau.json"
    with reading(path, expected="a split of LAION-fMRI", fix=fix):
        values: Any = json.loads(read_text(path))
        (variant,) = values["variants"]
        found = {key: [str(n) for n in variant[key]] for key in ("train_ids", "test_ids")}
    both = set(found["train_ids"]) & set(found["test_ids"])
    if both:
        raise InputError(path.name, "each image in one part", f"{len(both)} in both", fix)
    return found


def _choose_ceiling(request: LaionRequest, plan: TrialPlan) -> tuple[Path | None, bool, str]:
    """Return the map of the noise ceiling if it is taken, whether repeats are, and why."""
    shown = plan.trials.presentations[plan.splits.test]
    kinds = ["4rep"] * bool((shown == 4).all()) + ["Allrep"]
    path = next((p for kind in kinds if (p := request.ceiling_map(kind)) is not None), None)
    told = "" if path is None else f"the data set's own, {printable(path.name)}"
    kind, note = choose_ceiling(request, plan.trials, plan.splits, shipped=told)
    return path if kind == "shipped" else None, kind == "repeats", note


def _read_ceiling(path: Path, space: VolumeSpace) -> Float32Array:
    values = _at_voxels(path, space)
    finite = values[np.isfinite(values)]
    if not finite.size or finite.min() < 0 or finite.max() > 100:
        raise InputError(path.name, "percent from 0 to 100", "other values", _GRID)
    return (values / 100).astype(np.float32)


def _read_rois(masks: tuple[Path, ...], space: VolumeSpace) -> tuple[RoiSet, ...]:
    names = (printable(path.name.removesuffix(".nii.gz")) for path in masks)
    found = {n: _at_voxels(path, space) > 0 for n, path in zip(names, masks, strict=True)}
    n_empty = sum(not mask.any() for mask in found.values())
    source = f"masks of LAION-fMRI ({n_empty} without a voxel left out)"
    return stack_rois("laion-rois", source, found)


def _at_voxels(path: Path, space: VolumeSpace) -> npt.NDArray[np.float64]:
    """Return a map's values at the columns."""
    volume = read_volume(path)
    if not space.is_grid(volume.values.shape, volume.affine, atol=1e-2):
        found = f"{volume.values.shape}"
        raise InputError(printable(path.name), f"the betas' grid {space.shape}", found, _GRID)
    values: npt.NDArray[np.float64] = volume.values[tuple(space.voxels.T)].astype(np.float64)
    return values
