"""LAION-fMRI as a source of data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from jne_engine.core.citations import cite
from jne_engine.datasets.bids.names import list_subjects
from jne_engine.datasets.bids.plan import BidsRequest
from jne_engine.datasets.laion.plan import BETAS, LaionRequest, plan_laion
from jne_engine.datasets.single_trials.source import GLMSINGLE
from jne_engine.datasets.source import Found, Option, count_subjects
from jne_engine.datasets.trial_source import COMMON, DRAWN, NORMALISE, SUBJECTS, TrialSource

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
    plan = staticmethod(plan_laion)
    short = "LAION-fMRI"
    options = (
        SUBJECTS, replace(NORMALISE, default="session"),
        Option("splits", Path, help="A split of the package laion_fmri, such as tau.json; without,"
               " the out-of-distribution images test."),
        *COMMON, *DRAWN,
    )  # fmt: skip
    citations = (LAION, GLMSINGLE)
    words = ("laion-fmri",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder holds the derivatives, and of whom."""
        if not (folder / BETAS).is_dir():
            return None
        subjects = list_subjects(folder / BETAS)
        detail = f"{count_subjects(subjects)} with betas"
        return Found(self.kind, self.title, detail, subjects)

    def find_images(self, folder: Path) -> Path | None:
        """Return the folder of stimuli, where it holds images and no archive of them."""
        found = BidsRequest(root=folder / BETAS).image_folder()
        return found / "images" if found and (found / "images").is_dir() else None


SOURCE: Final = LaionSource()
