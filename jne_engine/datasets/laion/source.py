"""LAION-fMRI as a source of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from jne_engine.core.citations import cite
from jne_engine.datasets.bids.names import list_subjects
from jne_engine.datasets.bids.plan import find_image_folder
from jne_engine.datasets.laion.plan import BETAS, LaionRequest, plan_laion
from jne_engine.datasets.single_trials.source import GLMSINGLE
from jne_engine.datasets.source import Found, Option
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

LAION: Final = cite(
    "misc", "laionfmri", "LAION-fMRI",
    "ViCCo Group. LAION-fMRI: five subjects, 25,052 images. laion-fmri.hebartlab.com;"
    " github.com/ViCCo-Group/LAION-fMRI (see there how to cite the release)",
    author="{ViCCo Group}", title="{LAION-fMRI}",
    howpublished="https://laion-fmri.hebartlab.com",
)  # fmt: skip


class LaionSource(TrialSource):
    """The single-trial betas of LAION-fMRI."""

    kind = "laion"
    title = "LAION-fMRI"
    hint = r"the folder that holds LAION-fMRI's **derivatives/glmsingle-tedana**"
    help = "Import subjects of LAION-fMRI from ROOT, which holds derivatives/glmsingle-tedana."
    request_type = LaionRequest
    options = (
        SUBJECTS, replace(NORMALISE, default="session"),
        Option("splits", Path, help="A split of the package laion_fmri, such as tau.json; without,"
               " the out-of-distribution images test."),
        CEILING, SEED, PICTURES, *DRAWN,
    )  # fmt: skip
    citations = (LAION, GLMSINGLE)
    words = ("laion-fmri",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder holds the derivatives, and of whom."""
        if not (folder / BETAS).is_dir():
            return None
        subjects = list_subjects(folder / BETAS)
        detail = f"{len(subjects)} subject{'s' * (len(subjects) != 1)} with betas"
        return Found(self.kind, self.title, detail, subjects)

    def name_parts(self, folder: Path, choices: Mapping[str, Any]) -> tuple[str, ...]:
        """Return words that name the dataset."""
        del folder
        return ("LAION-fMRI", f"sub-{choices['subject']}")

    def list_files(self, request: LaionRequest) -> tuple[Path, ...]:
        """Return betas, tables, masks and maps of the subject."""
        return request.paths()

    def plan(self, request: LaionRequest) -> TrialPlan:
        """Find and understand the subject's files."""
        return plan_laion(request)

    def find_images(self, folder: Path) -> Path | None:
        """Return the folder of stimuli, where it holds images and no archive of them."""
        found = find_image_folder(folder / BETAS)
        return found / "images" if found and (found / "images").is_dir() else None


SOURCE: Final = LaionSource()
