"""BOLD5000 as a source of data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from jne_engine.core.citations import cite
from jne_engine.datasets.bold5000.plan import Bold5000Request, list_subjects, plan_bold5000
from jne_engine.datasets.single_trials.source import GLMSINGLE
from jne_engine.datasets.source import Found
from jne_engine.datasets.trial_source import COMMON, DRAWN, NORMALISE, SUBJECTS, TrialSource

BOLD5000: Final = cite(
    "article", "chang2019bold5000", "BOLD5000",
    "Chang et al. (2019). BOLD5000, a public fMRI dataset while viewing 5000 visual images."
    " Scientific Data 6, 49. doi:10.1038/s41597-019-0052-3",
    author="Chang, Nadine and Pyles, John A. and Marcus, Austin and others",
    title="{BOLD5000}, a public {fMRI} dataset while viewing 5000 visual images",
    journal="Scientific Data", volume="6", pages="49", year="2019",
    doi="10.1038/s41597-019-0052-3",
)  # fmt: skip


class Bold5000Source(TrialSource):
    """The betas of BOLD5000's release 2.0."""

    kind = "bold5000"
    title = "BOLD5000"
    hint = r"a folder with **CSI1\_GLMbetas-TYPED-…** of BOLD5000 2.0"
    help = "Import subjects of BOLD5000 2.0 from ROOT, which holds betas, mask and image names."
    request_type = Bold5000Request
    plan = staticmethod(plan_bold5000)
    short = "BOLD5000"
    options = (replace(SUBJECTS, default="CSI1", text="{}"), NORMALISE, *COMMON,
               *DRAWN)  # fmt: skip
    citations = (BOLD5000, GLMSINGLE)
    words = ("bold5000",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether betas of the release lie in a folder or below its folders."""
        subjects = list_subjects(folder)
        detail = f"betas of {', '.join(subjects)}"
        return Found(self.kind, self.title, detail, subjects) if subjects else None


SOURCE: Final = Bold5000Source()
