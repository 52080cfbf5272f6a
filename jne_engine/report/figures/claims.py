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


def format_number(row: Any) -> str:
    """Return a claim's number alone with its interval, the limit and n; empty where there is none.

    Parameters
    ----------
    row : named tuple
        As for :func:`format_finding`.
    """
    if math.isnan(row.value):
        return ""
    interval = "" if math.isnan(row.low) else f" [{row.low:.3f}, {row.high:.3f}]"
    return f"{row.value:.3f}{interval} against {row.limit:g}, n = {row.n:,}"


def draw_effect(row: Any, span: tuple[float, float]) -> str:
    """Return a claim's number as a bar of HTML: a dot, its interval, and a line at the limit.

    Parameters
    ----------
    row : named tuple
        As for :func:`format_finding`.
    span : tuple of float
        The values at the bar's ends; what lies beyond is drawn at the end.
    """
    if math.isnan(row.value):
        return "<div class='jne-effect' role='img' aria-label='no number yet'></div>"
    ends = (row.value, row.value) if math.isnan(row.low) else (row.low, row.high)
    at = [100 * (min(max(x, span[0]), span[1]) - span[0]) / (span[1] - span[0])
          for x in (row.value, *ends, row.limit)]  # fmt: skip
    value, low, _, limit = (f"{x:.1f}%" for x in at)
    width = f"{at[2] - at[1]:.1f}%"
    scale = f"{format_number(row)}; the bar runs from {span[0]:g} to {span[1]:g}"
    return (
        f"<div class='jne-effect' role='img' aria-label='{scale}' title='{scale}'>"
        f"<i class='limit' style='left:{limit}'></i>"
        f"<i class='interval' style='left:{low};width:{width}'></i>"
        f"<i class='value' style='left:{value}'></i></div>"
    )
