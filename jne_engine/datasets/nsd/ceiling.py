"""Which noise ceiling an import of NSD takes, and why."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from jne_engine.core.errors import InputError
from jne_engine.datasets.nsd.betas import open_betas
from jne_engine.datasets.nsd.maps import find_ncsnr, read_map
from jne_engine.datasets.nsd.plan import NsdPlan
from jne_engine.datasets.responses import N_REPEATS
from jne_engine.datasets.trials import count_presentations, tell_presentations


def choose_ceiling(plan: NsdPlan) -> tuple[str, str]:
    """Return where the noise ceiling comes from, and why.

    Returns
    -------
    {"ncsnr", "repeats", "none"}
        Where from.
    str
        Why, for the notes.

    Raises
    ------
    InputError
        If what was asked for cannot be had.
    """
    wanted, files = plan.request.ceiling, find_ncsnr(plan.tree)
    shown = plan.trials.presentations[plan.splits.test]
    repeated = int((shown == N_REPEATS).sum())
    if wanted == "ncsnr" and not files:
        fix = "download it, or choose --ceiling repeats"
        raise InputError("ncsnr", f"its file in {plan.tree.betas_folder.name}", "none", fix)
    if wanted == "none":
        return "none", "no noise ceiling, as asked"
    if files and wanted in ("auto", "ncsnr"):
        counts = tell_presentations(count_presentations(shown))
        return "ncsnr", f"noise ceiling from ncsnr for the test images ({counts})"
    why = "as asked" if wanted == "repeats" else "as there is no ncsnr"
    if repeated >= 2:
        return "repeats", f"noise ceiling from the {repeated} test images shown 3×, {why}"
    if wanted == "repeats":
        fix = "choose --ceiling ncsnr or none"
        raise InputError("noise ceiling", "two test images shown 3×", str(repeated), fix)
    return "none", "no noise ceiling: no ncsnr, and no two test images were shown 3×"


def read_ncsnr(plan: NsdPlan) -> npt.NDArray[Any]:
    """Read ncsnr at the response columns, (n_columns,).

    Raises
    ------
    InputError
        If a map has another size than the betas.
    """
    files = zip(find_ncsnr(plan.tree), plan.sessions[0].files, strict=True)
    maps = tuple(read_map(path, open_betas(betas).n_positions) for path, betas in files)
    return plan.columns.take(maps)
