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


def write_things(study: Study, root: Path) -> Path:
    """Write THINGS-fMRI's tables; the HDF5 is laid out as pandas 2 and PyTables 3.10 wrote one."""
    tables = root / "betas_csv"
    tables.mkdir(parents=True)
    (root / "brainmasks").mkdir()
    mask = study.mask()
    nib.save(
        nib.Nifti1Image(mask, AFFINE), root / "brainmasks" / "sub-02_space-T1w_brainmask.nii.gz"
    )
    places = np.argwhere(mask)[np.random.default_rng(3).permutation(study.n_voxels)]
    order = [np.flatnonzero((np.argwhere(mask) == p).all(axis=1))[0] for p in places]
    kinds = np.where(study.image < study.n_repeated, "test", "train")
    rows = zip(kinds, study.session, study.run, study.shown, strict=True)
    lines = [f"{k},{s},{r},2,{t},{n},{n.split('.')[0]}" for t, (k, s, r, n) in enumerate(rows)]
    head = "trial_type,session,run,subject_id,trial_id,stimulus,concept"
    (tables / "sub-02_StimulusMetadata.csv").write_text("\n".join([head, *lines]) + "\n")
    head = (
        "voxel_id,subject_id,voxel_x,voxel_y,voxel_z,nc_singletrial,nc_testset,prf-size,V1,lFFA,"
        "glasser-V1,glasser-p24"
    )
    lines = [f"{i},2,{x},{y},{z},{i / 2},{5 * i},0.5,{int(i < 4)},{int(i > 8)},{int(i < 6)},0"
             for i, (x, y, z) in enumerate(places)]  # fmt: skip
    (tables / "sub-02_VoxelMetadata.csv").write_text("\n".join([head, *lines]) + "\n")
    with h5py.File(tables / "sub-02_ResponseData.h5", "w") as file:
        group = file.create_group("ResponseData")
        group.attrs["pandas_type"] = np.bytes_("frame")
        group["axis1"] = np.arange(study.n_voxels)
        group["block0_values"] = study.betas.astype(np.float32).T[order]
        group["block1_values"] = np.arange(study.n_voxels)[:, None]
    study.write_pictures(root / "images")
    study.columns = order
    return root


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
    "things": Layout("things", write_things, {"subject": "02"}, ("--subject", "02")),
}
