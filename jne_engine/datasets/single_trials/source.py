"""Single-trial betas as a source of data, in the layout that estimators such as GLMsingle give.

References
----------
Prince et al. (2022), eLife 11, e77599.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jne_engine.core.citations import cite
from jne_engine.datasets.single_trials.importing import SingleTrialRequest, plan_single_trials
from jne_engine.datasets.source import Found
from jne_engine.datasets.trial_source import CEILING, DRAWN, NORMALISE, SEED, SUBJECT, TrialSource

GLMSINGLE: Final = cite(
    "article", "prince2022glmsingle", "estimates of single-trial responses",
    "Prince et al. (2022). Improving the accuracy of single-trial fMRI response estimates using"
    " GLMsingle. eLife 11, e77599. doi:10.7554/eLife.77599",
    author="Prince, Jacob S. and Charest, Ian and Kurzawski, Jan W. and others",
    title="Improving the accuracy of single-trial {fMRI} response estimates using {GLMsingle}",
    journal="eLife", volume="11", pages="e77599", year="2022", doi="10.7554/eLife.77599",
)  # fmt: skip


class SingleTrialSource(TrialSource):
    """Betas of single trials, the table of trials, and the mask of their voxels."""

    kind = "single-trials"
    title = "Single-trial betas"
    hint = "a folder with **betas.npy**, **trials.tsv** and **mask.nii.gz**"
    help = "Import single-trial betas from ROOT with betas.npy, trials.tsv and mask.nii.gz."
    request_type = SingleTrialRequest
    plan = staticmethod(plan_single_trials)
    options = (SUBJECT, NORMALISE, CEILING, SEED, *DRAWN)
    citations = (GLMSINGLE,)
    words = ("single-trial betas",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder holds the three files."""
        files = SingleTrialRequest(root=folder).paths()
        names = ", ".join(path.name for path in files)
        return Found(self.kind, self.title, names) if all(p.is_file() for p in files) else None


SOURCE: Final = SingleTrialSource()
