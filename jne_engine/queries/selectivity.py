"""Which stimuli carry an ROI's nonlinearity: JNE-SS by ROI, by category, by stimulus."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.checks import check_choice
from jne_engine.queries.maps import choose_roi_set
from jne_engine.queries.regions import WHOLE_BRAIN, select_voxels
from jne_engine.queries.statistics import compute_mean, compute_mean_interval
from jne_engine.store import CHUNK_STIMULI, Run, read_stimuli


def average_jne_ss(run: Run, preset: str | None = None) -> pd.DataFrame:
    """Return each test stimulus's JNE-SS, averaged over the significant voxels of each ROI.

    JNE-SS is read in blocks of stimuli, so memory stays at one block (32 stimuli × n_voxels).

    Returns
    -------
    pandas.DataFrame, shape (n_test, 1 + n_rois)
        Float64 means, one row a stimulus (its id), columns ``Whole brain`` and the ROIs in
        hierarchical order; NaN for an ROI without significant voxels.
    """
    rois = choose_roi_set(run, preset)
    names = [WHOLE_BRAIN, *(rois.names if rois is not None else ())]
    masks = np.stack([select_voxels(run, rois, name) for name in names])
    stage = run.stage("dispersion")
    n_stimuli = stage.array("jne_ss").shape[0]
    means = np.full((n_stimuli, len(names)), np.nan)
    for start in range(0, n_stimuli, CHUNK_STIMULI):
        rows = slice(start, start + CHUNK_STIMULI)
        block = stage.read_array("jne_ss", rows).astype(np.float64)
        for column, mask in enumerate(masks):
            if mask.any():
                means[rows, column] = block[:, mask].mean(axis=1)
    return pd.DataFrame(means, index=list_stimulus_ids(run), columns=names)


def list_category_columns(run: Run) -> tuple[str, ...]:
    """Return the ways in which a run names the categories of its stimuli."""
    return read_stimuli(run.stage("dataset")).category_columns


def read_categories(run: Run, column: str | None = None) -> pd.Series | None:
    """Return the category of each test stimulus, None where the run has no categories.

    Raises
    ------
    InputError
        If a column is named that the stimulus table does not have.
    """
    stimuli = read_stimuli(run.stage("dataset"))
    if not stimuli.category_columns:
        return None
    if column is not None:
        check_choice("category column", column, stimuli.category_columns)
    labels = stimuli.table[column or stimuli.category_columns[0]].astype(str)
    return pd.Series(labels.to_numpy(), index=list_stimulus_ids(run), name="category")


def average_by_category(means: pd.DataFrame, categories: pd.Series) -> pd.DataFrame:
    """Average stimulus means within each category (the matrix MoM of the paper).

    Parameters
    ----------
    means : pandas.DataFrame, shape (n_test, n_rois)
        What :func:`average_jne_ss` returns.
    categories : pandas.Series, shape (n_test,)
        Category of each stimulus, in the same order.

    Returns
    -------
    pandas.DataFrame, shape (n_categories, n_rois)
        Mean JNE-SS, categories by name.

    References
    ----------
    Gao et al., arXiv 2510.13688, experiment IV.
    """
    return means.groupby(categories.to_numpy(), sort=True).mean()


def tabulate_category_means(means: pd.DataFrame, categories: pd.Series, roi: str) -> pd.DataFrame:
    """Return one ROI's mean JNE-SS per category with its interval over stimuli.

    Returns
    -------
    pandas.DataFrame
        Columns ``category, n_stimuli, mean_jne_ss, low, high``, highest mean first.
    """
    check_choice("ROI", roi, tuple(means.columns))
    rows = []
    for category, values in means[roi].groupby(categories.to_numpy()):
        low, high = compute_mean_interval(values.to_numpy())
        mean = compute_mean(values.to_numpy())
        rows.append((str(category), len(values), mean, low, high))
    columns = ["category", "n_stimuli", "mean_jne_ss", "low", "high"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("mean_jne_ss", ascending=False, ignore_index=True)


def normalise_columns(matrix: pd.DataFrame) -> pd.DataFrame:
    """Stretch each column to 0–1 by its minimum and maximum; a constant column becomes 0."""
    low = matrix.min(axis=0)
    size = matrix.max(axis=0) - low
    return (matrix - low) / size.where(size > 0, 1.0)


def rank_stimuli(
    means: pd.DataFrame, categories: pd.Series | None, roi: str, category: str | None = None
) -> pd.DataFrame:
    """Rank stimuli by their mean JNE-SS in one ROI.

    Parameters
    ----------
    means : pandas.DataFrame
        What :func:`average_jne_ss` returns.
    categories : pandas.Series, optional
        Category of each stimulus.
    roi : str
        A column of ``means``.
    category : str, optional
        Keep only the stimuli of this category.

    Returns
    -------
    pandas.DataFrame
        Columns ``stimulus, category, mean_jne_ss, row`` (row of the stored pictures), highest
        first; equal values keep the stored order.

    Raises
    ------
    InputError
        If there is no such ROI or category.
    """
    check_choice("ROI", roi, tuple(means.columns))
    labels = [""] * len(means) if categories is None else categories.to_numpy()
    table = pd.DataFrame(
        {
            "stimulus": means.index.to_numpy(),
            "category": labels,
            "mean_jne_ss": means[roi].to_numpy(),
            "row": np.arange(len(means)),
        }
    )
    if category is not None:
        check_choice("category", category, tuple(sorted(set(table["category"]))))
        table = table[table["category"] == category]
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
