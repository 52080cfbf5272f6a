"""Two real recordings in the layout that a person would have: a NIfTI, its mask, two tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pandas as pd
from nilearn.glm.first_level import make_first_level_design_matrix
from nilearn.image import clean_img

from tests.real.fetching import Recording

HAXBY = Recording(
    package="pymvpa2",
    version="2.6.5",
    sha256="f98b18e15d012aaa68c0ef6ccf420662df05657673843ab368e7f0adfdda0758",
    files=(
        "COPYING",
        "doc/source/datadb/haxby2001.rst",
        "mvpa2/data/bold.nii.gz",
        "mvpa2/data/mask.nii.gz",
        "mvpa2/data/attributes_literal.txt",
        "mvpa2/data/haxby2001/sub001/BOLD/*/bold_moest.txt",
    ),
    digest="88fe1bb80103d5194344e54d8a16f222b7f94aa90cef4b6e4bd534671272da07",
)
LOCALIZER = Recording(
    package="pyhrf",
    version="0.5.0.post1",
    sha256="dc2384973631ba5df01d136c0f2643f67f1df7501580c9cd1bb50b66fcafee24",
    files=(
        "LICENSE",
        "python/pyhrf/datafiles/real_data_vol_4_regions_BOLD.nii.gz",
        "python/pyhrf/datafiles/real_data_vol_4_regions_mask.nii.gz",
        "python/pyhrf/datafiles/paradigm_loc.csv",
    ),
    digest="dff24366015ebf8e825fc824b59773bb9a182da26bfa423592b8edee0c9b71e9",
)
N_DELAYS = 8
"""Volumes of 2.5 s after which a block may still be seen: 20 s."""
LOCALIZER_TR = 2.4
SPLIT_FRACTIONS = "0.6,0.15,0.25"


@dataclass(frozen=True)
class Study:
    """One recording, written out: what a person would hand to ``import arrays``.

    Parameters
    ----------
    folder : pathlib.Path
        ``features.csv``, ``responses.nii.gz`` (drifts taken out of each run), ``mask.nii.gz``
        and, of some, ``stimuli.csv``.
    raw : pathlib.Path
        The volumes as they were recorded.
    """

    name: str
    folder: Path
    raw: Path

    def list_flags(self, responses: Path | None = None) -> list[str]:
        """Return the flags of ``import arrays``."""
        mask, stimuli = self.folder / "mask.nii.gz", self.folder / "stimuli.csv"
        chosen = {
            "--features": self.folder / "features.csv",
            "--responses": responses or self.folder / "responses.nii.gz",
            "--voxels": mask,
            "--name": self.name,
            "--split-fractions": SPLIT_FRACTIONS,
        }
        if stimuli.exists():
            chosen["--stimuli"] = stimuli
        if self.read_mask().max() > 1:
            chosen["--rois"] = mask  # its numbers are regions
        return [str(part) for pair in chosen.items() for part in pair]

    def read_mask(self) -> npt.NDArray[np.int64]:
        """Return the mask's numbers by nibabel alone."""
        return read_volume(self.folder / "mask.nii.gz").astype(np.int64)


def read_volume(path: Path) -> npt.NDArray[np.float64]:
    """Return a volume's numbers, scaled as its header says."""
    image = nib.load(path)
    assert isinstance(image, nib.Nifti1Image)
    return np.asarray(image.get_fdata())


def write_haxby(folder: Path) -> Study:
    """Write half a slice of the posterior brain while blocks of objects were seen.

    Features are what was shown in the last 20 s, and the six motion estimates.
    """
    data = HAXBY.find() / "mvpa2" / "data"
    shown = pd.read_csv(data / "attributes_literal.txt", sep=" ", names=["category", "run"])
    objects = pd.get_dummies(shown["category"], dtype=float).drop(columns="rest")
    delayed = [
        objects.groupby(shown["run"]).shift(n, fill_value=0).add_suffix(f" {n} volumes ago")
        for n in range(N_DELAYS)
    ]
    files = sorted(data.glob("haxby2001/sub001/BOLD/*/bold_moest.txt"))
    motion = pd.DataFrame(np.concatenate([np.loadtxt(path) for path in files]))
    features = pd.concat([*delayed, motion.add_prefix("motion ")], axis=1)
    shown.insert(0, "id", [f"volume-{row:04d}" for row in range(len(shown))])
    shown.rename(columns={"run": "group"}).to_csv(folder / "stimuli.csv", index=False)
    study = Study("Haxby 2001", folder, raw=data / "bold.nii.gz")
    _prepare(study, data / "mask.nii.gz", features, shown["run"].to_numpy())
    return study


def write_localizer(folder: Path) -> Study:
    """Write six regions of a brain during a localizer of ten conditions, five minutes long.

    Features are each condition's predicted time course.
    """
    data = LOCALIZER.find() / "python" / "pyhrf" / "datafiles"
    columns = ["session", "trial_type", "onset", "duration", "amplitude"]
    events = pd.read_csv(data / "paradigm_loc.csv", sep=" ", names=columns)
    events = events[["trial_type", "onset"]].assign(duration=1.0)
    study = Study("Localizer", folder, raw=data / "real_data_vol_4_regions_BOLD.nii.gz")
    times = LOCALIZER_TR * np.arange(read_volume(study.raw).shape[3])
    design = make_first_level_design_matrix(times, events, hrf_model="spm", drift_model=None)
    mask = data / "real_data_vol_4_regions_mask.nii.gz"
    _prepare(study, mask, design.drop(columns="constant"))
    return study


def _prepare(
    study: Study,
    mask: Path,
    features: pd.DataFrame,
    runs: npt.NDArray[np.int64] | None = None,
) -> None:
    """Write responses without each run's line and scale, as a person would prepare them."""
    image, labels = nib.load(study.raw), nib.load(mask)
    assert isinstance(image, nib.Nifti1Image)
    assert isinstance(labels, nib.Nifti1Image)
    inside = nib.Nifti1Image((labels.get_fdata() > 0).astype(np.uint8), labels.affine)
    clean = clean_img(image, runs=runs, detrend=True, standardize="zscore_sample", mask_img=inside)
    values = clean.get_fdata().astype(np.float32)
    nib.save(nib.Nifti1Image(values, image.affine), study.folder / "responses.nii.gz")
    nib.save(labels, study.folder / "mask.nii.gz")
    features.to_csv(study.folder / "features.csv", index=False)


STUDIES = {"haxby": write_haxby, "localizer": write_localizer}
