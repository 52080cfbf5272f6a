"""Derivatives in BIDS as a source of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from jne_engine.core.citations import cite
from jne_engine.datasets.bids.names import list_files, list_series, list_subjects
from jne_engine.datasets.bids.plan import BidsRequest, plan_bids
from jne_engine.datasets.glmsingle.source import TEST
from jne_engine.datasets.source import Found, Option
from jne_engine.datasets.trial_source import (
    ANATOMY,
    COMMON,
    NORMALISE,
    SUBJECTS,
    SURFACE_FOLDER,
    TrialSource,
)

BIDS: Final = cite(
    "article", "gorgolewski2016bids", "the Brain Imaging Data Structure",
    "Gorgolewski et al. (2016). The brain imaging data structure, a format for organizing and"
    " describing outputs of neuroimaging experiments. Scientific Data 3, 160044."
    " doi:10.1038/sdata.2016.44",
    author="Gorgolewski, Krzysztof J. and Auer, Tibor and Calhoun, Vince D. and others",
    title="The brain imaging data structure, a format for organizing and describing outputs of"
    " neuroimaging experiments",
    journal="Scientific Data", volume="3", pages="160044", year="2016",
    doi="10.1038/sdata.2016.44",
)  # fmt: skip
FMRIPREP: Final = cite(
    "article", "esteban2019fmriprep", "fMRIPrep, where it made these derivatives",
    "Esteban et al. (2019). fMRIPrep: a robust preprocessing pipeline for functional MRI. Nature"
    " Methods 16, 111-116. doi:10.1038/s41592-018-0235-4",
    author="Esteban, Oscar and Markiewicz, Christopher J. and Blair, Ross W. and others",
    title="{fMRIPrep}: a robust preprocessing pipeline for functional {MRI}",
    journal="Nature Methods", volume="16", pages="111--116", year="2019",
    doi="10.1038/s41592-018-0235-4",
)  # fmt: skip
SERIES: Final = Option(
    "series", label="Maps", help="Such as space-T1w_stat-effect_statmap, where there are several."
)


@dataclass(frozen=True)
class FoundBids(Found):
    """Derivatives in BIDS.

    Parameters
    ----------
    series : mapping of str to tuple of str
        Series of maps of each subject.
    """

    series: Mapping[str, tuple[str, ...]] | None = None


class BidsSource(TrialSource):
    """Betas or statistical maps of trials or stimuli, named as BIDS does."""

    kind = "bids"
    title = "BIDS derivatives"
    hint = r"a folder of **sub-…** with **\_betas**, **\_betaseries** or **\_statmap** files"
    help = "Import betas or statistical maps of BIDS derivatives ROOT; _bold files are left out."
    request_type = BidsRequest
    plan = staticmethod(plan_bids)
    options = (
        SUBJECTS, SERIES, NORMALISE, TEST, *COMMON,
        Option("mask", Path, help="Mask of a volume's voxels, on its grid."),
        Option("rois", Path, help="An atlas on the same surface or grid."),
        Option("surface", help="Surface of GIFTI files, or template of a volume."),
        SURFACE_FOLDER, ANATOMY,
    )  # fmt: skip
    citations = (BIDS, FMRIPREP)
    words = ("bids derivatives",)

    def recognise(self, folder: Path) -> FoundBids | None:
        """Tell whether subjects lie there that have maps or time series."""
        subjects = list_subjects(folder)
        series = {s: tuple(sorted(list_series(list_files(folder, s)))) for s in subjects[:40]}
        there = tuple(s for s in subjects if series.get(s))
        named = (folder / "dataset_description.json").is_file() and subjects
        if not there and not named:
            return None
        detail = f"{len(there)} of {len(subjects)} subjects with betas or statistical maps"
        return FoundBids(self.kind, self.title, detail, there, series=series)

    def offer(self, found: FoundBids, chosen: Mapping[str, Any]) -> tuple[Option, ...]:
        """Ask for subjects, and for the maps where there are several."""
        asked = super().offer(found, chosen)
        subjects, known = chosen.get("subject", ()), found.series or {}
        shared = [set(known.get(s, ())) for s in subjects]
        values = tuple(sorted(set.intersection(*shared))) if shared else ()
        return tuple(
            replace(o, values=values, default=values[0] if values else None) if o is SERIES else o
            for o in asked
        )

    def lacks(self, found: FoundBids, chosen: Mapping[str, Any]) -> str:
        """Say what stands in the way of an import."""
        if not found.subjects:
            return r"There are only time series (\_bold), no betas or statistical maps."
        return super().lacks(found, chosen)


SOURCE: Final = BidsSource()
