"""A miniature copy of NSD in exactly its layouts, and everything that was put into it.

Runs alternate 5 and 4 trials where the real ones alternate 63 and 62; sessions have 4 runs.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import nibabel
import numpy as np
from scipy.io import savemat

RUNS = (5, 4, 5, 4)
PER_SESSION = sum(RUNS)
N_ALL = 120
"""Images of the whole miniature experiment."""
N_OF_SUBJECT = 24
N_SHARED = 6
GRID = (6, 5, 4)
N_VERTICES = (14, 11)
N_TRIALS_IN_PATTERN = 7
AFFINE = np.array([[1.8, 0, 0, -5.4], [0, 1.8, 0, -4], [0, 0, 1.8, -3], [0, 0, 0, 1.0]])
BETAS = "betas_fithrf_GLMdenoise_RR"
CATEGORIES = [
    {"id": 1, "name": "person", "supercategory": "person"},
    {"id": 3, "name": "car", "supercategory": "vehicle"},
    {"id": 4, "name": "motorcycle", "supercategory": "vehicle"},
    {"id": 18, "name": "dog", "supercategory": "animal"},
]
RESPONSE_COLUMNS = [
    "SUBJECT", "SESSION", "RUN", "TRIAL", "73KID", "10KID", "TIME", "ISOLD", "ISCORRECT", "RT",
    "CHANGEMIND", "MEMORYRECENT", "MEMORYFIRST", "ISOLDCURRENT", "ISCORRECTCURRENT",
    "TOTAL1", "TOTAL2", "BUTTON", "MISSINGDATA",
]  # fmt: skip


@dataclass
class MiniNsd:
    """The tree and its truth; images count from 0 here.

    ``images[subject]`` is (n_trials,), ``betas[subject]`` (n_trials, n_positions) as stored.
    """

    root: Path
    n_sessions: int
    images: dict[int, np.ndarray] = field(default_factory=dict)
    volume: dict[tuple[int, str], np.ndarray] = field(default_factory=dict)
    surface: dict[tuple[int, str], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    shared: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    def folder(self, subject: int, space: str) -> Path:
        return self.root / f"nsddata_betas/ppdata/subj{subject:02d}/{space}/{BETAS}"


def write_nsd(root: Path, *, subjects=(1, 2), n_sessions: int = 3, seed: int = 0) -> MiniNsd:
    """Write design, behaviour, image table and images; betas and ROIs are written on request."""
    rng = np.random.default_rng(seed)
    nsd = MiniNsd(root, n_sessions)
    nsd.shared = np.sort(rng.choice(N_ALL, N_SHARED, replace=False))
    subject_images = _draw_subject_images(rng, nsd.shared)
    n_trials = n_sessions * PER_SESSION
    ordering = np.concatenate([rng.permutation(N_OF_SUBJECT) for _ in range(3)])[:n_trials]
    pattern = np.zeros((n_sessions, len(RUNS), N_TRIALS_IN_PATTERN), np.uint8)
    for run, length in enumerate(RUNS):
        pattern[:, run, :length] = 1
    experiment = root / "nsddata/experiments/nsd"
    experiment.mkdir(parents=True)
    savemat(
        experiment / "nsd_expdesign.mat",
        {
            "masterordering": ordering[None].astype(float) + 1,
            "subjectim": subject_images.astype(float) + 1,
            "sharedix": nsd.shared[None].astype(float) + 1,
            "basiccnt": np.zeros((3, 40)),
            "stimpattern": pattern,
        },
    )
    for subject in subjects:
        nsd.images[subject] = subject_images[subject - 1][ordering]
        write_behaviour(nsd, subject)
    write_image_table(nsd, subject_images, ordering)
    return nsd


def _draw_subject_images(rng, shared) -> np.ndarray:
    """Return (8, N_OF_SUBJECT) ids: the shared ones first, the others each subject's own."""
    others = np.setdiff1d(np.arange(N_ALL), shared)
    own = N_OF_SUBJECT - N_SHARED
    rows = [np.concatenate([shared, rng.choice(others, own, replace=False)]) for _ in range(8)]
    return np.stack(rows)


def session_and_run(n_sessions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return session, run and trial of every trial, all from 1."""
    rows = [
        (session + 1, run + 1, trial + 1)
        for session in range(n_sessions)
        for run, length in enumerate(RUNS)
        for trial in range(length)
    ]
    session, run, trial = np.array(rows).T
    return session, run, trial


def write_behaviour(nsd: MiniNsd, subject: int, *, order=None, shift: int = 1) -> Path:
    """Write responses.tsv; ``order`` permutes its rows, ``shift`` 0 makes ids wrong by one."""
    path = nsd.root / f"nsddata/ppdata/subj{subject:02d}/behav/responses.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    session, run, trial = session_and_run(nsd.n_sessions)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t")
        writer.writerow(RESPONSE_COLUMNS)
        for i in range(len(session)) if order is None else order:
            image = nsd.images[subject][i] + shift
            row = [subject, session[i], run[i], trial[i], image, 1, 0.5, 0, "NaN"]
            writer.writerow(row + [0] * (len(RESPONSE_COLUMNS) - len(row)))
    return path


def write_image_table(nsd: MiniNsd, subject_images, ordering) -> None:
    """Write nsd_stim_info_merged.csv."""
    path = nsd.root / "nsddata/experiments/nsd/nsd_stim_info_merged.csv"
    subjects = range(1, 9)
    header = ["", "cocoId", "cocoSplit", "cropBox", "loss", "nsdId", "flagged", "BOLD5000"]
    header += ["shared1000", *(f"subject{s}" for s in subjects)]
    header += [f"subject{s}_rep{k}" for s in subjects for k in range(3)]
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for image in range(N_ALL):
            split = "train2017" if image % 3 else "val2017"
            shown = [np.flatnonzero(subject_images[s - 1][ordering] == image) + 1 for s in subjects]
            trials = [int(t[k]) if k < len(t) else 0 for t in shown for k in range(3)]
            flags = [image in nsd.shared, *(int(len(t) > 0) for t in shown)]
            crop = "(0.0, 0.0, 0.25, 0.25)" if image % 2 else "(0.1, 0.3, 0.0, 0.0)"
            row = [image, 5000 + image, split, crop, 0.1, image, False, False]
            writer.writerow([*row, *flags, *trials])


def write_annotations(nsd: MiniNsd) -> dict[int, list[tuple[str, list[float]]]]:
    """Write instances_{split}.json; return each image's (category, box) pairs."""
    rng = np.random.default_rng(5)
    names = {c["id"]: c["name"] for c in CATEGORIES}
    truth: dict[int, list[tuple[str, list[float]]]] = {}
    folder = nsd.root / "nsddata_stimuli/stimuli/nsd/annotations"
    folder.mkdir(parents=True, exist_ok=True)
    for split in ("train2017", "val2017"):
        ids = [i for i in range(N_ALL) if (i % 3 != 0) == (split == "train2017")]
        annotations = []
        for image in ids:
            truth[image] = []
            for _ in range(int(rng.integers(0, 4))):
                category = int(rng.choice(list(names)))
                x, y = rng.uniform(0, 500), rng.uniform(0, 380)
                box = [x, y, float(rng.uniform(5, 140)), float(rng.uniform(5, 100))]
                box = [round(v, 2) for v in box]
                truth[image].append((names[category], box))
                outline = [[0.0, 1.0, 2.0, 3.0]]
                annotations.append(
                    {"id": len(annotations), "image_id": 5000 + image, "category_id": category,
                     "bbox": box, "segmentation": outline, "iscrowd": 0, "area": 1.5}
                )  # fmt: skip
        images = [{"id": 5000 + i, "width": 640, "height": 480, "file_name": "x"} for i in ids]
        content = {"info": {}, "images": images, "annotations": annotations,
                   "categories": CATEGORIES}  # fmt: skip
        (folder / f"instances_{split}.json").write_text(json.dumps(content))
    return truth


def write_images(nsd: MiniNsd, pixels: int = 12) -> np.ndarray:
    """Write nsd_stimuli.hdf5; the grey of an image is its id."""
    path = nsd.root / "nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5"
    path.parent.mkdir(parents=True, exist_ok=True)
    bricks = np.random.default_rng(1).integers(0, 60, (N_ALL, pixels, pixels, 3)).astype(np.uint8)
    bricks += np.arange(N_ALL, dtype=np.uint8)[:, None, None, None]
    with h5py.File(path, "w") as file:
        file.create_dataset("imgBrick", data=bricks, chunks=(1, pixels, pixels, 3))
    return bricks


def draw_betas(nsd: MiniNsd, subject: int, n_positions: int, seed: int = 0) -> np.ndarray:
    """Draw whole-number betas that follow the image, (n_trials, n_positions) int16."""
    rng = np.random.default_rng((seed, subject, n_positions))
    effect = rng.normal(0, 300, (N_ALL, n_positions))
    noise = rng.normal(100, 250, (len(nsd.images[subject]), n_positions))
    return np.round(effect[nsd.images[subject]] + noise).astype(np.int16)


def write_volume_betas(
    nsd: MiniNsd, subject: int, space: str = "func1pt8mm", *, form: str = "nii.gz", sessions=None,
    spoil=None, chunks=None,
) -> np.ndarray:  # fmt: skip
    """Write a volume's sessions; positions run with x fastest. Return betas as stored."""
    stored = draw_betas(nsd, subject, int(np.prod(GRID)))
    if spoil is not None:
        spoil(stored)
    folder = nsd.folder(subject, space)
    folder.mkdir(parents=True, exist_ok=True)
    for session in sessions or range(1, nsd.n_sessions + 1):
        rows = stored[(session - 1) * PER_SESSION : session * PER_SESSION]
        grid = rows.T.reshape((*GRID, PER_SESSION), order="F")
        path = folder / f"betas_session{session:02d}.{form}"
        if form == "hdf5":
            with h5py.File(path, "w") as file:
                file.create_dataset("betas", data=grid.T, chunks=chunks)
        else:
            nibabel.save(nibabel.Nifti1Image(grid, AFFINE), path)
    nsd.volume[subject, space] = stored
    return stored


def write_surface_betas(
    nsd: MiniNsd, subject: int, space: str, *, sessions=None, spoil=None
) -> tuple[np.ndarray, np.ndarray]:
    """Write both hemispheres: MGH floats on fsaverage, HDF5 int16 on the native surface."""
    folder = nsd.folder(subject, space)
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for prefix, n_vertices in zip(("lh", "rh"), N_VERTICES, strict=True):
        stored: np.ndarray = draw_betas(nsd, subject, n_vertices)
        if space == "fsaverage":
            stored = (stored / 300).astype(np.float32)
        if spoil is not None:
            spoil(prefix, stored)
        for session in sessions or range(1, nsd.n_sessions + 1):
            rows = stored[(session - 1) * PER_SESSION : session * PER_SESSION]
            path = folder / f"{prefix}.betas_session{session:02d}"
            if space == "fsaverage":
                image = nibabel.MGHImage(np.ascontiguousarray(rows.T)[:, None, None], np.eye(4))
                nibabel.save(image, f"{path}.mgh")
            else:
                with h5py.File(f"{path}.hdf5", "w") as file:
                    file["betas"] = rows
        parts.append(stored)
    nsd.surface[subject, space] = (parts[0], parts[1])
    return parts[0], parts[1]


LABEL_COUNTS = {
    "nsdgeneral": 1, "prf-visualrois": 7, "floc-faces": 5, "floc-bodies": 4, "floc-places": 3,
    "floc-words": 5, "streams": 7, "Kastner2015": 25, "HCP_MMP1": 180,
}  # fmt: skip


def draw_labels(name: str, n: int, seed: int = 3) -> np.ndarray:
    """Draw labels from -1; FFA-2 (floc-faces 3) is empty as in a real subject."""
    rng = np.random.default_rng((seed, n, *name.encode()))
    if name == "nsdgeneral":
        return rng.permutation(np.arange(n) % 3 > 0).astype(np.int64)
    labels = rng.integers(-1, LABEL_COUNTS[name] + 1, n)
    return np.where((name == "floc-faces") & (labels == 3), 0, labels)


def write_volume_rois(nsd: MiniNsd, subject: int, space: str = "func1pt8mm") -> None:
    """Write each collection as lh., rh. and whole; x below the middle is left."""
    folder = nsd.root / f"nsddata/ppdata/subj{subject:02d}/{space}"
    (folder / "roi").mkdir(parents=True, exist_ok=True)
    left = np.arange(GRID[0])[:, None, None] < GRID[0] / 2
    for name in LABEL_COUNTS:
        labels = draw_labels(name, int(np.prod(GRID))).reshape(GRID, order="F")
        nsd.labels[name] = labels.reshape(-1, order="F")
        outside = np.full_like(labels, -1)
        parts = {"": labels, "lh.": np.where(left, labels, outside),
                 "rh.": np.where(left, outside, labels)}  # fmt: skip
        for prefix, values in parts.items():
            image = nibabel.Nifti1Image(values.astype(np.int16), AFFINE)
            nibabel.save(image, folder / "roi" / f"{prefix}{name}.nii.gz")
    mask = np.random.default_rng(9).random(GRID) > 0.3
    nsd.labels["brainmask"] = mask.reshape(-1, order="F")
    nibabel.save(nibabel.Nifti1Image(mask.astype(np.int16), AFFINE), folder / "brainmask.nii.gz")


def write_surface_rois(nsd: MiniNsd, owner: str) -> None:
    """Write each collection of both hemispheres with its .ctab below freesurfer/OWNER."""
    from jne_engine.formats.label_tables import LABEL_NAMES

    folder = nsd.root / f"nsddata/freesurfer/{owner}/label"
    folder.mkdir(parents=True, exist_ok=True)
    for name in LABEL_COUNTS:
        for prefix, n in zip(("lh", "rh"), N_VERTICES, strict=True):
            labels = draw_labels(name, n)
            nsd.labels[f"{prefix}.{name}"] = labels
            image = nibabel.MGHImage(labels.astype(np.float32)[:, None, None], np.eye(4))
            path = folder / f"{prefix}.{name}.mgz"
            nibabel.save(image, path)
            names = LABEL_NAMES.get(name)
            if names is not None:
                lines = ["0 Unknown", *(f"{i} {label}" for i, label in enumerate(names, start=1))]
                path.with_name(f"{path.name}.ctab").write_text("\n".join(lines) + "\n")


def write_transforms(nsd: MiniNsd, subject: int) -> None:
    """Write NSD's maps from the subject's surface into func1pt8mm, and the surface.

    The surface is fsaverage5's; its points are squeezed into the grid, left in its lower half.
    """
    from jne_engine.cortex.surfaces import load_surface

    name = f"subj{subject:02d}"
    folder = nsd.root / f"nsddata/ppdata/{name}/transforms"
    surf = nsd.root / f"nsddata/freesurfer/{name}/surf"
    for new in (folder, surf):
        new.mkdir(parents=True, exist_ok=True)
    for hemi in ("left", "right"):
        for shape in ("white", "pial", "inflated"):
            mesh = load_surface("fsaverage5", shape)[hemi]
            nibabel.freesurfer.write_geometry(surf / f"{hemi[0]}h.{shape}", *mesh)
        points = load_surface("fsaverage5", "white")[hemi].coordinates
        low, high = points.min(axis=0), points.max(axis=0)
        share = (points - low) / (high - low)
        half = (GRID[0] - 1) / 2
        scale, start = [half, GRID[1] - 1, GRID[2] - 1], [half if hemi == "right" else 0, 0, 0]
        for i, layer in enumerate(("layerB1", "layerB2", "layerB3")):
            places = share * scale + start + 1 + 0.01 * i  # one-based
            image = nibabel.MGHImage(places.astype(np.float32)[:, None, None, :], np.eye(4))
            nibabel.save(image, folder / f"{hemi[0]}h.func1pt8-to-{layer}.mgz")


def write_ncsnr(nsd: MiniNsd, subject: int, space: str) -> np.ndarray:
    """Write ncsnr beside the betas and return it, x fastest, or left then right."""
    folder = nsd.folder(subject, space)
    rng = np.random.default_rng(8)
    if space.startswith("func"):
        values = rng.uniform(0, 1.5, GRID).astype(np.float32)
        nibabel.save(nibabel.Nifti1Image(values, AFFINE), folder / "ncsnr.nii.gz")
        return values.reshape(-1, order="F")
    parts = [rng.uniform(0, 1.5, n).astype(np.float32) for n in N_VERTICES]
    for prefix, values in zip(("lh", "rh"), parts, strict=True):
        image = nibabel.MGHImage(values[:, None, None], np.eye(4))
        nibabel.save(image, folder / f"{prefix}.ncsnr.mgh")
    return np.concatenate(parts)


def plain_means(nsd: MiniNsd, subject: int, betas: np.ndarray, sessions) -> tuple:
    """Return ids and mean z-scores by plain loops in float64: the oracle of the importer.

    Axes: trial, column. Every run is z-scored on its own, then presentations are averaged.
    """
    session, run, _ = session_and_run(nsd.n_sessions)
    collected: dict[int, list[np.ndarray]] = {}
    for s in sessions:
        for r in range(1, len(RUNS) + 1):
            rows = np.flatnonzero((session == s) & (run == r))
            values = betas[rows].astype(np.float64)
            for i, row in enumerate(rows):
                with np.errstate(invalid="ignore", divide="ignore"):
                    z = (values[i] - values.mean(axis=0)) / values.std(axis=0)
                collected.setdefault(int(nsd.images[subject][row]), []).append(z)
    ids = np.array(sorted(collected))
    return ids, np.stack([np.mean(collected[i], axis=0) for i in ids]), collected
