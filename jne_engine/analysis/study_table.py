"""The runs of a study as one table, finished or failed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from jne_engine.analysis.nonlinearity import summarise_nonlinearity
from jne_engine.analysis.regions import tabulate_whole
from jne_engine.runs.store import Run

KEYS = ("run", "state", "simulated", "subject", "feature_set", "layer", "seed", "activation",
        "n_hidden")  # fmt: skip


def tabulate_ends(root: Path, ends: Sequence[tuple[str, str | None, str]]) -> pd.DataFrame:
    """Return one row a run of a study.

    Parameters
    ----------
    root : pathlib.Path
        Folder of runs.
    ends : sequence of (str, str or None, str)
        What a person calls the run; its folder, None where it failed; why it failed.

    Returns
    -------
    pandas.DataFrame
        Columns ``label, run, state`` (``"done"`` or ``"failed"``), ``simulated, subject,
        feature_set, layer, seed, activation, n_hidden``; those of
        :func:`~jne_engine.analysis.regions.tabulate_whole`, means over significant voxels;
        ``n_nonlinear, nonlinear_share`` (median of predictable voxels); ``message``.
    """
    rows = [
        {"label": label, **_tabulate(root, run_id), "message": message}
        for label, run_id, message in ends
    ]
    named = [column for row in rows for column in row if column != "message"]
    return pd.DataFrame(rows, columns=[*dict.fromkeys(("label", *KEYS, *named)), "message"])


def _tabulate(root: Path, run_id: str | None) -> dict[str, Any]:
    if run_id is None:
        return {"state": "failed"}
    run = Run(root / run_id)
    manifest, told = run.manifest, summarise_nonlinearity(run)
    whole = tabulate_whole(run).drop(columns=["name", "tier"]).iloc[0]
    return {
        "run": run_id,
        "state": "done",
        "simulated": manifest.simulated,
        "subject": manifest.subject,
        "feature_set": manifest.feature_set,
        "layer": manifest.layer,
        **{name: manifest.spec[name] for name in ("seed", "activation", "n_hidden")},
        **{str(name): value for name, value in whole.items()},
        "n_nonlinear": None if told is None else told.n_nonlinear,
        "nonlinear_share": None if told is None else told.share.value,
    }
