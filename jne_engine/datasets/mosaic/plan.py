"""A subject of MOSAIC: one HDF5 file of single-trial betas, each a dataset of 91,282 grayordinates.

References
----------
Lahner, Deb, Murty and Oliva (2025), MOSAIC; github.com/blahner/mosaic-preprocessing,
create_hdf5_pkl.py; github.com/murtylab/mosaic-dataset, constants.py (names of files).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.errors import InputError
from jne_engine.cortex.names import FSLR
from jne_engine.cortex.rois import build_surface_roi_set
from jne_engine.cortex.spaces import SurfaceSpace
from jne_engine.cortex.surfaces import load_hcp_mmp
from jne_engine.datasets.arrays.pairing import is_picture
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.locations import place_columns
from jne_engine.datasets.trial_betas import BetaParts
from jne_engine.datasets.trial_choices import complete_plan, describe_trials, hold_out, number_names
from jne_engine.datasets.trial_plan import READ_AT_ONCE, TrialPlan, TrialRequest
from jne_engine.datasets.trials import TrialTable
from jne_engine.formats.guard import printable
from jne_engine.formats.hdf5 import open_hdf5, read_hdf5_vectors

N_GRAYORDINATES: Final = 91_282
DATASETS: Final = ("BOLD5000", "BMD", "NSD", "GOD", "NOD", "HAD", "THINGS", "deeprecon")
IMAGE_FOLDERS: Final = ("stimuli", "images")

_FILE: Final = re.compile(rf"(sub-\d+_(?:{'|'.join(DATASETS)}))(_crc32-[0-9a-f]+)?\.hdf5")
_COPY: Final = "download the subject's file again from MOSAIC"
_PHASES: Final = ("train", "test")


@dataclass(frozen=True, kw_only=True)
class MosaicRequest(TrialRequest):
    """What to import of MOSAIC.

    Parameters
    ----------
    root : pathlib.Path
        Folder with files such as ``sub-01_NSD.hdf5``.
    subject : str
        Such as ``"sub-01_NSD"``.
    normalise : {"none"}
        Betas are normalised already, and the files know neither sessions nor runs.
    """

    normalise: str = "none"

    def __post_init__(self) -> None:
        """Validate the choices."""
        super().__post_init__()
        if self.normalise != "none":
            found, fix = f"--normalise {self.normalise}", "leave it out"
            raise InputError("MOSAIC", "betas as they are (no runs are known)", found, fix)

    def path(self) -> Path:
        """Return the subject's file.

        Raises
        ------
        InputError
            If there is none, or several.
        """
        there = [p for p in self.root.glob("*.hdf5") if _name(p) == self.subject]
        if len(there) != 1:
            found = ", ".join(sorted(p.name for p in there)) or "none"
            expected = f"one file {self.subject}.hdf5"
            raise InputError(printable(self.root.name), expected, found, _COPY)
        return there[0]

    def paths(self) -> tuple[Path, ...]:
        """Return the subject's file."""
        return (self.path(),)

    def image_places(self) -> Iterable[Path]:
        """Return where a folder of pictures may lie, the likeliest first."""
        return (p / name for p in (self.root, *self.root.parents[:2]) for name in IMAGE_FOLDERS)


@dataclass(frozen=True)
class StoredTrial:
    """One trial of the file: its dataset, the stimulus's file, and the data set's phase."""

    key: str
    stimulus: str
    phase: str


def list_subjects(root: Path) -> tuple[str, ...]:
    """Return the subjects whose files lie in a folder, such as ``"sub-01_NSD"``."""
    return tuple(sorted({name for path in root.glob("sub-*.hdf5") if (name := _name(path))}))


def plan_mosaic(request: MosaicRequest) -> TrialPlan:
    """Read what each trial showed, and which trials test.

    Raises
    ------
    InputError
        If the file is broken, or no subject's of MOSAIC.
    """
    path, space = request.path(), _place()
    stored = list_trials(path)
    image, names = number_names([trial.stimulus for trial in stored])
    ones = np.ones(image.size, dtype=np.int64)
    trials = TrialTable(ones, ones, image)
    splits, split_note = _divide(request, stored, image)
    ceiling, shipped = _read_ceiling(path, space)
    plan = TrialPlan(
        request=request,
        name="MOSAIC",
        source=f"MOSAIC, {request.label}, single-trial betas on {FSLR}",
        betas=_open(path, stored, space),
        trials=trials,
        stimuli=pd.DataFrame(index=names),
        splits=splits,
        space=space,
        roi_sets=(build_surface_roi_set("hcp-mmp", space, load_hcp_mmp()),),
        ceiling=ceiling,
        has_runs=False,
        found={path.name: f"{len(stored)} trials of {N_GRAYORDINATES:,} grayordinates"},
        notes=(
            f"betas as MOSAIC normalised them; {describe_trials(request.normalise, trials)}",
            "sessions and runs are not in the file",
            split_note,
        ),
    )
    columns = (
        f"columns: {space.n_voxels:,} vertices of {FSLR}; {N_GRAYORDINATES - space.n_voxels:,}"
        " grayordinates below the cortex are left out"
    )
    plan = complete_plan(plan, shipped=shipped, told=(columns,))
    return replace(plan, problems=(*plan.problems, *_count_films(plan.names)))


def list_trials(path: Path) -> tuple[StoredTrial, ...]:
    """Return the trials of a file, in the order of their names.

    Raises
    ------
    InputError
        If the file has no group of betas, or a trial says neither stimulus nor phase.
    """
    with open_hdf5(path) as file:
        group = file.get("betas") if "betas" in file else None
        if not isinstance(group, h5py.Group) or not len(group):
            there = ", ".join(printable(key) for key in list(file)[:5]) or "nothing"
            expected = "a group betas with a dataset a trial (one subject's file)"
            raise InputError(path.name, expected, there, _COPY)
        return tuple(_describe(path, key, group[key].attrs) for key in sorted(_own_keys(group)))


def _own_keys(group: h5py.Group) -> list[str]:
    """Return what lies in the group itself; links are not followed."""
    return [key for key in group if isinstance(group.get(key, getlink=True), h5py.HardLink)]


def _describe(path: Path, key: str, attributes: Any) -> StoredTrial:
    stimulus, phase = (str(attributes.get(k, "")) for k in ("presented_stimulus_filename", "phase"))
    if not stimulus or phase not in _PHASES:
        found = f"{printable(stimulus) or 'nothing'}, {printable(phase) or 'nothing'} at {key}"
        raise InputError(path.name, "a stimulus and the phase train or test", found, _COPY)
    return StoredTrial(f"betas/{key}", stimulus, phase)


def _divide(
    request: MosaicRequest, stored: tuple[StoredTrial, ...], image: IntArray
) -> tuple[Splits, str]:
    """Return the splits by the phase of each stimulus, and what to say of them."""
    is_test = np.array([trial.phase == "test" for trial in stored])
    test, pool = np.unique(image[is_test]), np.unique(image[~is_test])
    if np.intersect1d(test, pool).size:
        file = request.path().name
        raise InputError(file, "each stimulus in one phase", "one in both", _COPY)
    own = f"test: the {test.size} stimuli of the data set's own phase test"
    return hold_out(request, pool, test, f"{own} (MOSAIC's joint split over data sets is another)")


def _count_films(names: tuple[str, ...]) -> tuple[str, ...]:
    films = sum(not is_picture(name) for name in names)
    warned = f"{films} stimuli are no pictures (films): bring their features by name"
    return (warned,) if films else ()


def _name(path: Path) -> str:
    match = _FILE.fullmatch(path.name)
    return match[1] if match else ""


def _place() -> SurfaceSpace:
    space = place_columns(FSLR, N_GRAYORDINATES)
    if space is None:  # the package's own layout
        raise AssertionError("fsLR32k without grayordinates")
    return space


def _open(path: Path, stored: tuple[StoredTrial, ...], space: SurfaceSpace) -> BetaParts:
    starts = range(0, len(stored), READ_AT_ONCE)

    def read_part(number: int) -> npt.NDArray[Any]:
        start = number * READ_AT_ONCE
        keys = [trial.key for trial in stored[start : start + READ_AT_ONCE]]
        return read_hdf5_vectors(path, keys, space.n_voxels)

    sizes = tuple(min(READ_AT_ONCE, len(stored) - start) for start in starts)
    return BetaParts(sizes, space.n_voxels, read_part, "float", path.stat().st_size)


def _read_ceiling(path: Path, space: SurfaceSpace) -> tuple[Float32Array | None, str]:
    """Return the ceiling of mean test responses as a fraction, and what it is."""
    with open_hdf5(path) as file:
        group = file.get("noiseceilings") if "noiseceilings" in file else None
        found = []
        if isinstance(group, h5py.Group):
            found = [k for k in _own_keys(group) if _is_of_test_means(k, group[k].attrs)]
    if len(found) != 1:
        return None, ""
    values = read_hdf5_vectors(path, [f"noiseceilings/{found[0]}"], space.n_voxels)[0]
    finite = values[np.isfinite(values)]
    if not finite.size or finite.min() < 0 or finite.max() > 100:
        span = f"{finite.min():g} to {finite.max():g}" if finite.size else "no number"
        raise InputError(f"{path.name} {printable(found[0])}", "percent or fractions", span, _COPY)
    percent = bool(finite.max() > 1)
    told = f"MOSAIC's own of mean test responses, taken as {'percent' if percent else 'fractions'}"
    return values / np.float32(100 if percent else 1), told


def _is_of_test_means(key: str, attributes: Any) -> bool:
    of = str(attributes.get("n")), str(attributes.get("phase"))
    return of == ("avg", "test") and "artificial" not in key
