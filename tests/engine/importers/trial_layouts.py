"""Miniature trees of every layout of single trials, written as its public documentation says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import nibabel as nib
import numpy as np

from tests.engine.importers.trial_study import AFFINE, Study


def write_glmsingle_python(study: Study, root: Path, *, hdf5: bool = False) -> Path:
    """Write what GLMsingle 1.2 (Python) writes: pickled dictionaries, or HDF5."""
    root.mkdir(parents=True, exist_ok=True)
    runs = study.session * 10 + study.run
    per_run = [int((runs == run).sum()) for run in np.unique(runs)]
    sessions = [int(run // 10) for run in np.unique(runs)]
    design = {
        "stimdur": 3.0, "tr": 1.5, "params": {"sessionindicator": np.array([sessions])},
        "designSINGLE": [np.zeros((4, study.image.size)) for _ in per_run],
        "stimorder": [np.int64(i) for i in study.image], "numtrialrun": per_run,
        "condcounts": [int((study.image == i).sum()) for i in range(study.n_images)],
        "endbuffers": [12.0] * len(per_run),
    }  # fmt: skip
    np.save(root / "DESIGNINFO.npy", design, allow_pickle=True)
    betas = {"betasmd": study.volume(), "R2": np.zeros((4, 5, 3), np.float32), "pcnum": 3,
             "xvaltrend": None, "pcregressors": [np.zeros((9, 2))] * 2}  # fmt: skip
    if not hdf5:
        np.save(root / "TYPED_FITHRF_GLMDENOISE_RR.npy", betas)
    else:
        with h5py.File(root / "TYPED_FITHRF_GLMDENOISE_RR.hdf5", "w") as file:
            file["betasmd"], file["R2"] = betas["betasmd"], betas["R2"]
    write_glmsingle_rest(study, root)
    return root


def write_glmsingle_matlab(study: Study, root: Path) -> Path:
    """Write what GLMsingle writes in MATLAB: version 7.3, axes reversed, counted from 1."""
    root.mkdir(parents=True, exist_ok=True)
    runs = study.session * 10 + study.run
    per_run = [int((runs == run).sum()) for run in np.unique(runs)]
    with h5py.File(root / "DESIGNINFO.mat", "w", userblock_size=512) as file:
        file["stimorder"] = (study.image + 1.0)[:, None]
        file["numtrialrun"] = np.array(per_run, float)[:, None]
        file["condcounts"] = np.bincount(study.image).astype(float)[:, None]
        file["opt/sessionindicator"] = (np.unique(runs) // 10).astype(float)[:, None]
    with h5py.File(root / "TYPED_FITHRF_GLMDENOISE_RR.mat", "w", userblock_size=512) as file:
        file.create_dataset("modelmd", data=study.volume().T, chunks=(50, 3, 2, 3),
                            compression="gzip")  # fmt: skip
    write_glmsingle_rest(study, root)
    return root


def write_glmsingle_rest(study: Study, root: Path) -> None:
    nib.save(nib.Nifti1Image(study.mask(), AFFINE), root / "brainmask.nii.gz")
    lines = ["stimulus\tkind", *(f"{name}\t{'ab'[i % 2]}" for i, name in enumerate(study.names))]
    (root / "stimuli.tsv").write_text("\n".join(lines) + "\n")
    study.write_pictures(root / "images")


@dataclass(frozen=True)
class Layout:
    """How a layout's tree is written and imported."""

    kind: str
    write: Callable[[Study, Path], Path]
    choices: dict[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    pictures: bool = True


LAYOUTS = {
    "glmsingle-npy": Layout("glmsingle", write_glmsingle_python),
    "glmsingle-hdf5": Layout("glmsingle", lambda s, r: write_glmsingle_python(s, r, hdf5=True)),
    "glmsingle-mat": Layout("glmsingle", write_glmsingle_matlab),
}
