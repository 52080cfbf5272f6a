"""THINGS-fMRI as a source of data."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jne_engine.core.citations import cite
from jne_engine.datasets.source import Found, Option, count_subjects
from jne_engine.datasets.things.plan import VOXEL_SETS, ThingsRequest, list_subjects, plan_things
from jne_engine.datasets.trial_source import COMMON, DRAWN, NORMALISE, SUBJECTS, TrialSource

THINGS: Final = cite(
    "article", "hebart2023things", "THINGS-fMRI",
    "Hebart et al. (2023). THINGS-data, a multimodal collection of large-scale datasets for"
    " investigating object representations in human brain and behavior. eLife 12, e82580."
    " doi:10.7554/eLife.82580",
    author="Hebart, Martin N. and Contier, Oliver and Teichmann, Lina and others",
    title="{THINGS}-data, a multimodal collection of large-scale datasets for investigating object"
    " representations in human brain and behavior",
    journal="eLife", volume="12", pages="e82580", year="2023", doi="10.7554/eLife.82580",
)  # fmt: skip


class ThingsSource(TrialSource):
    """The single-trial responses of THINGS-fMRI in table format."""

    kind = "things"
    title = "THINGS-fMRI"
    hint = r"the folder that holds THINGS' **betas\_csv**"
    help = "Import subjects of THINGS-fMRI from ROOT, which holds betas_csv and brain masks."
    request_type = ThingsRequest
    plan = staticmethod(plan_things)
    short = "THINGS"
    options = (
        SUBJECTS, NORMALISE,
        Option("voxels", label="Voxels", values=VOXEL_SETS, names={
            "all": "All", "rois": "Those of ROIs"}, help="All, or those of localised ROIs."),
        *COMMON,
        Option("mask", Path, help="Brain mask of the subject, where it is not found."),
        *DRAWN,
    )  # fmt: skip
    citations = (THINGS,)
    words = ("things-fmri",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder holds responses in table format, and of whom."""
        subjects = list_subjects(folder)
        detail = f"{count_subjects(subjects)} in table format"
        return Found(self.kind, self.title, detail, subjects) if subjects else None


SOURCE: Final = ThingsSource()
