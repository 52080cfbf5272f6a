"""Single-trial betas as a source of data, in the layout that estimators such as GLMsingle give.

References
----------
Prince et al. (2022), eLife 11, e77599.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jne_engine.core.citations import cite
from jne_engine.core.progress import StageProgress
from jne_engine.datasets.preview import Preview
from jne_engine.datasets.single_trials.importing import (
    NORMALISATIONS,
    SingleTrialRequest,
    import_single_trials,
    preview_single_trials,
)
from jne_engine.datasets.source import CopiedSource, Found, Option

GLMSINGLE: Final = cite(
    "article", "prince2022glmsingle", "estimates of single-trial responses",
    "Prince et al. (2022). Improving the accuracy of single-trial fMRI response estimates using"
    " GLMsingle. eLife 11, e77599. doi:10.7554/eLife.77599",
    author="Prince, Jacob S. and Charest, Ian and Kurzawski, Jan W. and others",
    title="Improving the accuracy of single-trial {fMRI} response estimates using {GLMsingle}",
    journal="eLife", volume="11", pages="e77599", year="2022", doi="10.7554/eLife.77599",
)  # fmt: skip


class SingleTrialSource(CopiedSource):
    """Betas of single trials, the table of trials, and the mask of their voxels."""

    kind = "single-trials"
    title = "Single-trial betas"
    hint = "a folder with **betas.npy**, **trials.tsv** and **mask.nii.gz**"
    help = "Import single-trial betas from ROOT with betas.npy, trials.tsv and mask.nii.gz."
    request_type = SingleTrialRequest
    options = (
        Option("subject", help="Name shown to people."),
        Option("normalise", label="Normalise betas", values=NORMALISATIONS,
               names={"run": "z-score within each run", "none": "Take them as they are"}),
        Option("seed", int, "Seed of the splits", "Of the splits."),
    )  # fmt: skip
    volumes = ("volume",)
    citations = (GLMSINGLE,)
    words = ("single-trial betas",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder holds the three files."""
        files = SingleTrialRequest(root=folder).paths()
        names = ", ".join(path.name for path in files)
        return Found(self.kind, self.title, names) if all(p.is_file() for p in files) else None

    def preview(
        self, request: SingleTrialRequest, *, measure: bool = True, allowed_root: Path | None = None
    ) -> Preview:
        """Tell what an import would do."""
        del measure
        return preview_single_trials(request, allowed_root=allowed_root)

    def bring(self, request: SingleTrialRequest, out: Path, *, report: StageProgress) -> Path:
        """Import the folder into a new one."""
        return import_single_trials(request, out, report=report)


SOURCE: Final = SingleTrialSource()
