"""Outputs of GLMsingle as a source of data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from jne_engine.datasets.glmsingle.files import MODELS, find_models
from jne_engine.datasets.glmsingle.plan import GlmSingleRequest, plan_glmsingle
from jne_engine.datasets.single_trials.source import GLMSINGLE
from jne_engine.datasets.source import Found, Option
from jne_engine.datasets.trial_plan import TEST_SETS
from jne_engine.datasets.trial_source import (
    ANATOMY,
    COMMON,
    NORMALISE,
    SUBJECT,
    SURFACE_FOLDER,
    TrialSource,
)

TEST: Final = Option("test", label="Test images", values=TEST_SETS, names={
    "random": "Drawn by a seed", "repeated": "Those shown most often",
}, help="Drawn, or those shown most often.")  # fmt: skip


class GlmSingleSource(TrialSource):
    """A folder that GLMsingle wrote, in Python or MATLAB."""

    kind = "glmsingle"
    title = "GLMsingle outputs"
    hint = r"a folder with **TYPED\_FITHRF\_GLMDENOISE\_RR** and **DESIGNINFO**"
    help = "Import single-trial betas from the folder ROOT that GLMsingle wrote."
    request_type = GlmSingleRequest
    plan = staticmethod(plan_glmsingle)
    options = (
        SUBJECT,
        Option("model", label="Betas", values=tuple(MODELS), names={
            "D": "D: denoised, ridge", "C": "C: denoised", "B": "B: fitted HRF"},
            help="TYPED, TYPEC or TYPEB."),
        NORMALISE, TEST, *COMMON,
        Option("voxels", Path, "Mask", "Mask on the betas' grid."),
        Option("surface", label="Surface",
               help="Surface of betas without a grid; of a volume the template it lies in."),
        SURFACE_FOLDER, replace(ANATOMY, label="Anatomical image, optional"),
    )  # fmt: skip
    citations = (GLMSINGLE,)
    words = ("by glmsingle's model",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder holds betas of a model."""
        models = find_models(folder)
        if not models:
            return None
        masks = tuple(sorted(p.name for p in folder.glob("*.nii*")))
        detail = f"single-trial betas of model {', '.join(models)}"
        return Found(self.kind, self.title, detail, files=masks)


SOURCE: Final = GlmSingleSource()
