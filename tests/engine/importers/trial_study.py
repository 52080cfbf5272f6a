"""A miniature study of single trials, and what an import must make of it, in float64 loops."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from jne_engine.model.spec import RunSpec

SHAPE = (4, 5, 3)
"""Smallest grid of a study; with more voxels than it holds the first axis is longer."""
AFFINE = np.array([[-2.0, 0, 0, 8], [0, 2, 0, -20], [0, 0, 2, 6], [0, 0, 0, 1]])
SPEC = RunSpec(n_hidden=8, max_epochs=60, n_resamples=4, batch_size=32, learning_rate=0.01)
N_FEATURES = 5


@dataclass
class Study:
    """Trials of images, 3 sessions of 2 runs each; the first images are shown four times.

    ``offset`` and ``scale`` move the responses, a number for all voxels or one each, which are
    linear in ``features`` but for noise; ``feature_offset`` moves the features, all or each.
    """

    n_images: int = 300
    n_repeated: int = 40
    n_voxels: int = 12
    offset: float | np.ndarray = 0.0
    scale: float | np.ndarray = 1.0
    noise: float = 0.5
    seed: int = 0
    n_features: int = N_FEATURES
    feature_offset: float | np.ndarray = 0.0
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        repeated = np.repeat(np.arange(self.n_repeated), 4)
        image = np.concatenate([repeated, np.arange(self.n_repeated, self.n_images)])
        self.image = rng.permutation(image)
        n = self.image.size
        self.session = np.sort(np.arange(n) % 3) + 1
        self.run = np.zeros(n, dtype=int)
        for session in (1, 2, 3):
            rows = np.flatnonzero(self.session == session)
            self.run[rows] = np.sort(np.arange(rows.size) % 2) + 1
        self.features = rng.standard_normal((self.n_images, self.n_features)) + self.feature_offset
        shape = (self.n_features, self.n_voxels)
        self.weights = rng.standard_normal(shape) / np.sqrt(self.n_features)
        self.betas = self.respond(self.image, rng)
        self.columns = list(range(self.n_voxels))  # voxel of each column, as a layout orders them
        self.names = self.names or [f"picture{i}.png" for i in range(self.n_images)]

    def respond(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return responses to images, one a row, with noise of their own."""
        noise = self.noise * rng.standard_normal((len(image), self.n_voxels))
        return self.offset + self.scale * (self.features[image] @ self.weights + noise)

    @property
    def shown(self) -> list[str]:
        """Name of each trial's image."""
        return [self.names[i] for i in self.image]

    def runs(self) -> list[tuple[int, int, np.ndarray]]:
        """Session, run and trials of each run."""
        pairs = np.unique(np.stack([self.session, self.run]), axis=1).T.tolist()
        return [(s, r, np.flatnonzero((self.session == s) & (self.run == r))) for s, r in pairs]

    @property
    def shape(self) -> tuple[int, int, int]:
        """The grid: a third of its places are voxels."""
        return (max(SHAPE[0], -(-(5 + 3 * self.n_voxels) // 15)), *SHAPE[1:])

    def mask(self) -> np.ndarray:
        """Return a mask of as many voxels, x slowest."""
        mask = np.zeros(self.shape, np.uint8)
        mask.reshape(-1)[5 : 5 + 3 * self.n_voxels : 3] = 1
        return mask

    def volume(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Betas of some trials on the grid, (x, y, z, n_trials) float32; NaN off the mask."""
        betas = self.betas[rows].astype(np.float32)
        volume = np.full((*self.shape, len(betas)), np.nan, np.float32)
        volume[self.mask() > 0] = betas.T
        return volume

    def write_pictures(self, folder: Path, names: list[str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(self.seed)
        for name in names or self.names:
            Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(folder / name)

    def write_features(self, path: Path, *, by_name: bool = True) -> Path:
        """Write features in an order of their own, with the names or ids of their images."""
        order = np.random.default_rng(self.seed + 1).permutation(self.n_images)
        with h5py.File(path, "w") as file:
            file["features"] = self.features[order][:, None].astype(np.float32)
            file["image_ids"] = np.arange(len(order)) if by_name else order
            if by_name:
                file["names"] = [self.names[i] for i in order]
        return path


def score_loop(study: Study, normalise: str, keep=None, train=()) -> dict[str, list[np.ndarray]]:
    """Return each image's z-scored trials, by loops over groups of trials.

    ``train`` names the training images, whose trials alone decide where ``normalise`` says so.
    """
    keep = np.ones(study.image.size, bool) if keep is None else keep
    deciding = keep & np.isin(study.shown, list(train))
    betas = study.betas.astype(np.float32).astype(np.float64)
    scored: dict[str, list[np.ndarray]] = {}
    for t in np.flatnonzero(keep):
        same = (deciding if normalise.endswith("training") else keep).copy()
        same &= study.session == study.session[t]
        if normalise.startswith("run"):
            same &= study.run == study.run[t]
        beta = betas[t]
        if normalise != "none":
            beta = (beta - betas[same].mean(axis=0)) / betas[same].std(axis=0)
        scored.setdefault(study.shown[t], []).append(beta)
    return scored


def average_loop(study: Study, normalise: str = "run", keep=None, train=()):
    """Return each image's mean over its trials, by name."""
    scored = score_loop(study, normalise, keep, train)
    return {name: np.mean(trials, axis=0)[study.columns] for name, trials in scored.items()}


def ceiling_loop(study: Study, test: set[str], normalise: str = "run", keep=None, train=()):
    """Return the noise ceiling of the test images' means, voxel by voxel."""
    scored = score_loop(study, normalise, keep, train)
    several = [np.array(scored[name]) for name in test if len(scored[name]) > 1]
    share = np.mean([1 / len(scored[name]) for name in test])
    ceiling = np.empty(study.betas.shape[1])
    for v in range(ceiling.size):
        noise = np.mean([trials[:, v].var(ddof=1) for trials in several])
        total = np.concatenate([trials[:, v] for trials in several]).var()
        signal = max(total - noise, 0)
        ceiling[v] = signal / (signal + noise * share)
    return ceiling[study.columns]
