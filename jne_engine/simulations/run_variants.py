"""A.9.2: the four variants of JNE on a stored run, and how far they agree.

References
----------
Gao et al. (2025), arXiv 2510.13688, appendix A.9.2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.core.errors import InputError
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.bending import Bending, measure_bending
from jne_engine.model.encoders import ResidualEncoder, restore_encoder
from jne_engine.model.variants import VARIANTS, stream_variants
from jne_engine.runs.results import SimulationResult
from jne_engine.runs.store import Run, read_roi_sets, read_scaling

N_ENDS = 8
"""Test stimuli told at each end of a direction."""
FIX = "pass the dataset that the run was computed from"
TOLERANCE = 0.02
"""Largest mean relative difference of L1 from the stored JNE; bfloat16 runs stay below it."""


def compute_run_variants(
    run: Run, features: npt.NDArray[np.float32], progress: Progress = ignore_progress
) -> SimulationResult:
    """Compute the four variants with a run's nonlinear encoder.

    Parameters
    ----------
    run : Run
        A complete run.
    features : numpy.ndarray of float32, shape (n_test, n_features)
        Features of the run's test stimuli in their order; a run does not keep them.
    progress : callable, optional
        Called as ``progress(done, total)``, in voxels, each of which is taken twice.

    Returns
    -------
    SimulationResult
        ``maps``: voxel, significant, the variants, and how the Jacobian bends (NaN in invalid
        voxels); ``areas``: place, how many valid voxels it has and along how many directions it
        bends; ``bends``: place, stimulus (row of the test), and its gain and shape change;
        ``directions``: place, direction, the share of the place's change that it holds,
        feature, weight; ``ends``: place, direction, and the test stimuli at both its ends;
        ``correlations``: Pearson's r of each pair of variants over the significant voxels
        (over all valid ones where none is), in long form.

    Raises
    ------
    InputError
        If the features are not those that the run was computed from.
    """
    _check_sizes(run, features)
    encoder = _load_nonlinear(run)
    valid = np.asarray(run.stage("dataset").read_array("valid"), dtype=np.bool_)
    scaling = read_scaling(run.stage("dataset"), "feature")
    inputs = features if scaling is None else scaling.apply(features)
    tensor, halves = torch.from_numpy(inputs), _halve(progress, int(valid.sum()))
    variants = stream_variants(encoder, tensor, progress=halves[0])
    areas = _list_areas(run, valid)
    bending = measure_bending(encoder, tensor, torch.from_numpy(areas.masks), progress=halves[1])
    columns: dict[str, npt.NDArray[np.float32]] = {
        name: _spread_over(valid, values.numpy())
        for name, values in (*variants.items(), *bending.maps.items())
    }
    _check_features(run, columns["jne"])
    q = run.stage("scores").read_array("q_nonlinear")
    significant = np.nan_to_num(q, nan=1.0) < float(run.manifest.spec["fdr_q"])
    maps = pd.DataFrame({"voxel": np.arange(valid.size), "significant": significant, **columns})
    settings = {"run": run.run_id, "simulated": run.manifest.simulated}
    tables = {"maps": maps, "correlations": correlate_variants(maps)}
    tables |= _tabulate_bending(bending, areas, inputs)
    return SimulationResult("variants", settings, tables)


def correlate_variants(maps: pd.DataFrame) -> pd.DataFrame:
    """Return Pearson's r of each pair of variants: first, second, n, r."""
    chosen = maps[maps["significant"]] if maps["significant"].any() else maps
    usable = chosen[list(VARIANTS)].dropna()
    matrix = usable.corr().to_numpy()
    pairs = [(i, j) for i in range(len(VARIANTS)) for j in range(len(VARIANTS))]
    rows = [
        {"first": VARIANTS[i], "second": VARIANTS[j], "n": len(usable), "r": matrix[i, j]}
        for i, j in pairs
    ]
    return pd.DataFrame(rows)


def _halve(progress: Progress, n_voxels: int) -> tuple[Progress, Progress]:
    """Return what the first and the second pass over the voxels report to."""

    def report(half: int) -> Progress:
        return lambda done, n: progress(n_voxels * half + n_voxels * done // n, 2 * n_voxels)

    return report(0), report(1)


class _Areas(NamedTuple):
    names: tuple[str, ...]
    masks: npt.NDArray[np.bool_]


def _list_areas(run: Run, valid: npt.NDArray[np.bool_]) -> _Areas:
    """Return the whole brain and the areas of the run's first ROI set, over valid voxels."""
    sets = tuple(read_roi_sets(run.stage("dataset")).values())
    rois = [(n, m[valid]) for s in sets[:1] for n, m in zip(s.names, s.masks, strict=True)]
    named = [(WHOLE_BRAIN, np.ones(int(valid.sum()), dtype=np.bool_))]
    named += [(name, mask) for name, mask in rois if mask.any()]
    names, masks = zip(*named, strict=True)
    return _Areas(names, np.stack(masks))


def _tabulate_bending(
    bending: Bending, areas: _Areas, inputs: npt.NDArray[np.float32]
) -> dict[str, pd.DataFrame]:
    """Return the areas, their changes a stimulus, directions, and the stimuli at their ends."""
    changes, directions, ends = [], [], []
    for i, place in enumerate(areas.names):
        gain, shape = bending.gain_ss[i].numpy(), bending.shape_ss[i].numpy()
        stimulus = np.arange(len(gain))
        changes.append(pd.DataFrame({"place": place, "stimulus": stimulus,
                                     "gain_ss": gain, "shape_ss": shape}))  # fmt: skip
        for j, weights in enumerate(bending.directions[i].numpy()):
            about = {"place": place, "direction": j + 1, "share": float(bending.shares[i, j])}
            feature = np.arange(len(weights))
            directions.append(pd.DataFrame({**about, "feature": feature, "weight": weights}))
            scores = inputs @ weights
            order = np.argsort(scores, kind="stable")
            n = min(N_ENDS, len(order) // 2)
            for end, rows in (("low", order[:n]), ("high", order[::-1][:n])):
                ends.append(pd.DataFrame({**about, "end": end, "rank": np.arange(1, n + 1),
                                          "stimulus": rows, "score": scores[rows]}))  # fmt: skip
    parts = {"bends": changes, "directions": directions, "ends": ends}
    tables = {name: pd.concat(part, ignore_index=True) for name, part in parts.items()}
    counts = {"n_voxels": areas.masks.sum(axis=1), "n_directions": bending.n_directions.numpy()}
    return {"areas": pd.DataFrame({"place": areas.names, **counts}), **tables}


def _load_nonlinear(run: Run) -> ResidualEncoder:
    """Rebuild the run's nonlinear encoder, over its valid voxels."""
    stage = run.stage("nonlinear")
    return restore_encoder(stage.read_weights("encoder"), stage.read_json("fit")["activation"])


def _spread_over(
    valid: npt.NDArray[np.bool_], values: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return one value a voxel, NaN where a voxel is invalid."""
    whole = np.full(valid.size, np.nan, dtype=np.float32)
    whole[valid] = values
    return whole


def _check_sizes(run: Run, features: npt.NDArray[np.float32]) -> None:
    """Require as many test stimuli and features as the run has."""
    expected = tuple(run.manifest.counts[name] for name in ("n_test", "n_features"))
    if features.shape != expected:
        what = "n_test, n_features of its test stimuli = {}, {}".format(*expected)
        raise InputError(run.run_id, what, str(features.shape), FIX)


def _check_features(run: Run, l1: npt.NDArray[np.float32]) -> None:
    """Require L1 to be the JNE that the run holds."""
    stored = run.stage("dispersion").read_array("jne")
    difference = np.nanmean(np.abs(l1 - stored)) / np.nanmean(stored)
    if not difference < TOLERANCE:
        found = f"features that give another JNE (mean difference {100 * difference:.1f} %)"
        raise InputError(run.run_id, "the features of its test stimuli", found, FIX)
