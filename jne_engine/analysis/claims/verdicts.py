"""The paper's claims held against a run: what it said, what is found here, and a verdict.

Evidence is gathered in parts, so that a page can show what it has while it reads the next;
:func:`tabulate_claims` then corrects p over all claims and judges.

References
----------
Gao et al. (2025), arXiv 2510.13688, experiments II to IV and appendix A.9.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

from jne_engine.analysis.claims.catalogue import CLAIMS, Claim
from jne_engine.analysis.claims.categories import gather_categories, gather_planted
from jne_engine.analysis.claims.doubts import (
    doubt_encoders,
    doubt_linear_places,
    doubt_r2,
    doubt_spin,
    gather_both,
)
from jne_engine.analysis.claims.evidence import (
    Evidence,
    gather_encoders,
    gather_rois,
    gather_spin,
    gather_subjects,
    gather_tiers,
    gather_variants,
)
from jne_engine.analysis.hierarchy import ALPHA
from jne_engine.core.checks import check_choice
from jne_engine.model.scoring import correct_fdr
from jne_engine.runs.store import Run

HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "cannot tell"
VERDICTS = (HOLDS, FAILS, UNKNOWN)


COLUMNS = [
    *("claim", "statement", "paper", "measure", "unit", "value", "low", "high", "n", "of"),
    *("limit", "p", "q", "verdict", "why"),
]

_Gather = Callable[[Run, Sequence[Run]], dict[str, Evidence]]
_PARTS: Mapping[str, _Gather] = MappingProxyType(
    {
        "tiers": lambda run, _: gather_both(run, gather_tiers),
        "subjects": lambda run, others: gather_both(
            run, lambda one, measure: gather_subjects(one, others, measure)
        ),
        "spin": lambda run, _: doubt_spin(run, gather_spin(run)),
        "ROIs": lambda run, _: gather_both(run, gather_rois),
        "encoders": lambda run, _: doubt_encoders(run, gather_encoders(run)),
        "variants": lambda run, _: gather_variants(run),
        "categories": lambda run, _: doubt_linear_places(run, gather_categories(run)),
        "planted": lambda run, _: gather_planted(run),
    }
)
CLAIM_PARTS = tuple(_PARTS)
"""In what order evidence is gathered: what is read quickly first."""


def gather_claims(run: Run, part: str, others: Sequence[Run] = ()) -> dict[str, Evidence]:
    """Gather one part of the evidence about the claims.

    Parameters
    ----------
    run : Run
        A complete run.
    part : str
        One of :data:`CLAIM_PARTS`.
    others : sequence of Run
        Where the other subjects' runs are looked for; only ``"subjects"`` does.

    Returns
    -------
    dict of str to Evidence
        By the claims' names.

    Raises
    ------
    InputError
        If there is no such part.
    """
    check_choice("part of the claims", part, CLAIM_PARTS)
    return doubt_r2(run, _PARTS[part](run, others))


def tabulate_claims(
    run: Run, others: Sequence[Run] = (), found: Mapping[str, Evidence] | None = None
) -> pd.DataFrame:
    """Return each claim with what a run says of it and a verdict.

    Parameters
    ----------
    run : Run
        A complete run.
    others : sequence of Run
        Runs of other subjects, from which one a subject is taken that was made alike.
    found : mapping of str to Evidence, optional
        What :func:`gather_claims` returned for all parts; gathered by default.

    Returns
    -------
    pandas.DataFrame
        One row a claim: ``claim, statement, paper, measure, unit``; ``value`` with its 95 %
        interval ``low, high``; ``n`` and what it counts, ``of``; the ``limit`` it is held against;
        one-sided ``p``, and ``q`` by Benjamini-Hochberg over all claims with a p; ``verdict``, one
        of :data:`VERDICTS`, and ``why``, with the next step where it cannot be told.
    """
    if found is None:
        parts = [gather_claims(run, part, others) for part in CLAIM_PARTS]
        found = {name: evidence for part in parts for name, evidence in part.items()}
    evidences = [found[claim.name] for claim in CLAIMS]
    q = correct_fdr(np.array([e.p for e in evidences], dtype=float))
    rows = []
    for claim, e, level in zip(CLAIMS, evidences, q, strict=True):
        verdict = judge(e, float(level))
        limit = e.limit if np.isfinite(e.limit) else claim.limit
        rows.append((claim.name, claim.statement, claim.paper, claim.measure, claim.unit, e.value,
                     e.low, e.high, e.n, claim.of, limit, e.p, level, verdict,
                     _explain(e, float(level), verdict)))  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def judge(evidence: Evidence, q: float) -> str:
    """Return a verdict.

    A claim holds where the value lies where it says, if it is a test q < 0.05, and nothing casts
    doubt on it. It does not hold where the data speak against it. Anything else cannot be told:
    an absent rise and one that so few data cannot show look alike.
    """
    if evidence.agrees is None:
        return UNKNOWN
    tested = np.isfinite(evidence.p)
    if evidence.agrees and (not tested or q < ALPHA):
        return UNKNOWN if evidence.doubt else HOLDS
    return FAILS if evidence.against else UNKNOWN


def find_address(claim: Claim, evidence: Evidence) -> dict[str, str]:
    """Return the choices of the claim's page that show this evidence."""
    return {**claim.address, **evidence.address}


def _explain(evidence: Evidence, q: float, verdict: str) -> str:
    parts = [evidence.note, evidence.doubt]
    if verdict == UNKNOWN:
        if evidence.agrees and not q < ALPHA:
            parts.append(f"As claimed, but q = {q:.2g} is not below {ALPHA}.")
        elif evidence.agrees is False:
            parts.append("Not as claimed, but not clearly against it either.")
        parts.append(f"Next: {evidence.fix}." if evidence.fix else "")
    return " ".join(part for part in parts if part)
