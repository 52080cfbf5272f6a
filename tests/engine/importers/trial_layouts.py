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
    betas = {"betasmd": study.volume(), "R2": np.zeros(study.shape, np.float32), "pcnum": 3,
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
    lines = [f"{i},2,{x},{y},{z},{i % 100 / 2},{5 * i % 100},0.5,"
             f"{int(i < 4)},{int(i > 8)},{int(i < 6)},0"
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


def write_bids_volume(study: Study, root: Path) -> Path:
    """Write a series of a run as NiBetaSeries names it, events in the data set above, and _bold."""
    out = root / "derivatives" / "fmriprep-betas"
    for session, run, rows in study.runs():
        place = Path("sub-07") / f"ses-{session:02d}" / "func"
        (out / place).mkdir(parents=True, exist_ok=True)
        (root / place).mkdir(parents=True, exist_ok=True)
        stem = f"sub-07_ses-{session:02d}_task-see_run-{run}"
        image = nib.Nifti1Image(study.volume(rows), AFFINE)
        nib.save(image, out / place / f"{stem}_space-T1w_desc-all_betaseries.nii.gz")
        (out / place / f"{stem}_space-T1w_desc-preproc_bold.nii.gz").touch()
        nib.save(nib.Nifti1Image(study.mask(), AFFINE),
                 out / place / f"{stem}_space-T1w_desc-brain_mask.nii.gz")  # fmt: skip
        lines = [f"{3 * i}\t2\tshow\t{study.shown[t]}\t{i}" for i, t in enumerate(rows)]
        lines.insert(1, "1.5\t2\tbutton\tn/a\tn/a")
        text = "\n".join(["onset\tduration\ttrial_type\tstim_file\tbeta_index", *lines]) + "\n"
        (root / place / f"{stem}_events.tsv").write_text(text)
    (out / "dataset_description.json").write_text('{"Name": "betas", "BIDSVersion": "1.10.0"}')
    study.write_pictures(root / "stimuli")
    return out


def write_bids_gifti(study: Study, root: Path) -> Path:
    """Write statmaps as GIFTI pairs on fsaverage3, vertices between them without a response."""
    n = study.n_voxels // 2
    vertices = np.arange(n) * min(50, 642 // n)
    for session, run, rows in study.runs():
        place = root / "sub-07" / f"ses-{session:02d}" / "func"
        place.mkdir(parents=True, exist_ok=True)
        stem = f"sub-07_ses-{session:02d}_task-see_run-{run}"
        for hemi, half in (("L", slice(0, n)), ("R", slice(n, 2 * n))):
            maps = np.full((len(rows), 642), np.nan, np.float32)
            maps[:, vertices] = study.betas[rows][:, half].astype(np.float32)
            arrays = [nib.gifti.GiftiDataArray(m, "NIFTI_INTENT_NONE") for m in maps]
            image = nib.gifti.GiftiImage(darrays=arrays)
            name = f"{stem}_hemi-{hemi}_space-fsaverage3_stat-effect_statmap.func.gii"
            nib.save(image, place / name)
        order = np.arange(len(rows))[::-1]
        lines = [f"{i}\t{session}\t{run}\t{study.shown[rows[i]]}" for i in order]
        text = "\n".join(["beta_index\tsession\trun\tlabel", *lines]) + "\n"
        (place / f"{stem}_trials.tsv").write_text(text)
    study.write_pictures(root / "images")
    return root


def write_bids_cifti(study: Study, root: Path) -> Path:
    """Write statmaps of runs as CIFTI on fsLR32k, as many vertices of each hemisphere."""
    axis = nib.cifti2.BrainModelAxis
    n = study.n_voxels // 2
    vertices = np.arange(n) * min(1000, 32485 // n)
    brain = axis.from_surface(vertices, 32492, name="CIFTI_STRUCTURE_CORTEX_LEFT")
    brain += axis.from_surface(vertices + 7, 32492, name="CIFTI_STRUCTURE_CORTEX_RIGHT")
    for session, run, rows in study.runs():
        place = root / "sub-07" / "func"
        place.mkdir(parents=True, exist_ok=True)
        stem = f"sub-07_ses-{session}_task-see_run-{run}"
        maps = nib.cifti2.ScalarAxis([f"map{i}" for i in range(len(rows))])
        image = nib.Cifti2Image(study.betas[rows].astype(np.float32), (maps, brain))
        image.to_filename(place / f"{stem}_space-fsLR_den-91k_stat-effect_statmap.dscalar.nii")
        lines = ["stimulus", *(study.shown[t] for t in rows)]
        (place / f"{stem}_trials.tsv").write_text("\n".join(lines) + "\n")
    return root


def write_bold5000(study: Study, root: Path) -> Path:
    """Write BOLD5000 2.0: NIfTI of sessions without an affine, masks, list of names."""
    root.mkdir(parents=True)
    for session in (1, 2, 3):
        rows = np.flatnonzero(study.session == session)
        name = f"CSI3_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-{session:02d}.nii.gz"
        nib.save(nib.Nifti1Image(study.volume(rows), np.diag([2.0, 2, 2, 1])), root / name)
        study.run[rows] = np.arange(rows.size) // 37 + 1
    nib.save(nib.Nifti1Image(study.mask(), AFFINE), root / "CSI3_brainmask.nii.gz")
    seen: set[str] = set()
    lines = [f"rep_{n}" if n in seen or seen.add(n) else n for n in study.shown]
    (root / "CSI3_imgnames.txt").write_text("\n".join(lines) + "\n")
    for name, part in (("LHPPA", slice(0, 3)), ("RHPPA", slice(3, 5)), ("LHLO", slice(5, 9))):
        mask = np.zeros_like(study.mask())
        mask[tuple(np.argwhere(study.mask())[part].T)] = 1
        place = root / "ROIs" / "sub-CSI3"
        place.mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(mask, AFFINE), place / f"sub-CSI3_mask-{name}.nii.gz")
    folder = root / "BOLD5000_Stimuli" / "Scene_Stimuli" / "Presented_Stimuli"
    study.write_pictures(folder / "COCO", study.names[::2])
    study.write_pictures(folder / "ImageNet", study.names[1::2])
    return root


def write_laion(study: Study, root: Path) -> Path:
    """Write LAION-fMRI's derivatives: sessions with trials, mask, ceilings, ROIs, embeddings."""
    n = study.n_repeated
    study.names = [f"shared_4rep_OOD_{('shape', 'gabor')[i % 2]}_x{i}.png" if i < n else
                   f"unique_LAION_cluster_{i}_i0.jpg" for i in range(study.n_images)]  # fmt: skip
    betas = root / "derivatives" / "glmsingle-tedana" / "sub-05"
    for session in (1, 2, 3):
        rows = np.flatnonzero(study.session == session)
        place = betas / f"ses-{session:02d}" / "func"
        place.mkdir(parents=True)
        stem = f"sub-05_ses-{session:02d}_task-images"
        name = f"{stem}_space-T1w_stat-effect_desc-SingletrialBetas_statmap.nii.gz"
        nib.save(nib.Nifti1Image(study.volume(rows), AFFINE), place / name)
        other = f"{stem}_space-T1w_desc-Noiseceiling_statmap.nii.gz"
        nib.save(nib.Nifti1Image(np.ones(study.shape, np.float32), AFFINE), place / other)
        lines = [f"{session}\t{study.run[t]}\t{i}\t{study.shown[t]}" for i, t in enumerate(rows)]
        text = "\n".join(["session\trun\tbeta_index\tlabel", *lines]) + "\n"
        (place / f"{stem}_desc-SingletrialBetas_trials.tsv").write_text(text)
    mask = "sub-05_task-images_space-T1w_desc-meanR2gt15mask_mask.nii.gz"
    nib.save(nib.Nifti1Image(study.mask(), AFFINE), betas / mask)
    for kind, value in (("4rep", 40), ("12rep", 60), ("Allrep", 50)):
        values = np.where(study.mask(), value, 0).astype(np.float32)
        name = f"sub-05_task-images_space-T1w_desc-Noiseceiling{kind}_statmap.nii.gz"
        nib.save(nib.Nifti1Image(values, AFFINE), betas / name)
    rois = root / "derivatives" / "atlases" / "sub-05" / "rois"
    rois.mkdir(parents=True)
    roi = np.zeros_like(study.mask())
    roi[tuple(np.argwhere(study.mask())[:5].T)] = 1
    nib.save(nib.Nifti1Image(roi, AFFINE), rois / "V1.nii.gz")
    study.write_pictures(root / "stimuli" / "images")
    order = np.random.default_rng(8).permutation(study.n_images)
    with h5py.File(root / "stimuli" / "task-images_desc-CLIP_embeddings.h5", "w") as file:
        file["embedding"] = study.features[order].astype(np.float16)
        file["image_ids"] = [study.names[i] for i in order]
        file["valid"] = np.ones(study.n_images, bool)
    return root


def place_grayordinates(n_voxels: int) -> np.ndarray:
    """Return those of MOSAIC's that have responses, all of them of cortex."""
    return np.arange(n_voxels) * min(4000, 59412 // n_voxels)


GRAYORDINATES = place_grayordinates(12)


def write_mosaic(study: Study, root: Path) -> Path:
    """Write a subject of MOSAIC as create_hdf5_pkl.py does."""
    root.mkdir(parents=True, exist_ok=True)
    seen: dict[str, int] = {}
    places = place_grayordinates(study.n_voxels)
    with h5py.File(root / "sub-03_GOD_crc32-1a2b3c4d.hdf5", "w") as file:
        file.attrs["subjectID"] = "sub-03"
        betas = file.create_group("betas", track_order=True)
        for trial, name in enumerate(study.shown):
            phase = "test" if study.image[trial] < study.n_repeated else "train"
            rep = seen[name] = seen.get(name, -1) + 1
            values = np.full(91282, np.nan, np.float32)
            values[places], values[60_000] = study.betas[trial], 7
            stem = name.removesuffix(".png")
            key = f"sub-03_GOD_stimulus-{stem}_phase-{phase}_rep-{rep}"
            item = betas.create_dataset(key, data=values, track_order=True)
            item.attrs.update(phase=phase, repetition=rep, presented_stimulus_filename=name)
        ceilings = file.create_group("noiseceilings")
        for n, phase in (("avg", "test"), ("1", "test"), ("avg", "train")):
            values = np.full(91282, np.nan, np.float32)
            values[places] = np.arange(study.n_voxels) * 5 % 100 + (n == "1")
            item = ceilings.create_dataset(f"sub-03_GOD_phase-{phase}_n-{n}_split", data=values)
            item.attrs.update(n=n, phase=phase)
    return root


def write_single_trials(study: Study, root: Path) -> Path:
    """Write betas.npy, trials.tsv and mask.nii.gz, trials in an order of their own."""
    root.mkdir(parents=True, exist_ok=True)
    mask = np.ones((study.n_voxels // 6, 3, 2), np.uint8)
    nib.save(nib.Nifti1Image(mask, AFFINE), root / "mask.nii.gz")
    order = np.random.default_rng(4).permutation(study.image.size)
    trials = np.stack([study.session, study.run, study.image], 1)[order]
    np.savetxt(root / "trials.tsv", trials, fmt="%d", delimiter="\t", header="session\trun\timage",
               comments="")  # fmt: skip
    np.save(root / "betas.npy", study.betas[order].astype(np.float32))
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
    "bids-nifti": Layout("bids", write_bids_volume, {"subject": "07"}, ("--subject", "07")),
    "bold5000": Layout("bold5000", write_bold5000, {"subject": "CSI3"}, ("--subject", "CSI3")),
    "laion": Layout("laion", write_laion, {"subject": "05"}, ("--subject", "05")),
    "things": Layout("things", write_things, {"subject": "02"}, ("--subject", "02")),
}
