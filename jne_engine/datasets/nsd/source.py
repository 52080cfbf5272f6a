"""The Natural Scenes Dataset as a source of data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from jne_engine.core.citations import cite
from jne_engine.core.progress import StageProgress
from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.layout import BETA_VERSIONS, N_SUBJECTS, SPACES, VOLUME_SPACES
from jne_engine.datasets.nsd.plan import CEILINGS, NORMALISATIONS, TEST_SETS, NsdRequest
from jne_engine.datasets.nsd.preview import preview_nsd
from jne_engine.datasets.preview import Preview
from jne_engine.datasets.source import CopiedSource, Found, Option, count_subjects
from jne_engine.datasets.trial_source import ANATOMY, NORMALISE, PICTURES
from jne_engine.formats.guard import check_inside
from jne_engine.formats.label_tables import LABEL_NAMES

NSD: Final = cite(
    "article", "allen2022nsd", "the Natural Scenes Dataset",
    "Allen et al. (2022). A massive 7T fMRI dataset to bridge cognitive neuroscience and artificial"
    " intelligence. Nature Neuroscience 25, 116-126. doi:10.1038/s41593-021-00962-x",
    author="Allen, Emily J. and St-Yves, Ghislain and Wu, Yihan and others",
    title="A massive {7T} {fMRI} dataset to bridge cognitive neuroscience and artificial"
    " intelligence",
    journal="Nature Neuroscience", volume="25", pages="116--126", year="2022",
    doi="10.1038/s41593-021-00962-x",
)  # fmt: skip

_SUBJECT: Final = Option("subject", int, "Subjects", "1 to 8; may be repeated.", default=1,
                         text="subj{:02d}", divides=True)  # fmt: skip
_SPACE: Final = Option("space", label="Space", values=SPACES, names={
    "func1pt8mm": "Volume, 1.8 mm", "func1mm": "Volume, 1 mm",
    "fsaverage": "Surface, fsaverage", "nativesurface": "Surface, native",
})  # fmt: skip
_BETAS: Final = Option("betas", label="Betas", values=BETA_VERSIONS, names={
    "betas_fithrf_GLMdenoise_RR": "b3: denoised, ridge", "betas_fithrf": "b2: fitted HRF",
    "betas_assumehrf": "b1: assumed HRF",
})  # fmt: skip
_VOXELS: Final = Option(
    "voxels", help="nsdgeneral, brainmask, all, or ROIs: V1,FFA-1,streams,floc-bodies:EBA",
    several=True,
)  # fmt: skip
_TEST: Final = Option("test", label="Test images", values=TEST_SETS, names={
    "shared": "The shared 1000", "common": "Seen by all chosen subjects",
})  # fmt: skip

_NORMALISE: Final = replace(
    NORMALISE, values=NORMALISATIONS,
    names={**NORMALISE.names, "run": "By run, all images (the paper)",
           "none": "Keep percent signal change"},
)  # fmt: skip

_MASKS: Final = Option("mask", values=("nsdgeneral", "rois", "brainmask", "all"), names={
    "nsdgeneral": "nsdgeneral", "rois": "Some ROIs", "brainmask": "Brain mask", "all": "Everything",
}, default="nsdgeneral")  # fmt: skip
_ROIS: Final = Option(
    "rois", label="ROIs or collections", values=(*LABEL_NAMES, "Kastner2015", "HCP_MMP1"),
    help="V1, FFA-1, floc-bodies:EBA, streams …", default=("prf-visualrois",), several=True,
    free=True,
)  # fmt: skip


@dataclass(frozen=True)
class FoundNsd(Found):
    """A copy of NSD.

    Parameters
    ----------
    spaces : tuple of (int, str, str)
        Subject, space and version of the betas that are there.
    """

    spaces: tuple[tuple[int, str, str], ...] = ()

    def spaces_of(self, subject: int) -> tuple[str, ...]:
        """Return the spaces in which a subject has betas, volumes first."""
        found = {space for number, space, _ in self.spaces if number == subject}
        return tuple(space for space in SPACES if space in found)

    def betas_of(self, subject: int, space: str) -> tuple[str, ...]:
        """Return the versions of a subject's betas in a space, the best denoised first."""
        found = {b for number, s, b in self.spaces if (number, s) == (subject, space)}
        return tuple(version for version in BETA_VERSIONS if version in found)

    def shared_spaces(self, subjects: Sequence[int]) -> tuple[str, ...]:
        """Return the spaces in which all of some subjects have betas."""
        return tuple(s for s in SPACES if all(s in self.spaces_of(n) for n in subjects))


class NsdSource(CopiedSource):
    """The Natural Scenes Dataset, one subject an import."""

    kind = "nsd"
    title = "Natural Scenes Dataset"
    hint = r"the folder that holds **nsddata** and **nsddata\_betas**"
    help = "Import subjects of the Natural Scenes Dataset from ROOT, which holds nsddata."
    request_type = NsdRequest
    options = (
        _SUBJECT, _SPACE, _BETAS, _VOXELS, _TEST,
        Option("common_subjects", int, help="With --test common: subjects, such as 1,2,5,7.",
               flag="--common", several=True),
        _NORMALISE,
        Option("ceiling", values=CEILINGS),
        Option("seed", int, help="Of the validation images."),
        PICTURES, ANATOMY,
    )  # fmt: skip
    volumes = tuple(VOLUME_SPACES)
    citations = (NSD,)
    words = ("natural scenes", "nsd")

    def recognise(self, folder: Path) -> FoundNsd | None:
        """Tell whether a folder holds nsddata, and which betas are there."""
        betas = folder / "nsddata_betas" / "ppdata"
        if not (folder / "nsddata").is_dir():
            return None
        spaces = tuple(
            (subject, space, version)
            for subject in range(1, N_SUBJECTS + 1)
            for space in SPACES
            for version in BETA_VERSIONS
            if (betas / f"subj{subject:02d}" / space / version).is_dir()
        )
        subjects = tuple(dict.fromkeys(subject for subject, _, _ in spaces))
        count = f"{count_subjects(subjects)} with betas"
        return FoundNsd(self.kind, self.title, count, subjects, spaces=spaces)

    def offer(self, found: FoundNsd, chosen: Mapping[str, Any]) -> tuple[Option, ...]:
        """Ask for subjects, space, betas, voxels, and test images where subjects are several."""
        subjects = chosen.get("subject", ())
        asked = [replace(_SUBJECT, values=found.subjects, default=found.subjects[:1])]
        if not found.subjects:
            return ()
        spaces = found.shared_spaces(subjects) if subjects else ()
        if not spaces:
            return tuple(asked)
        space = chosen.get("space", spaces[0])
        versions = [found.betas_of(subject, space) for subject in subjects]
        in_all = tuple(b for b in BETA_VERSIONS if all(b in those for those in versions))
        asked += [replace(_SPACE, values=spaces, default=spaces[0])]
        asked += [replace(_BETAS, values=in_all or versions[0], default=(in_all or versions[0])[0])]
        volume = space in VOLUME_SPACES
        masks = tuple(v for v in _MASKS.values if v != "brainmask" or volume)
        asked += [replace(_MASKS, values=masks, label="Voxels" if volume else "Vertices")]
        asked += [_ROIS] * (chosen.get("mask") == "rois")
        return (*asked, *[_TEST] * (len(subjects) > 1), _NORMALISE)

    def lacks(self, found: FoundNsd, chosen: Mapping[str, Any]) -> str:
        """Say what stands in the way of an import."""
        if not found.subjects:
            return r"There are no betas below nsddata\_betas/ppdata."
        if not chosen.get("subject"):
            return "Choose a subject."
        if "space" not in chosen:
            return "These subjects share no space: import them one by one."
        return "Choose an ROI." if chosen["mask"] == "rois" and not chosen["rois"] else ""

    def settle(self, folder: Path, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request's choices: mask or ROIs are its voxels."""
        del folder
        choices = {k: chosen[k] for k in ("subject", "space", "betas", "normalise")}
        choices["voxels"] = chosen["rois"] if chosen["mask"] == "rois" else [chosen["mask"]]
        choices["test"] = chosen.get("test", "shared")
        common = {"common_subjects": chosen["subject"]} if choices["test"] == "common" else {}
        return {**choices, **common}

    def name_parts(self, folder: Path, choices: Mapping[str, Any]) -> tuple[str, ...]:
        """Return words that name the dataset."""
        del folder
        subject = _SUBJECT.show(choices["subject"])
        return ("NSD", subject, choices["space"], *choices["voxels"][:2])

    def preview(
        self, request: NsdRequest, *, measure: bool = True, allowed_root: Path | None = None
    ) -> Preview:
        """Tell what an import would do."""
        if allowed_root is not None and request.anatomy is not None:
            check_inside(request.anatomy, allowed_root)
        return preview_nsd(request, measure=measure)

    def bring(self, request: NsdRequest, out: Path, *, report: StageProgress) -> Path:
        """Import one subject into a new folder."""
        return import_nsd(request, out, report=report)

    def find_images(self, folder: Path) -> Path | None:
        """Return the file of all images."""
        brick = folder / "nsddata_stimuli" / "stimuli" / "nsd" / "nsd_stimuli.hdf5"
        return brick if brick.is_file() else None


SOURCE: Final = NsdSource()
