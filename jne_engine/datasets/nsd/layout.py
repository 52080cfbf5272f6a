"""Where the Natural Scenes Dataset keeps its files, and what its trials and images were.

One-based indices end here: every image id that leaves this module is the zero-based 73k id.

References
----------
Allen et al. (2022), Nat. Neurosci. 25, 116-126, and the NSD data manual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import Hemisphere
from jne_engine.formats.guard import is_fetched

N_SUBJECTS: Final = 8
N_IMAGES: Final = 73_000
"""Images of the whole experiment; ids run from 0 to 72,999."""

N_SESSIONS: Final = (40, 40, 32, 30, 40, 32, 40, 30)
"""Sessions of each subject in the complete data set."""

N_SHARED: Final = (1000, 1000, 930, 907, 1000, 930, 1000, 907)
"""Shared images that each subject saw in the complete data set."""

N_NSDGENERAL: Final = (15724, 14278, 15226, 13153, 13039, 17907, 12682, 14386)
"""Voxels of nsdgeneral of each subject in func1pt8mm."""

GRIDS: Final = (
    (81, 104, 83), (82, 106, 84), (81, 106, 82), (85, 99, 80),
    (79, 97, 78), (85, 113, 83), (78, 95, 81), (80, 103, 78),
)  # fmt: skip
"""Grid of each subject in func1pt8mm."""

VOLUME_SPACES: Final = ("func1pt8mm", "func1mm")
SURFACE_SPACES: Final = ("fsaverage", "nativesurface")
SPACES: Final = (*VOLUME_SPACES, *SURFACE_SPACES)
BETA_VERSIONS: Final = ("betas_fithrf_GLMdenoise_RR", "betas_fithrf", "betas_assumehrf")
HEMI_PREFIX: Final[Mapping[Hemisphere, str]] = {"left": "lh.", "right": "rh."}

_SESSION: Final = re.compile(r"betas_session(\d{2,3})\.(hdf5|nii\.gz|nii|mgh|mgz)")
_PREFERRED: Final = ("hdf5", "nii", "nii.gz", "mgh", "mgz")


@dataclass(frozen=True, kw_only=True)
class NsdTree:
    """One subject, space and version of betas in a copy of NSD.

    Parameters
    ----------
    root : pathlib.Path
        Folder that holds ``nsddata`` and ``nsddata_betas``.
    subject : int
        1 to 8.
    space : {"func1pt8mm", "func1mm", "fsaverage", "nativesurface"}
        Where the betas lie.
    betas : {"betas_fithrf_GLMdenoise_RR", "betas_fithrf", "betas_assumehrf"}
        How they were estimated.

    Raises
    ------
    InputError
        If a choice is unknown or there is no such folder.
    """

    root: Path
    subject: int
    space: str = "func1pt8mm"
    betas: str = BETA_VERSIONS[0]

    def __post_init__(self) -> None:
        """Validate the choices."""
        if not 1 <= self.subject <= N_SUBJECTS:
            fix = "choose a subject of NSD"
            raise InputError("NSD subject", f"1 to {N_SUBJECTS}", str(self.subject), fix)
        check_choice("NSD space", self.space, SPACES)
        check_choice("NSD betas", self.betas, BETA_VERSIONS)
        if not (self.root / "nsddata").is_dir():
            fix = "name the folder that holds nsddata and nsddata_betas"
            raise InputError(self.root.name, "the root folder of NSD", "no folder nsddata", fix)

    @property
    def label(self) -> str:
        """Name of the subject's folders, for instance ``"subj01"``."""
        return f"subj{self.subject:02d}"

    @property
    def is_surface(self) -> bool:
        """Whether the betas lie on vertices."""
        return self.space in SURFACE_SPACES

    @property
    def betas_folder(self) -> Path:
        """Folder of the sessions' betas and of ncsnr."""
        return self.root / "nsddata_betas" / "ppdata" / self.label / self.space / self.betas

    @property
    def volume_folder(self) -> Path:
        """Folder of the brain mask, and of ``roi``, in a volume space."""
        return self.root / "nsddata" / "ppdata" / self.label / self.space

    @property
    def roi_folder(self) -> Path:
        """Folder of the ROIs of this space."""
        return self.label_folder if self.is_surface else self.volume_folder / "roi"

    @property
    def label_folder(self) -> Path:
        """Folder of surface labels and of the tables of label names."""
        owner = "fsaverage" if self.space == "fsaverage" else self.label
        return self.root / "nsddata" / "freesurfer" / owner / "label"

    @property
    def design(self) -> Path:
        """The experiment's design."""
        return self.root / "nsddata" / "experiments" / "nsd" / "nsd_expdesign.mat"

    @property
    def stimulus_info(self) -> Path:
        """Table of all 73,000 images."""
        return self.root / "nsddata" / "experiments" / "nsd" / "nsd_stim_info_merged.csv"

    @property
    def responses(self) -> Path:
        """The subject's behaviour, one row a trial."""
        return self.root / "nsddata" / "ppdata" / self.label / "behav" / "responses.tsv"

    @property
    def images(self) -> Path:
        """All images; dataset ``imgBrick``."""
        return self.root / "nsddata_stimuli" / "stimuli" / "nsd" / "nsd_stimuli.hdf5"

    def hemisphere_files(self, name: str) -> dict[Hemisphere, Path]:
        """Return the files of a surface map beside the betas, by hemisphere."""
        return {hemi: self.betas_folder / f"{p}{name}" for hemi, p in HEMI_PREFIX.items()}

    def find_annotations(self, split: str) -> Path | None:
        """Return COCO's ``instances_{split}.json`` where it lies at one of the usual places."""
        name = f"instances_{split}.json"
        folders = ("nsddata_stimuli/stimuli/nsd/annotations", "annotations", "coco/annotations", "")
        found = (self.root / folder / name for folder in folders)
        return next((path for path in found if path.exists()), None)


@dataclass(frozen=True)
class SessionFiles:
    """The betas of one session.

    Parameters
    ----------
    session : int
        Counted from 1.
    files : tuple of pathlib.Path
        One file of a volume; left and right hemisphere of a surface.
    """

    session: int
    files: tuple[Path, ...]


def find_sessions(tree: NsdTree) -> tuple[tuple[SessionFiles, ...], tuple[str, ...]]:
    """Find the sessions whose betas are complete on disk; those not fetched are left out.

    Returns
    -------
    tuple of SessionFiles
        Ascending. Where several formats hold a session, HDF5 comes before NIfTI and MGH.
    tuple of str
        What looks wrong, for instance a session with one hemisphere only.

    Raises
    ------
    InputError
        If there are no betas at all.
    """
    prefixes = tuple(HEMI_PREFIX.values()) if tree.is_surface else ("",)
    listed = [_list_sessions(tree.betas_folder, prefix) for prefix in prefixes]
    found = [{s: path for s, path in part.items() if is_fetched(path)} for part in listed]
    absent = sorted({s for part in listed for s, path in part.items() if not is_fetched(path)})
    sessions = sorted(set.union(*(set(part) for part in found)))
    whole = [s for s in sessions if all(s in part for part in found)]
    if not whole:
        place = "/".join(tree.betas_folder.parts[-4:])
        fix = "download the betas of that subject, space and version, or choose others"
        fix = "run datalad get on them" if absent else fix
        missing = f"{len(absent)} that are not fetched" if absent else "none"
        raise InputError("NSD betas", f"betas_sessionNN in {place}", missing, fix)
    files = tuple(SessionFiles(s, tuple(part[s] for part in found)) for s in whole)
    halves = sorted(set(sessions) - set(whole) - set(absent))
    return files, (
        *(f"session {s}: one hemisphere only, left out" for s in halves),
        *(
            f"session {s}: not fetched (run datalad get), left out"
            for s in absent
            if s not in whole
        ),
    )


def _list_sessions(folder: Path, prefix: str) -> dict[int, Path]:
    best: dict[int, tuple[bool, int, Path]] = {}
    for path in sorted(folder.glob(f"{prefix}betas_session*")):
        match = _SESSION.fullmatch(path.name.removeprefix(prefix))
        if match is None:
            continue
        rank = (not is_fetched(path), _PREFERRED.index(match[2]), path)
        session = int(match[1])
        best[session] = min(best.get(session, rank), rank)
    return {session: path for session, (_, _, path) in sorted(best.items())}
