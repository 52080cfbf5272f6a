"""One vertex, or a few: their values in every map, and which stimuli drive them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.analysis.groupings import list_groupings, read_grouping
from jne_engine.analysis.maps import choose_roi_set, list_maps, read_map, select_above_ceiling
from jne_engine.analysis.places import find_marked
from jne_engine.analysis.selectivity import list_stimulus_ids, rank_stimuli
from jne_engine.core.arrays import IntArray
from jne_engine.cortex.spaces import Hemisphere
from jne_engine.model.measures import Measure
from jne_engine.runs.store import Run

VALUE_COLUMNS = ["map", "value", "text", "sd", "n", "unit"]


def find_above_ceiling(run: Run, name: str) -> dict[Hemisphere, IntArray]:
    """Return the vertices whose R² exceeds its noise ceiling, by hemisphere."""
    return find_marked(run, np.flatnonzero(select_above_ceiling(run, name)).tolist())


def name_regions(run: Run, columns: Sequence[int], preset: str | None = None) -> pd.DataFrame:
    """Count the columns in each ROI: ``name, n``; the last row counts those in none."""
    rois, columns = choose_roi_set(run, preset), list(columns)
    if rois is None:
        return pd.DataFrame({"name": ["In no ROI"], "n": [len(columns)]})
    counts = rois.masks[:, columns].sum(axis=1)
    nowhere = int((~rois.masks[:, columns].any(axis=0)).sum())
    rows = [*zip(rois.names, counts.tolist(), strict=True), ("In no ROI", nowhere)]
    return pd.DataFrame([row for row in rows if row[1]], columns=["name", "n"])


def tabulate_vertices(run: Run, columns: Sequence[int], preset: str | None = None) -> pd.DataFrame:
    """Return every map's value at one column, or its mean over several.

    Parameters
    ----------
    run : Run
        A complete run.
    columns : sequence of int
        Response columns, at least one.
    preset : str, optional
        ROI set; the run's first one by default.

    Returns
    -------
    pandas.DataFrame
        Columns ``map, value, text, sd, n, unit``, indexed by the map's name. Of one column,
        ``value`` is the stored float32, exactly, and so is ``text``; of several, the mean over
        the n finite ones in float64 and ``sd`` their standard deviation (ddof 1).
    """
    rows, index, columns = [], [], list(columns)
    for info in list_maps(run, preset):
        if info.is_numeric:
            values = read_map(run, info.name, preset)[columns]
            rows.append(_summarise(info, values))
            index.append(info.name)
    return pd.DataFrame(rows, columns=VALUE_COLUMNS, index=pd.Index(index, name="name"))


def read_vertex_jne_ss(run: Run, columns: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return the JNE-SS of each test stimulus at one column, or its mean over several.

    Only the chunks that hold these columns are read, 32 stimuli at a time.

    Returns
    -------
    numpy.ndarray of float64, shape (n_test,)
        NaN where no column is valid.
    """
    wanted = np.asarray(columns, dtype=np.int64)
    stage, valid = run.stage("dispersion"), run.stage("dataset").read_array("valid")[wanted]
    if not valid.any():
        return np.full(stage.array("jne_ss").shape[0], np.nan)
    values = stage.read_columns("jne_ss", wanted[valid])
    return np.asarray(values.astype(np.float64).mean(axis=1))


def rank_vertex_stimuli(run: Run, columns: Sequence[int]) -> pd.DataFrame:
    """Rank the test stimuli by their JNE-SS at some columns, as :func:`rank_stimuli`."""
    values = pd.Series(read_vertex_jne_ss(run, columns), index=list_stimulus_ids(run))
    given = next(iter(list_groupings(run)), None)
    return rank_stimuli(values, None if given is None else read_grouping(run, given))


def _summarise(info: Measure, values: npt.NDArray[np.float32]) -> tuple[object, ...]:
    """Return one map's row: the value itself, or mean and deviation of several."""
    finite = values[np.isfinite(values)].astype(np.float64)
    mean = float(finite.mean()) if finite.size else float("nan")
    sd = float(finite.std(ddof=1)) if finite.size > 1 else float("nan")
    text = str(values[0]) if values.size == 1 else f"{mean:.6g}"
    return info.label, mean, text, sd, int(finite.size), info.unit
