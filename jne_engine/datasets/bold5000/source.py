"""BOLD5000 as a source of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from jne_engine.core.citations import cite
from jne_engine.datasets.bold5000.plan import (
    Bold5000Request,
    find_image_folder,
    list_subjects,
    plan_bold5000,
)
from jne_engine.datasets.single_trials.source import GLMSINGLE
from jne_engine.datasets.source import Found
from jne_engine.datasets.trial_plan import TrialPlan
from jne_engine.datasets.trial_source import (
    CEILING,
    DRAWN,
    NORMALISE,
    PICTURES,
    SEED,
    SUBJECTS,
    TrialSource,
)

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
    options = (replace(SUBJECTS, default="CSI1", text="{}"), NORMALISE, CEILING, SEED, PICTURES,
               *DRAWN)  # fmt: skip
    citations = (BOLD5000, GLMSINGLE)
    words = ("bold5000",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether betas of the release lie in a folder or below its folders."""
        subjects = list_subjects(folder)
        detail = f"betas of {', '.join(subjects)}"
        return Found(self.kind, self.title, detail, subjects) if subjects else None

    def name_parts(self, folder: Path, choices: Mapping[str, Any]) -> tuple[str, ...]:
        """Return words that name the dataset."""
        del folder
        return ("BOLD5000", str(choices["subject"]))

    def list_files(self, request: Bold5000Request) -> tuple[Path, ...]:
        """Return betas, masks and names of the subject."""
        return request.tree().paths()

    def plan(self, request: Bold5000Request) -> TrialPlan:
        """Find and understand the subject's files."""
        return plan_bold5000(request)

    def find_images(self, folder: Path) -> Path | None:
        """Return the folder of presented images."""
        return find_image_folder(folder)


SOURCE: Final = Bold5000Source()
