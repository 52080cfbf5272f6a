"""MOSAIC as a source of data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from jne_engine.core.citations import cite
from jne_engine.datasets.mosaic.plan import MosaicRequest, list_subjects, plan_mosaic
from jne_engine.datasets.single_trials.source import GLMSINGLE
from jne_engine.datasets.source import Found, count_subjects
from jne_engine.datasets.trial_source import COMMON, SUBJECTS, TrialSource

MOSAIC: Final = cite(
    "misc", "lahner2025mosaic", "MOSAIC; cite the data set that the subject is from, too",
    "Lahner, Deb, Murty and Oliva (2025). MOSAIC: a scalable framework for fMRI dataset aggregation"
    " and modeling of human vision. blahner.github.io/MOSAICfmri",
    author="Lahner, Benjamin and Deb, Mayukh and Murty, N. Apurva Ratan and Oliva, Aude",
    title="{MOSAIC}: a scalable framework for {fMRI} dataset aggregation and modeling of human"
    " vision",
    year="2025", howpublished="https://blahner.github.io/MOSAICfmri",
)  # fmt: skip


class MosaicSource(TrialSource):
    """One subject's file of MOSAIC."""

    kind = "mosaic"
    title = "MOSAIC"
    hint = r"a folder with **sub-01\_NSD.hdf5** of MOSAIC, or another of its data sets"
    help = "Import subjects of MOSAIC from ROOT, which holds files such as sub-01_NSD.hdf5."
    request_type = MosaicRequest
    plan = staticmethod(plan_mosaic)
    short = "MOSAIC"
    options = (replace(SUBJECTS, default="sub-01_NSD", text="{}"), *COMMON)
    volumes = ()
    citations = (MOSAIC, GLMSINGLE)
    words = ("mosaic",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder holds files of MOSAIC's subjects."""
        subjects = list_subjects(folder)
        detail = count_subjects(subjects)
        return Found(self.kind, self.title, detail, subjects) if subjects else None


SOURCE: Final = MosaicSource()
