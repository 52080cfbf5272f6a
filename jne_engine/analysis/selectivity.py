"""Which stimuli carry an ROI's nonlinearity: JNE-SS by ROI, by category, by stimulus."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.analysis.estimates import estimate_mean
from jne_engine.analysis.maps import choose_roi_set, read_significant
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.runs.grouping import Grouping
from jne_engine.runs.stimulus_means import (
    QUICK_VALUES,
    STAGE,
    compute_place_means,
    find_means,
    name_places,
    stack_places,
)
from jne_engine.runs.store import Run, read_stimuli


def average_jne_ss(run: Run, preset: str | None = None) -> pd.DataFrame:
    """Return each test stimulus's JNE-SS, averaged over the significant voxels of each ROI.

    Read where the run keeps it, else one pass over JNE-SS.

    Returns
    -------
    pandas.DataFrame, shape (n_test, 1 + n_rois)
        Float64 means, one row a stimulus (its id), columns ``Whole brain`` and the ROIs in
        hierarchical order; NaN for an ROI without significant voxels.
    """
    rois, significant = choose_roi_set(run, preset), read_significant(run)
    names = [WHOLE_BRAIN, *(rois.names if rois is not None else ())]
    masks = stack_places(significant, choose_roi_set(run, preset, drawn=False))
    kept = find_means(run, name_places(masks))
    if kept is None:
        means = compute_place_means(run.stage(STAGE), masks)
    else:
        means = kept.read_array(name_places(masks))
    if len(masks) < len(names):  # what was drawn later is kept nowhere
        more = stack_places(significant, rois)[len(masks) :]
        means = np.hstack([means, compute_place_means(run.stage(STAGE), more)])
    return pd.DataFrame(means, index=list_stimulus_ids(run), columns=names)


def has_place_means(run: Run) -> bool:
    """Tell whether :func:`average_jne_ss` is there, or read in about a second."""
    if run.manifest.counts["n_test"] * run.manifest.counts["n_voxels"] <= QUICK_VALUES:
        return True
    masks = stack_places(read_significant(run), choose_roi_set(run, drawn=False))
    return find_means(run, name_places(masks)) is not None


def average_by_category(means: pd.DataFrame, grouping: Grouping) -> pd.DataFrame:
    """Average stimulus means within each category (the matrix MoM of the paper).

    Parameters
    ----------
    means : pandas.DataFrame, shape (n_test, n_rois)
        What :func:`average_jne_ss` returns.
    grouping : Grouping
        Categories of the same stimuli.

    Returns
    -------
    pandas.DataFrame, shape (n_categories, n_rois)
        Mean JNE-SS, categories in the grouping's order.

    References
    ----------
    Gao et al., arXiv 2510.13688, experiment IV.
    """
    sums = grouping.members.T.astype(np.float64) @ means.to_numpy()
    matrix = sums / grouping.sizes[:, None]
    return pd.DataFrame(matrix, index=list(grouping.categories), columns=means.columns)


def tabulate_category_means(values: pd.Series, grouping: Grouping) -> pd.DataFrame:
    """Return a place's mean JNE-SS per category with its interval over stimuli.

    Parameters
    ----------
    values : pandas.Series, shape (n_test,)
        One place's JNE-SS of each stimulus: a column of :func:`average_jne_ss`, or what
        :func:`~jne_engine.analysis.stimulus_maps.read_profile` returns.
    grouping : Grouping
        Categories of the same stimuli.

    Returns
    -------
    pandas.DataFrame
        Columns ``category, n_stimuli, mean_jne_ss, low, high``, highest mean first.
    """
    rows = []
    for category in grouping.categories:
        chosen = values.to_numpy()[grouping.member(category)]
        mean = estimate_mean(chosen)
        rows.append((category, len(chosen), mean.value, mean.low, mean.high))
    columns = ["category", "n_stimuli", "mean_jne_ss", "low", "high"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("mean_jne_ss", ascending=False, kind="stable", ignore_index=True)


def normalise_columns(matrix: pd.DataFrame) -> pd.DataFrame:
    """Stretch each column to 0–1 by its minimum and maximum; a constant column becomes 0."""
    low = matrix.min(axis=0)
    size = matrix.max(axis=0) - low
    return (matrix - low) / size.where(size > 0, 1.0)


def rank_stimuli(
    values: pd.Series, grouping: Grouping | None, rows: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Rank stimuli by their JNE-SS in one place.

    Parameters
    ----------
    values : pandas.Series, shape (n_test,)
        As for :func:`tabulate_category_means`.
    grouping : Grouping, optional
        Names the categories of each stimulus.
    rows : array_like, optional
        Stimuli to keep: rows, or a bool a stimulus; all by default.

    Returns
    -------
    pandas.DataFrame
        Columns ``stimulus, category, mean_jne_ss, row`` (row of the stored pictures), highest
        first; equal values keep the stored order.
    """
    labels = [""] * len(values) if grouping is None else grouping.labels()
    table = pd.DataFrame(
        {
            "stimulus": values.index.to_numpy(),
            "category": labels,
            "mean_jne_ss": values.to_numpy(),
            "row": np.arange(len(values)),
        }
    )
    if rows is not None:
        table = table.iloc[np.arange(len(values))[np.asarray(rows)]]
    return table.sort_values("mean_jne_ss", ascending=False, kind="stable", ignore_index=True)


def read_pictures(run: Run) -> npt.NDArray[np.uint8] | None:
    """Return the test stimuli's pictures, None where the run has none.

    Returns
    -------
    numpy.ndarray of uint8, shape (n_test, height, width, 3)
        RGB, in the order of JNE-SS rows.
    """
    return read_stimuli(run.stage("dataset"), pictures=True).thumbnails


def list_stimulus_ids(run: Run) -> list[str]:
    """Return the test stimuli's ids in the order of JNE-SS rows."""
    return [str(i) for i in read_stimuli(run.stage("dataset")).table.index]
