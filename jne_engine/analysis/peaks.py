"""Where a map is highest: its local maxima with their places, and its mean in every region."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from jne_engine.analysis.drawn_rois import read_drawn
from jne_engine.analysis.estimates import compute_mean
from jne_engine.analysis.maps import choose_roi_set, read_map
from jne_engine.analysis.masks import Masks, select_masked
from jne_engine.analysis.regions import name_columns
from jne_engine.core.arrays import IntArray
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere
from jne_engine.cortex.surfaces import GEOMETRIES, find_mni_affine, load_surface
from jne_engine.model.measures import find_measure
from jne_engine.runs.store import Run

RADIUS_MM = 10.0
"""No shown value within this distance of a peak is larger."""
PEAK_COLUMNS = ("value", "text", "hemisphere", "vertex", "x", "y", "z", "region", "column")
MEAN_COLUMNS = ("region", "n", "mean")


def find_peaks(
    run: Run, name: str, masks: Masks, *, n_peaks: int = 8, radius_mm: float = RADIUS_MM
) -> pd.DataFrame:
    """Return the highest local maxima of a map, the highest first.

    A peak is a shown voxel of which no shown voxel of its hemisphere within ``radius_mm`` has a
    larger value; of equal values the first column counts. In a diverging map sizes are compared.

    Parameters
    ----------
    run : Run
        A complete run.
    name : str
        A numeric map.
    masks : Masks
        What is hidden.
    n_peaks : int
        How many peaks at most.
    radius_mm : float
        Straight distance on the folded surface: midthickness where there is one, else pial.

    Returns
    -------
    pandas.DataFrame
        Columns ``value, text, hemisphere, vertex, x, y, z, region, column``: the stored float32
        and the fewest digits that name it, MNI
        coordinates in mm (NaN where the surface lies in no template) and the ROIs that hold the
        voxel. Empty where the coordinates of the run's vertices are not known here.
    """
    values, shown = read_map(run, name), select_masked(run, name, masks)
    sizes = np.abs(values) if find_measure(name).kind == "diverging" else values
    found: list[tuple[float, Hemisphere, int, IntArray, npt.NDArray[np.float64]]] = []
    for hemi, columns, vertices, places in _place_columns(run):
        kept = shown[columns]
        ranked = _find_maxima(sizes[columns][kept], places[kept], n_peaks, radius_mm)
        own = np.flatnonzero(kept)[ranked]
        found += [(float(sizes[columns[i]]), hemi, int(vertices[i]), columns[i], places[i])
                  for i in own]  # fmt: skip
    found.sort(key=lambda peak: (-peak[0], int(peak[3])))
    rows = []
    regions = name_columns(run, [int(peak[3]) for peak in found[:n_peaks]], masks.preset)
    for (_, hemi, vertex, column, place), region in zip(found, regions, strict=False):
        value = values[column]
        rows.append((value, str(value), hemi, vertex, *_to_mni(run, place), region, int(column)))
    return pd.DataFrame(rows, columns=PEAK_COLUMNS)


def average_regions(run: Run, name: str, masks: Masks) -> pd.DataFrame:
    """Return the mean of a map over the shown voxels of every ROI, lowest of the hierarchy first.

    Returns
    -------
    pandas.DataFrame
        Columns ``region, n, mean``; the mean is taken in float64. Empty where the run has no ROIs.
    """
    rois, shown = choose_roi_set(run, masks.preset), select_masked(run, name, masks)
    values, rows = read_map(run, name), []
    for region, mask in () if rois is None else zip(rois.names, rois.masks, strict=True):
        own = values[mask & shown]
        rows.append((region, len(own), compute_mean(own)))
    return pd.DataFrame(rows, columns=MEAN_COLUMNS)


def _find_maxima(
    sizes: npt.NDArray[np.floating], places: npt.NDArray[np.float64], most: int, radius: float
) -> list[int]:
    """Return the rows of at most so many local maxima, the highest first."""
    if not len(sizes):
        return []
    order = np.argsort(-sizes.astype(np.float64), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    tree, found = cKDTree(places), []
    for row in order:
        if rank[tree.query_ball_point(places[row], radius)].min() == rank[row]:
            found.append(int(row))
            if len(found) == most:
                break
    return found


def _place_columns(
    run: Run,
) -> Iterator[tuple[Hemisphere, IntArray, IntArray, npt.NDArray[np.float64]]]:
    """Yield each hemisphere's columns, their vertices and where these lie in mm."""
    drawn = read_drawn(run)
    if drawn is None:
        return
    space, at = drawn
    folded = _choose_folded(space.surface)
    if folded is None:
        return
    mesh = load_surface(space.surface, folded)
    for hemi in HEMISPHERES:
        own, vertices = at[space.columns(hemi)], space.vertices(hemi)
        columns, first = np.unique(own, return_index=True)
        vertices = vertices[first]
        yield hemi, columns, vertices, mesh[hemi].coordinates[vertices].astype(np.float64)


def _choose_folded(surface: str) -> str | None:
    known = GEOMETRIES.get(surface, ())
    return next((name for name in ("midthickness", "pial") if name in known), None)


def _to_mni(run: Run, place: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    drawn = read_drawn(run)
    affine = None if drawn is None else find_mni_affine(drawn[0].surface)
    if affine is None:
        return (float("nan"),) * 3
    x, y, z = affine[:3, :3] @ place + affine[:3, 3]
    return float(x), float(y), float(z)
