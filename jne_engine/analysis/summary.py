"""What a run says in numbers: the answer of ``info --json`` and of the overview."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from jne_engine.analysis.comparisons import correlate_with_truth
from jne_engine.analysis.maps import choose_roi_set, read_significant
from jne_engine.analysis.nonlinearity import summarise_nonlinearity
from jne_engine.analysis.regions import tabulate_rois, tabulate_tiers, tabulate_whole
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.cortex.spaces import TIERS, RoiSet
from jne_engine.runs.store import Run

_INTERVAL = ["jne_low", "jne_high"]
_IDENTITY = ("run_id", "name", "subject", "feature_set", "layer", "simulated", "source", "created")


def summarise_run(run: Run, preset: str | None = None) -> dict[str, Any]:
    """Return a run's identity, counts and means over significant voxels as plain values.

    Parameters
    ----------
    run : Run
        A complete run.
    preset : str, optional
        ROI set; the run's first one by default.

    Returns
    -------
    dict
        Values that JSON can hold: the run's identity, ``path``, ``spec``, ``counts``,
        ``whole`` (means of all significant voxels, as of one ROI), ``preset``,
        ``rois`` (a list), ``tiers`` (by name), ``truth`` (``pearson_r_jne, n``
        over significant voxels, or None), ``nonlinearity`` (of the fields of
        :class:`~jne_engine.analysis.nonlinearity.NonlinearitySummary` and ``fraction``, or None
        where the run did not measure it), ``notes``, ``warnings``, ``timings_s`` and
        ``versions``. What is undefined is None.

    Raises
    ------
    InputError
        If a preset is named that the run does not have.
    """
    manifest = run.manifest
    return {
        **{name: getattr(manifest, name) for name in _IDENTITY},
        "path": str(run.path),
        "spec": dict(manifest.spec),
        "counts": dict(manifest.counts),
        "whole": _records(tabulate_whole(run))[0],
        "preset": _describe(choose_roi_set(run, preset)),
        "rois": _records(tabulate_rois(run, preset)),
        "tiers": _summarise_tiers(run, preset),
        "truth": _summarise_truth(run),
        "nonlinearity": _summarise_nonlinearity(run),
        "notes": list(manifest.notes),
        "warnings": list(manifest.warnings),
        "timings_s": dict(manifest.timings_s),
        "versions": dict(manifest.versions),
    }


def tell_no_signal(run: Run) -> str:
    """Say what to do where not one voxel is significant, whose figures are empty; else nothing."""
    if read_significant(run).any():
        return ""
    return (
        f"No voxel is significant (q < {float(run.manifest.spec['fdr_q']):g}), so that figures of"
        " significant voxels are empty. Check that stimuli and responses are in one order"
        " (`jne-engine check`), use more test stimuli or repeats, or turn off “Significant only”."
    )


def read_learning_curves(run: Run) -> pd.DataFrame:
    """Return the losses of both encoders over epochs, in tidy form.

    Returns
    -------
    pandas.DataFrame
        Columns ``encoder, epoch, split, loss, best_epoch``; loss is the mean squared error.
    """
    return pd.concat([_read_curve(run, e) for e in ("linear", "nonlinear")], ignore_index=True)


def read_fits(run: Run) -> dict[str, dict[str, Any]]:
    """Return best epoch, convergence and parameter count of both encoders.

    The best epoch counts from 1, as those of the curves do; None where nothing was fitted.
    """
    return {encoder: _read_fit(run, encoder) for encoder in ("linear", "nonlinear")}


def list_places(run: Run, preset: str | None = None) -> tuple[str, ...]:
    """Return the whole brain and the ROIs that a person can choose from."""
    rois = choose_roi_set(run, preset)
    return (WHOLE_BRAIN, *(rois.names if rois is not None else ()))


def _read_fit(run: Run, encoder: str) -> dict[str, Any]:
    """Return how one encoder's fit ended; its epoch is stored from 0, and told from 1."""
    fit = dict(run.stage(encoder).read_json("fit"))
    best = fit["best_epoch"]
    return {**fit, "best_epoch": None if best is None else best + 1}


def _read_curve(run: Run, encoder: str) -> pd.DataFrame:
    stage = run.stage(encoder)
    losses = {"train_loss": "train", "validation_loss": "validation"}
    curve = stage.read_table("curve").rename(columns=losses)
    tidy = curve.melt("epoch", list(losses.values()), var_name="split", value_name="loss")
    return tidy.assign(encoder=encoder, best_epoch=_read_fit(run, encoder)["best_epoch"])[
        ["encoder", "epoch", "split", "loss", "best_epoch"]
    ]


def _summarise_tiers(run: Run, preset: str | None) -> dict[str, dict[str, Any]]:
    records = _records(tabulate_tiers(run, preset))
    return {tier: _without(records[i], "tier") for i, tier in enumerate(TIERS)}


def _summarise_truth(run: Run) -> dict[str, Any] | None:
    found = correlate_with_truth(run)
    if found is None:
        return None
    return {"pearson_r_jne": _plain(found.r), "n": found.n}


def _summarise_nonlinearity(run: Run) -> dict[str, Any] | None:
    found = summarise_nonlinearity(run)
    if found is None:
        return None
    values = found.to_dict()
    share = {k: _plain(v) for k, v in values["share"].items()}
    return {**values, "share": share, "fraction": _plain(found.fraction)}


def _describe(rois: RoiSet | None) -> dict[str, Any] | None:
    if rois is None:
        return None
    return {"name": rois.preset, "source": rois.source, "approximate": rois.approximate}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as plain values, without the intervals that only pages show."""
    rows = table.drop(columns=_INTERVAL).to_dict("records")
    return [{str(k): _plain(v) for k, v in row.items()} for row in rows]


def _without(record: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a record without one of its entries."""
    return {k: v for k, v in record.items() if k != key}


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold: numpy scalars as Python's, NaN as None."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
