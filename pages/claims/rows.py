"""The rows of the page of claims: statement, verdict, numbers, and the way to the figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from jne_engine.analysis.claims.catalogue import CLAIMS, Claim
from jne_engine.analysis.claims.evidence import Evidence
from jne_engine.analysis.claims.verdicts import CLAIM_PARTS, VERDICTS, find_address
from jne_engine.report.figures.claims import format_finding
from jne_engine.runs.store import Run
from pages.frame import cached
from pages.frame.comparison import list_group
from pages.frame.state import Selection, read
from pages.frame.widgets import plain

LOOKS = {
    "holds": ("green", ":material/check:"),
    "does not hold": ("red", ":material/close:"),
    "cannot tell": ("gray", ":material/question_mark:"),
}
WIDTHS = [1.65, 4.5, 6.2, 2.2]

Slots = Mapping[str, tuple[Any, Any, Any]]


def show_rows() -> Slots:
    """Show every statement, and return the places of its verdict, its finding and its link."""
    slots = {}
    rows = st.container(gap="xxsmall")
    for claim in CLAIMS:
        with rows.container(border=True, key=f"claim_{claim.name}"):
            verdict, statement, finding, link = st.columns(WIDTHS, vertical_alignment="center")
            with statement:
                st.markdown(f"**{plain(claim.statement)}**")
                st.caption(f"Paper: {plain(claim.paper)}" if claim.paper else "Not in the paper")
            slots[claim.name] = (verdict.empty(), finding.empty(), link)
            slots[claim.name][0].caption("reading …")
    return slots


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
        for verdict in VERDICTS:
            colour, icon = LOOKS[verdict]
            st.badge(f"{verdict}: {counts.get(verdict, 0)}", color=colour, icon=icon)


def show_findings(run: Run, table: Any, found: Mapping[str, Evidence], slots: Slots) -> None:
    """Fill in each claim's verdict, numbers and reason, and the link to its figure."""
    for claim, row in zip(CLAIMS, table.itertuples(), strict=True):
        verdict, finding, link = slots[claim.name]
        colour, icon = LOOKS[row.verdict]
        verdict.badge(row.verdict, color=colour, icon=icon)
        with finding.container():
            numbers = format_finding(row)
            if numbers:
                st.markdown(plain(numbers))
            if row.why:
                st.caption(plain(row.why))
        with link:
            _show_link(run, claim, found[claim.name])


def _show_link(run: Run, claim: Claim, evidence: Evidence) -> None:
    study = read(Selection).study
    address = {"run": run.run_id, **find_address(claim, evidence)}
    try:
        st.page_link(f"pages/{claim.page}.py", icon=":material/arrow_forward:",
                     query_params={**({"study": study} if study else {}), **address})  # fmt: skip
    except StreamlitPageNotFoundError:  # this page runs alone, without its neighbours
        st.caption(claim.page.capitalize())
