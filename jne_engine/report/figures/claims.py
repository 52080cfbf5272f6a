"""A claim's finding in words that pages and the command line share."""

from __future__ import annotations

import math
from typing import Any

from jne_engine.report.figures.template import format_p


def format_finding(row: Any) -> str:
    """Return a claim's number with its interval, n, p and q; empty where there is none.

    Parameters
    ----------
    row : named tuple
        A row of :func:`~jne_engine.analysis.claims.verdicts.tabulate_claims`.
    """
    if math.isnan(row.value):
        return ""
    unit = f" {row.unit}" if row.unit else ""
    parts = [f"{row.measure} = {row.value:.3f}"]
    if not math.isnan(row.low):
        parts[0] += f" [{row.low:.3f}, {row.high:.3f}]"
    parts[0] += unit
    parts.append(f"n = {row.n:,} {row.of}")
    if not math.isnan(row.p):
        parts += [format_p(row.p), format_p(row.q, "q")]
    return ", ".join(parts)
