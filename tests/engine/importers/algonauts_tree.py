"""A miniature Algonauts subject in exactly its layout, and everything that was put into it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from jne_engine.cortex.icosahedron import FSAVERAGE
from jne_engine.datasets.algonauts.layout import ROI_CLASSES
from jne_engine.formats.label_tables import LABEL_NAMES

N_IMAGES = 30
N_FSAVERAGE = 40
N_CHALLENGE = {"lh": 13, "rh": 17}


class Bomb:
    """What runs if anybody unpickles a mapping."""

    def __reduce__(self):
        return (Path.touch, (Path(self.__dict__["path"]),))


@dataclass
class Subject:
    root: Path
    ids: np.ndarray
    responses: dict[str, np.ndarray]
    vertices: dict[str, np.ndarray]
    labels: dict[tuple[str, str], np.ndarray]
    pictures: np.ndarray


def write_subject(folder: Path, *, n_fsaverage: int = FSAVERAGE["fsaverage"]) -> Subject:
    """Write subj03; its challenge vertices lie among the first of fsaverage."""
    rng = np.random.default_rng(0)
    root = folder / "subj03"
    folders = ["training_split/training_fmri", "training_split/training_images",
               "test_split/test_images", "roi_masks"]  # fmt: skip
    for name in folders:
        (root / name).mkdir(parents=True)
    ids = rng.choice(500, N_IMAGES, replace=False)
    pictures = rng.integers(0, 255, (N_IMAGES, 8, 8, 3)).astype(np.uint8)
    for row, (image, picture) in enumerate(zip(ids, pictures, strict=True), start=1):
        name = f"train-{row:04d}_nsd-{image:05d}.png"
        Image.fromarray(picture).save(root / "training_split/training_images" / name)
    responses, vertices, labels = {}, {}, {}
    for hemi, n in N_CHALLENGE.items():
        vertices[hemi] = np.sort(rng.choice(N_FSAVERAGE, n, replace=False))
        mask = np.isin(np.arange(n_fsaverage), vertices[hemi]).astype(int)
        np.save(root / f"roi_masks/{hemi}.all-vertices_fsaverage_space.npy", mask)
        responses[hemi] = rng.normal(size=(N_IMAGES, n)).astype(np.float32)
        np.save(root / f"training_split/training_fmri/{hemi}_training_fmri.npy", responses[hemi])
        for name in ROI_CLASSES:
            whole = rng.integers(0, len(LABEL_NAMES[name]) + 1, n_fsaverage) * mask
            whole[whole == (2 if name == "floc-faces" else -1)] = 0
            labels[hemi, name] = whole[vertices[hemi]]
            np.save(root / f"roi_masks/{hemi}.{name}_fsaverage_space.npy", whole)
            np.save(root / f"roi_masks/{hemi}.{name}_challenge_space.npy", labels[hemi, name])
    trap = Bomb()
    trap.path = str(folder / "exploded")
    for name in ROI_CLASSES:
        path = root / f"roi_masks/mapping_{name}.npy"
        path.write_bytes(pickle.dumps(trap))
    return Subject(root, ids, responses, vertices, labels, pictures)
