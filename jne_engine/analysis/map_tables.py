"""Maps as tables: one row a vertex, for a file that somebody else can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.analysis.across import GroupMap
from jne_engine.analysis.maps import read_map, read_surface
from jne_engine.analysis.masks import Masks, select_masked, without_threshold
from jne_engine.analysis.places import find_voxels
from jne_engine.cortex.spaces import HEMISPHERES, SurfaceSpace
from jne_engine.runs.store import Run


def tabulate_maps(run: Run, names: Sequence[str], masks: Masks) -> pd.DataFrame:
    """Return some maps' values at every response column, and whether each is shown.

    Returns
    -------
    pandas.DataFrame
        Columns ``hemisphere, vertex`` where the run lies on a surface, zero-based ``x, y, z``
        where it is of a volume, and for each map its stored float32 values by its name and
        ``NAME_shown``; the threshold is the first map's.
    """
    space = read_surface(run)
    columns = _name_voxels(run) if space is None else _places(space)
    for name in names:
        own = masks if name == names[0] else without_threshold(masks)
        columns[name] = read_map(run, name, masks.preset)
        columns[f"{name}_shown"] = select_masked(run, name, own)
    return pd.DataFrame(columns)


def tabulate_groups(groups: Sequence[GroupMap]) -> pd.DataFrame:
    """Return maps made of several runs on one space, as :func:`tabulate_maps`."""
    columns = _places(groups[0].space)
    for group in groups:
        columns[group.info.name] = group.values
        columns[f"{group.info.name}_shown"] = group.shown
    return pd.DataFrame(columns)


def _name_voxels(run: Run) -> dict[str, npt.NDArray[Any]]:
    """Return the voxel of every column; nothing where nobody knows it."""
    voxels = find_voxels(run, range(run.manifest.counts["n_voxels"]))
    return dict(zip("xyz", np.asarray(voxels).T, strict=True)) if voxels else {}


def _places(space: SurfaceSpace) -> dict[str, npt.NDArray[Any]]:
    sizes = [space.vertices(hemi).size for hemi in HEMISPHERES]
    vertices = np.concatenate([space.vertices(hemi) for hemi in HEMISPHERES])
    return {"hemisphere": np.repeat(np.array(HEMISPHERES), sizes), "vertex": vertices}
