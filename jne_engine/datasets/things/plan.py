"""THINGS-fMRI in table format, understood as single trials.

``sub-XX_ResponseData.h5`` is a table that pandas stored: one row a voxel, one column a trial. Names
of its columns are pickled and never read; the values lie in a plain array.

References
----------
Hebart, Contier, Teichmann et al. (2023), eLife 12, e82580; github.com/ViCCo-Group/THINGS-data,
MRI/notebooks/fmri_usage.ipynb.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.core.arrays import Float32Array
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.cortex.rois import stack_rois
from jne_engine.cortex.spaces import RoiSet, VolumeSpace
from jne_engine.datasets.locations import read_volume_space
from jne_engine.datasets.trial_betas import BetaBlocks
from jne_engine.datasets.trial_choices import complete_plan, describe_trials, hold_out, number_names
from jne_engine.datasets.trial_plan import SubjectRequest, TrialPlan
from jne_engine.datasets.trial_tables import find_column, read_numbers, read_trial_table
from jne_engine.datasets.trials import TrialTable
from jne_engine.formats.guard import printable
from jne_engine.formats.hdf5 import list_hdf5_keys, open_hdf5_dataset, read_hdf5
from jne_engine.formats.hdf5_windows import read_windows

VOXEL_SETS: Final = ("all", "rois")
IMAGE_FOLDERS: Final = ("images", "object_images", "_images")
CEILING_COLUMN: Final = "nc_testset"

_FILE: Final = re.compile(r"sub-(\d+)_ResponseData\.h5")
_NO_ROI: Final = re.compile(r"voxel_|subject_id|nc_|splithalf_|prf-|Unnamed|^$")
_COPY: Final = "download betas_csv again from figshare"
_MASK: Final = (
    "put the subject's brain mask of the same collection (brainmasks.zip) beside it, or name it"
    " with --mask: it gives the millimetres"
)


@dataclass(frozen=True, kw_only=True)
class ThingsRequest(SubjectRequest):
    """What to import of THINGS-fMRI.

    Parameters
    ----------
    root : pathlib.Path
        Folder with ``betas_csv``, or that folder itself.
    subject : str
        Such as ``"01"``.
    voxels : {"all", "rois"}
        All voxels, or those that lie in an ROI.
    mask : pathlib.Path, optional
        Brain mask of the subject; by default found beside the tables.
    """

    voxels: str = VOXEL_SETS[0]
    mask: Path | None = None

    def __post_init__(self) -> None:
        """Validate the choices."""
        super().__post_init__()
        check_choice("voxels", self.voxels, VOXEL_SETS)

    def table(self, what: str) -> Path:
        """Return a file of the subject, for instance ``VoxelMetadata.csv``."""
        return find_tables(self.root) / f"sub-{self.subject}_{what}"

    def find_mask(self) -> Path | None:
        """Return the mask that was named, or the one of the subject beside the tables."""
        if self.mask is not None:
            return self.mask
        tables = find_tables(self.root)
        places = (self.root, tables, *(p / "brainmasks" for p in (self.root, tables.parent)))
        found = {p for place in places for p in place.glob(f"sub-{self.subject}*mask*.nii*")}
        return found.pop() if len(found) == 1 else None

    def paths(self) -> tuple[Path, ...]:
        """Return every file but pictures that is read."""
        names = ("ResponseData.h5", "StimulusMetadata.csv", "VoxelMetadata.csv")
        mask = self.find_mask()
        return (*map(self.table, names), *([] if mask is None else [mask]))

    def image_places(self) -> Iterable[Path]:
        """Return where a folder of pictures may lie, the likeliest first."""
        return (p / name for p in (self.root, find_tables(self.root)) for name in IMAGE_FOLDERS)


def find_tables(root: Path) -> Path:
    """Return the folder of the tables."""
    return root / "betas_csv" if (root / "betas_csv").is_dir() else root


def list_subjects(root: Path) -> tuple[str, ...]:
    """Return the subjects whose responses lie in a folder, ``"01"`` and on."""
    matches = (_FILE.fullmatch(path.name) for path in find_tables(root).glob("sub-*.h5"))
    return tuple(sorted(match[1] for match in matches if match))


def plan_things(request: ThingsRequest) -> TrialPlan:
    """Read the tables of trials and voxels, and open the responses.

    Raises
    ------
    InputError
        If a file is missing or broken, or they do not fit each other.
    """
    trials, stimuli, is_test = _read_trials(request)
    voxels = _read_voxels(request)
    rois, kept = _read_rois(request, voxels)
    key = _find_block(request, (len(voxels), len(trials)), voxels["voxel_id"])
    space = _place(request, voxels.iloc[kept])
    test, pool = (np.flatnonzero(m).astype(np.int64) for m in (is_test, ~is_test))
    told = f"test: the {test.size} images of trial type test"
    splits, split_note = hold_out(request, pool, test, told)
    ceiling = _read_ceiling(voxels.iloc[kept])
    known = "" if ceiling is None else f"the data set's own {CEILING_COLUMN} (mean test responses)"
    plan = TrialPlan(
        request=request,
        name="THINGS-fMRI",
        source=f"THINGS-fMRI, {request.label}, single-trial responses in table format",
        betas=_block_betas(request, key, kept, len(trials)),
        trials=trials,
        stimuli=stimuli,
        splits=splits,
        space=space,
        files=request.paths()[1:],
        roi_sets=rois,
        ceiling=ceiling,
        found={
            request.paths()[0].name: f"{(len(voxels), len(trials))} voxels by trials, {key}",
            "voxels": f"{kept.size:,} of {len(voxels):,} ({request.voxels})",
        },
        notes=(
            describe_trials(request.normalise, trials),
            "catch trials are not in the table format",
            split_note,
        ),
    )
    return complete_plan(plan, shipped=known)


def _read_trials(
    request: ThingsRequest,
) -> tuple[TrialTable, pd.DataFrame, npt.NDArray[np.bool_]]:
    """Return trials, stimuli, and which stimuli test."""
    path = request.table("StimulusMetadata.csv")
    table = read_trial_table(path)
    for column in ("trial_type", "session", "run", "stimulus"):
        find_column(path, table, (column,))
    image, names = number_names(table["stimulus"].tolist())
    session, run = (read_numbers(path, table, column) for column in ("session", "run"))
    kinds = table["trial_type"]
    if not kinds.isin(("train", "test")).all():
        found = printable(str(kinds[~kinds.isin(("train", "test"))].iloc[0]))
        raise InputError(path.name, "trial types train and test", found, _COPY)
    is_test = np.zeros(len(names), dtype=np.bool_)
    is_test[image[(kinds == "test").to_numpy()]] = True
    if is_test[image[(kinds == "train").to_numpy()]].any():
        raise InputError(path.name, "each image in one trial type", "one in both", _COPY)
    stimuli = pd.DataFrame(index=names)
    if "concept" in table:
        concepts = np.full(len(names), "", dtype=object)
        concepts[image] = table["concept"].to_numpy()
        stimuli["concept"] = concepts
    return TrialTable(session, run, image), stimuli, is_test


def _read_voxels(request: ThingsRequest) -> pd.DataFrame:
    path = request.table("VoxelMetadata.csv")
    table = read_trial_table(path)
    for column in ("voxel_id", "voxel_x", "voxel_y", "voxel_z"):
        find_column(path, table, (column,))
        table[column] = read_numbers(path, table, column)
    return table


def _read_rois(
    request: ThingsRequest, voxels: pd.DataFrame
) -> tuple[tuple[RoiSet, ...], npt.NDArray[np.int64]]:
    """Return the columns of 0 and 1 as two ROI sets, and the voxels that are kept."""
    columns = [str(c) for c in voxels.columns if not _NO_ROI.match(str(c))]
    members = {c: voxels[c].to_numpy(dtype=str) for c in columns}
    masks = {
        c: np.isin(cells, ("1", "1.0", "True"))
        for c, cells in members.items()
        if np.isin(cells, ("0", "1", "0.0", "1.0", "True", "False")).all()
    }
    kept = np.arange(len(voxels), dtype=np.int64)
    functional = {c: mask for c, mask in masks.items() if not c.startswith("glasser-")}
    if request.voxels == "rois":
        inside = np.any(list(functional.values()), axis=0) if functional else np.zeros(1)
        kept = np.flatnonzero(inside).astype(np.int64)
        if not kept.size:
            raise InputError("voxels", "voxels in ROIs", "none", "choose --voxels all")
    atlas = {c: mask for c, mask in masks.items() if c.startswith("glasser-")}
    named = (("things-rois", functional, "VoxelMetadata: localisers and retinotopy"),
             ("glasser", atlas, "VoxelMetadata: Glasser et al. (2016)"))  # fmt: skip
    sets = (_make_rois(preset, of, source, kept) for preset, of, source in named)
    return tuple(rois for found in sets for rois in found), kept


def _make_rois(
    preset: str, masks: dict[str, npt.NDArray[np.bool_]], source: str, kept: npt.NDArray[np.int64]
) -> tuple[RoiSet, ...]:
    """Return the ROIs that have a column; ``glasser-`` and line breaks are taken off names."""
    used = {" ".join(c.removeprefix("glasser-").split()).replace("\\n", ""): mask[kept]
            for c, mask in masks.items() if mask[kept].any()}  # fmt: skip
    left_out = len(masks) - len(used)
    told = f"{source}{f' ({left_out} without a column left out)' if left_out else ''}"
    sets = stack_rois(preset, told, used)
    return tuple(replace(rois, names=tuple(map(printable, rois.names))) for rois in sets)


def _read_ceiling(voxels: pd.DataFrame) -> Float32Array | None:
    """Return the noise ceiling of the mean test responses as a fraction; the table has percent."""
    if CEILING_COLUMN not in voxels:
        return None
    values = pd.to_numeric(voxels[CEILING_COLUMN], errors="coerce").to_numpy(dtype=np.float64)
    if (values < 0).any() or (values > 100).any():
        found = f"{np.nanmin(values):g} to {np.nanmax(values):g}"
        raise InputError(CEILING_COLUMN, "percent from 0 to 100", found, _COPY)
    return (values / 100).astype(np.float32)


def _find_block(request: ThingsRequest, shape: tuple[int, int], voxel_ids: pd.Series[int]) -> str:
    """Return the key of the array (n_voxels, n_trials) within pandas' table."""
    path = request.table("ResponseData.h5")
    blocks = [k for k in list_hdf5_keys(path) if re.search(r"(^|/)block\d+_values$", k)]
    shapes = {}
    for key in blocks:
        with open_hdf5_dataset(path, key) as dataset:
            shapes[key] = dataset.shape
    fits = [key for key, found in shapes.items() if found == shape]
    if len(fits) != 1:
        found = ", ".join(f"{printable(k)} {s}" for k, s in shapes.items()) or "no blocks"
        expected = f"a table of pandas (fixed format) of {shape} voxels by trials"
        raise InputError(path.name, expected, found, _COPY)
    for key, found in shapes.items():
        if found == (shape[0], 1) and not np.array_equal(read_hdf5(path, key)[:, 0], voxel_ids):
            name = request.table("VoxelMetadata.csv").name
            raise InputError(path.name, f"the voxels of {name} in its order", "others", _COPY)
    return fits[0]


def _place(request: ThingsRequest, voxels: pd.DataFrame) -> VolumeSpace:
    path = request.find_mask()
    if path is None:
        raise InputError(request.label, "a brain mask", "none, or several", _MASK)
    grid = read_volume_space(path)
    at = voxels[["voxel_x", "voxel_y", "voxel_z"]].to_numpy(dtype=np.int64)
    inside = (at >= 0).all() and (at < np.asarray(grid.shape)).all()
    flat = {tuple(v) for v in grid.voxels.tolist()}
    if not inside or not all(tuple(v) in flat for v in at.tolist()):
        found = "voxels outside of it"
        raise InputError(printable(path.name), "all voxels of the table inside", found, _MASK)
    return VolumeSpace(grid.shape, grid.affine, at)


def _block_betas(
    request: ThingsRequest, key: str, kept: npt.NDArray[np.int64], n_trials: int
) -> BetaBlocks:
    path = request.table("ResponseData.h5")

    def read_blocks() -> Iterator[tuple[slice, npt.NDArray[Any]]]:
        for window, values in read_windows(path, key):
            start, stop = np.searchsorted(kept, (window.start, window.stop)).tolist()
            if start < stop:
                yield slice(start, stop), values[kept[start:stop] - window.start]

    with open_hdf5_dataset(path, key) as dataset:
        dtype = dataset.dtype.name
    return BetaBlocks(n_trials, kept.size, read_blocks, dtype, path.stat().st_size)
