"""Betas or statistical maps in BIDS derivatives, understood as single trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.core.checks import check_choice, check_length
from jne_engine.core.errors import InputError
from jne_engine.cortex.names import VERTICES, canonical_name
from jne_engine.cortex.spaces import CorticalSpace, RoiSet, VolumeSpace
from jne_engine.datasets.arrays.placed import list_pair, read_placed
from jne_engine.datasets.atlas import read_atlas
from jne_engine.datasets.bids.names import (
    BidsName,
    count_time_series,
    find_tables,
    list_files,
    list_series,
)
from jne_engine.datasets.bids.parts import Part, join_parts, read_parts
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.locations import read_volume_space
from jne_engine.datasets.tables import read_table
from jne_engine.datasets.trial_betas import BetaParts
from jne_engine.datasets.trial_choices import choose_splits, complete_plan, describe_trials
from jne_engine.datasets.trial_plan import TEST_SETS, SubjectRequest, TrialPlan
from jne_engine.formats.guard import check_inside, printable
from jne_engine.formats.volumes import open_volume, read_voxels

IMAGE_FOLDERS: Final = ("stimuli", "images")
Divide = Callable[[Sequence[str]], tuple[Splits, str]]
"""Splits of stimuli by their names, and what to say of them."""

_ESTIMATE: Final = "estimate betas first (GLMsingle, FitLins, NiBetaSeries), or name another folder"


@dataclass(frozen=True, kw_only=True)
class BidsRequest(SubjectRequest):
    """What to import of BIDS derivatives.

    Parameters
    ----------
    root : pathlib.Path
        Folder of the derivatives, which holds ``sub-…``.
    subject : str
        Without ``sub-``.
    series : str
        What files have in common, such as ``space-T1w_stat-effect_statmap``; needed where a
        subject has several.
    test : {"random", "repeated"}
        Test stimuli: drawn, or those that were shown most often.
    mask : pathlib.Path, optional
        Mask of a volume's voxels; by default all masks of the subject on its grid together.
    rois : pathlib.Path, optional
        An atlas on the same surface or grid.
    surface : str, optional
        Surface of GIFTI files, where neither name nor count tells it; of a volume the template
        in whose space it lies.
    """

    series: str = ""
    test: str = TEST_SETS[0]
    mask: Path | None = None
    rois: Path | None = None

    def __post_init__(self) -> None:
        """Validate the choices."""
        super().__post_init__()
        check_choice("test images", self.test, TEST_SETS)

    def files(self) -> tuple[BidsName, ...]:
        """Return the subject's files; a link that leads out of the folder is not one."""
        return list_files(self.root, self.subject)

    def choose(self) -> tuple[BidsName, ...]:
        """Return the files of the chosen series.

        Raises
        ------
        InputError
            If there are no betas, or several series and none was chosen.
        """
        files = self.files()
        series = list_series(files)
        if not series:
            n = count_time_series(files)
            found = f"{n} time series (_bold)" if n else "none"
            raise InputError(self.label, "betas or statistical maps", found, _ESTIMATE)
        if self.series:
            check_choice(f"{self.label} series", self.series, tuple(series))
            return series[self.series]
        if len(series) > 1:
            fix = f"choose --series {min(series)} or another"
            raise InputError(self.label, "one series of maps", ", ".join(sorted(series)), fix)
        return next(iter(series.values()))

    def paths(self) -> tuple[Path, ...]:
        """Return every file but pictures that may be read."""
        tables = (t.path for n in self.choose() for t in find_tables(self.root, (), n))
        named = (self.mask, *_roi_files(self))
        every = (*(n.path for n in self.files()), *tables, *(p for p in named if p is not None))
        return tuple(dict.fromkeys(every))

    def image_places(self) -> Iterable[Path]:
        """Return where a folder of pictures may lie: here, or in the data set above."""
        return (p / name for p in (self.root, *self.root.parents[:2]) for name in IMAGE_FOLDERS)


def plan_bids(request: BidsRequest, *, divide: Divide | None = None) -> TrialPlan:
    """Read tables and masks of a series, and open its maps.

    Parameters
    ----------
    request : BidsRequest
        What to import.
    divide : callable, optional
        Returns the splits of a data set that has its own, and what they are.

    Raises
    ------
    InputError
        If a file is missing or broken, or they do not fit each other.
    """
    chosen = request.choose()
    parts = read_parts(request.root, request.files(), chosen)
    space, placed, masks = _place(request, parts[0].names)
    kept, trials, names = join_parts(parts)
    splits, split_note = (
        divide([str(name) for name in names]) if divide
        else choose_splits(request, trials, request.test)
    )  # fmt: skip
    n_bold = count_time_series(request.files())
    n_maps = sum(len(part.stimuli) for part in parts)
    dropped = n_maps - kept.size
    tables = {part.table for part in parts if part.table is not None}
    plan = TrialPlan(
        request=request,
        name=printable(request.root.resolve().name),
        source=f"BIDS derivatives, {request.label}, {chosen[0].series}",
        betas=_open_parts(request, parts, space),
        rows=kept,
        trials=trials,
        stimuli=_describe(request.root, names),
        splits=splits,
        space=space,
        files=(*sorted(tables), *masks),
        roi_sets=_read_rois(request, space),
        found={chosen[0].series: f"{len(parts)} files or pairs, {n_maps} maps"},
        notes=(
            f"{n_bold} time series (_bold) are left out: only betas or statistical maps are taken",
            *([f"{dropped} maps whose row names no stimulus are left out"] * bool(dropped)),
            describe_trials(request.normalise, trials),
            split_note,
        ),
    )
    return complete_plan(plan, told=placed)


def _describe(root: Path, names: pd.Index) -> pd.DataFrame:
    """Return what ``stimuli.tsv`` says of the stimuli, where it names all of them."""
    path = root / "stimuli.tsv"
    if not path.is_file():
        return pd.DataFrame(index=names)
    table = read_table(check_inside(path, root))
    return table.loc[names] if names.isin(table.index).all() else pd.DataFrame(index=names)


def _place(
    request: BidsRequest, names: tuple[BidsName, ...]
) -> tuple[CorticalSpace, tuple[str, ...], tuple[Path, ...]]:
    """Return where the columns lie, how that is known, and the masks that say it."""
    first = names[0]
    if not first.is_volume:
        paths = tuple(name.path for name in names)
        found = read_placed(paths, surface=_surface(request, first), part="cortex", mask=None)
        return found.space, found.notes, ()
    grid = open_volume(first.path)
    masks = (request.mask,) if request.mask is not None else _find_masks(request, first)
    if not masks:
        fix = "name one with --mask"
        raise InputError(printable(first.path.name), "a mask on its grid", "none", fix)
    spaces = [read_volume_space(path) for path in masks]
    inside = np.ones(grid.shape[:3], dtype=np.bool_)
    for path, space in zip(masks, spaces, strict=True):
        if not space.is_grid(grid.shape[:3], grid.affine):
            fix = "resample the mask to the betas' grid (nearest neighbour)"
            expected = f"the betas' grid {grid.shape[:3]}, with its millimetres"
            raise InputError(printable(path.name), expected, f"{space.shape}", fix)
        here = np.zeros_like(inside)
        here[tuple(space.voxels.T)] = True
        inside &= here
    x, y, z = grid.shape[:3]
    voxels = np.argwhere(inside).astype(np.int64)
    told = f"columns: the {len(voxels):,} voxels of {printable(masks[0].name)}"
    told += f" that are in all {len(masks)} masks" if len(masks) > 1 else ""
    return VolumeSpace((x, y, z), grid.affine, voxels, "volume"), (told,), masks


def _surface(request: BidsRequest, name: BidsName) -> str | None:
    """Return the surface: as asked for, or as space and density say it, or by the count."""
    if request.surface is not None:
        return request.surface
    spelled = name.get("space") + (f"den-{name.get('den')}" if name.get("den") else "")
    known = canonical_name(spelled)
    return known if known in VERTICES and name.get("den") else None


def _find_masks(request: BidsRequest, first: BidsName) -> tuple[Path, ...]:
    """Return the subject's masks of the same space and grid."""
    grid = open_volume(first.path)
    found = []
    for name in request.files():
        same = name.get("space") == first.get("space") and name.get("res") == first.get("res")
        if name.suffix == "mask" and name.is_volume and same and "anat" not in name.path.parts:
            mask = open_volume(name.path)
            if mask.shape[:3] == grid.shape[:3]:
                found.append(name.path)
    return tuple(found)


def _open_parts(request: BidsRequest, parts: tuple[Part, ...], space: CorticalSpace) -> BetaParts:
    surface = _surface(request, parts[0].names[0])

    def read_part(number: int) -> npt.NDArray[Any]:
        paths = tuple(name.path for name in parts[number].names)
        if isinstance(space, VolumeSpace):
            volume = open_volume(paths[0])
            if not np.allclose(volume.affine, space.affine, atol=1e-3):
                found = "other millimetres"
                raise InputError(paths[0].name, "the grid of the others", found, "resample it")
            return read_voxels(paths[0], space.voxels)
        values = read_placed(paths, surface=surface, part="cortex", mask=None).values
        fix = "write all files on the same vertices"
        check_length(paths[0].name, values.shape[1], space.n_voxels, unit="vertices", fix=fix)
        return values

    sizes = tuple(len(part.stimuli) for part in parts)
    n_bytes = sum(name.path.stat().st_size for part in parts for name in part.names)
    return BetaParts(sizes, space.n_voxels, read_part, "float", n_bytes)


def _roi_files(request: BidsRequest) -> tuple[Path, ...]:
    return () if request.rois is None else list_pair(request.rois, None)


def _read_rois(request: BidsRequest, space: CorticalSpace) -> tuple[RoiSet, ...]:
    files = _roi_files(request)
    return (read_atlas(files, space),) if files else ()
