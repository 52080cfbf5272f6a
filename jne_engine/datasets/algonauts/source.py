"""The Algonauts 2023 challenge as a source of data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jne_engine.core.citations import cite
from jne_engine.core.progress import StageProgress
from jne_engine.datasets.algonauts.importing import import_algonauts, preview_algonauts
from jne_engine.datasets.algonauts.plan import PLACES, AlgonautsRequest
from jne_engine.datasets.nsd.source import NSD
from jne_engine.datasets.preview import Preview
from jne_engine.datasets.source import CopiedSource, Found, Option
from jne_engine.datasets.trial_source import PICTURES

ALGONAUTS: Final = cite(
    "misc", "gifford2023algonauts", "the preparation of the Algonauts 2023 challenge",
    "Gifford et al. (2023). The Algonauts Project 2023 Challenge: How the Human Brain Makes Sense"
    " of Natural Scenes. arXiv 2301.03198",
    author="Gifford, Alessandro T. and others",
    title="The {Algonauts} Project 2023 Challenge: How the Human Brain Makes Sense of Natural"
    " Scenes",
    year="2023", eprint="2301.03198", archiveprefix="arXiv",
)  # fmt: skip


class AlgonautsSource(CopiedSource):
    """One subject's folder of the challenge."""

    kind = "algonauts"
    title = "Algonauts 2023 challenge"
    hint = r"an Algonauts subject with **training\_split**"
    help = "Import a subject of the Algonauts 2023 challenge from its folder ROOT, such as subj01."
    request_type = AlgonautsRequest
    options = (
        Option("space", label="Vertices", values=PLACES, names={
            "challenge": "The challenge's vertices", "fsaverage": "All of fsaverage"}),
        Option("seed", int, "Seed of the test split", "Of the splits."),
        PICTURES,
    )  # fmt: skip
    citations = (NSD, ALGONAUTS)
    words = ("algonauts",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder is a subject's."""
        if not (folder / "training_split" / "training_fmri").is_dir():
            return None
        detail = f"subject folder {folder.name}, with training_split"
        return Found(self.kind, self.title, detail)

    def name_parts(self, folder: Path, choices: Mapping[str, Any]) -> tuple[str, ...]:
        """Return words that name the dataset."""
        return ("Algonauts", folder.name, choices["space"])

    def preview(
        self, request: AlgonautsRequest, *, measure: bool = True, allowed_root: Path | None = None
    ) -> Preview:
        """Tell what an import would do."""
        del allowed_root
        return preview_algonauts(request, measure=measure)

    def bring(self, request: AlgonautsRequest, out: Path, *, report: StageProgress) -> Path:
        """Import the subject into a new folder."""
        return import_algonauts(request, out, report=report)

    def find_images(self, folder: Path) -> Path | None:
        """Return the folder of the training pictures."""
        pictures = folder / "training_split" / "training_images"
        return pictures if pictures.is_dir() else None


SOURCE: Final = AlgonautsSource()
