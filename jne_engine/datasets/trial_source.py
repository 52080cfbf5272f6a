"""What all layouts of single trials share as sources: options, preview and import of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from jne_engine.core.progress import StageProgress
from jne_engine.datasets.preview import Preview
from jne_engine.datasets.source import CopiedSource, Option
from jne_engine.datasets.trial_import import import_trials, preview_trials
from jne_engine.datasets.trial_plan import CEILINGS, NORMALISATIONS, TrialPlan, TrialRequest
from jne_engine.formats.guard import check_inside

SUBJECT: Final = Option("subject", help="Name shown to people.")
SUBJECTS: Final = Option(
    "subject", label="Subjects", help="As in the files' names; may be repeated.", default="01",
    text="sub-{}", divides=True,
)  # fmt: skip
NORMALISE: Final = Option(
    "normalise", label="Normalise betas", values=NORMALISATIONS,
    names={"run-training": "By run, training images",
           "run": "By run, all images",
           "session-training": "By session, training images",
           "session": "By session, all images",
           "none": "Take them as they are"},
    help="z-score each voxel within each run or session: by the trials of training images"
    " (…-training), or over all trials, those of test images among them.",
)  # fmt: skip
CEILING: Final = Option(
    "ceiling", label="Noise ceiling", values=CEILINGS,
    names={"auto": "What there is", "shipped": "The data set's own",
           "repeats": "From repeats of test images", "none": "None"},
    help="auto takes the data set's own, else repeats of the test images.",
)  # fmt: skip
SEED: Final = Option("seed", int, "Seed of the splits", "Of the splits.")
PICTURES: Final = Option("pictures", bool, help="Keep small pictures.")
COMMON: Final = (CEILING, SEED, PICTURES)
"""What is asked of every data set that may have pictures."""

SURFACE: Final = Option("surface", help="A template in whose space the volume lies: draws it.")
SURFACE_FOLDER: Final = Option(
    "surface_folder", Path, help="FreeSurfer's surf folder of the subject: draws a volume."
)
ANATOMY: Final = Option(
    "anatomy", Path, help="T1w.nii.gz in the volume's millimetres: slices are drawn on it."
)
DRAWN: Final = (SURFACE, SURFACE_FOLDER, ANATOMY)


class TrialSource(CopiedSource):
    """A layout of single trials, which only has to be found and understood."""

    volumes: tuple[str, ...] = ("volume",)
    short: str = ""
    """What imports are named after; by default their folder."""
    plan: Callable[[Any], TrialPlan]
    """Finds and understands what a request names; no betas are read."""

    def name_parts(self, folder: Path, choices: Mapping[str, Any]) -> tuple[str, ...]:
        """Return words that name the dataset: the data set's or the folder's, and the subject."""
        subject = (option.show(choices[option.name]) for option in self.options if option.divides)
        return (self.short or folder.name, *subject)

    def find_images(self, folder: Path) -> Path | None:
        """Return the folder of pictures."""
        request: TrialRequest = self.request_type(root=folder)
        return request.image_folder()

    def preview(
        self, request: Any, *, measure: bool = True, allowed_root: Path | None = None
    ) -> Preview:
        """Tell what an import would do; nothing outside ``allowed_root`` is opened."""
        del measure
        if allowed_root is not None:
            asked = getattr(request, ANATOMY.name, None)
            for path in (*request.paths(), *filter(None, [asked])):
                check_inside(path, allowed_root)
        return preview_trials(self.plan(request))

    def bring(self, request: Any, out: Path, *, report: StageProgress) -> Path:
        """Import one subject into a new folder."""
        return import_trials(self.plan(request), out, report=report)
