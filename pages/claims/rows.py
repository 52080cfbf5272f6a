"""The rows of the page of claims: statement, verdict, numbers, and the way to the figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from jne_engine.analysis.claims.catalogue import CLAIMS, Claim
from jne_engine.analysis.claims.evidence import Evidence
from jne_engine.analysis.claims.verdicts import CLAIM_PARTS, find_address
from jne_engine.report.figures.claims import draw_effect, format_finding, format_number
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.comparison import list_group
from pages.frame.state import Selection, read
from pages.frame.widgets import plain

LOOKS = {
    "does not hold": ("red", ":material/close:"),
    "cannot tell": ("gray", ":material/question_mark:"),
    "holds": ("green", ":material/check:"),
}
"""How each verdict looks, in the order in which they are shown."""
WIDTHS = [1.5, 5.3, 1.6, 4.6, 2.1]
HEIGHT = 40
"""A finding's height in pixels: all sixteen are seen with hardly a scroll."""


def list_gathered(run: Run) -> tuple[Any, dict[str, Evidence]]:
    """Gather the evidence part by part, told as it goes; return the table and the evidence."""
    others = list_group(cached.list_runs())
    found: dict[str, Evidence] = {}
    told = st.empty()
    for number, part in enumerate(CLAIM_PARTS, 1):
        told.caption(f"Reading {part} ({number} of {len(CLAIM_PARTS)}) …")
        found |= cached.gather_claims(run, part, others)
    told.empty()
    return cached.tabulate_claims(run, found), found


def show_summary(table: Any) -> None:
    """Say how many claims hold."""
    counts = table["verdict"].value_counts()
    with st.container(horizontal=True, gap="small"):
        for verdict, (colour, icon) in LOOKS.items():
            st.badge(f"{verdict}: {counts.get(verdict, 0)}", color=colour, icon=icon)


def show_findings(run: Run, table: Any, found: Mapping[str, Evidence]) -> None:
    """Show a row a claim: verdict, statement, effect, number and the way to its figure."""
    ranks = table["verdict"].map(list(LOOKS).index)
    claims = {claim.name: claim for claim in CLAIMS}
    with st.container(gap=None, key="claims"):
        for row in table.loc[ranks.sort_values(kind="stable").index].itertuples():
            with st.container(height=HEIGHT, border=False, key=f"claim_{row.claim}"):
                _show_row(run, row, claims[row.claim], found[row.claim])


def _show_row(run: Run, row: Any, claim: Claim, evidence: Evidence) -> None:
    verdict, statement, effect, number, link = st.columns(WIDTHS, vertical_alignment="center")
    colour, icon = LOOKS[row.verdict]
    verdict.badge(row.verdict, color=colour, icon=icon)
    paper = f"Paper: {plain(row.paper)}" if row.paper else "Not in the paper"
    statement.markdown(f"**{plain(row.statement)}**", help=paper)
    effect.html(draw_effect(row, claim.span))
    whole = "\n\n".join(plain(text) for text in (format_finding(row), row.why) if text)
    number.markdown(plain(format_number(row) or row.why), help=whole)
    with link:
        _show_link(run, claim, evidence)


def _show_link(run: Run, claim: Claim, evidence: Evidence) -> None:
    study = read(Selection).study
    address = {"run": run.run_id, **find_address(claim, evidence)}
    try:
        st.page_link(f"pages/{claim.page}.py", icon=":material/arrow_forward:",
                     query_params={**({"study": study} if study else {}), **address})  # fmt: skip
    except StreamlitPageNotFoundError:  # this page runs alone, without its neighbours
        st.caption(claim.page.capitalize())
