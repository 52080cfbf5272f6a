"""Every door by which data come in: a linear study is written, brought in, and read for a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from jne_engine.datasets.attach import attach_features
from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.registry import find_layout
from tests.engine.importers import algonauts_tree, nsd_tree, trial_layouts
from tests.engine.importers.trial_layouts import LAYOUTS, Layout
from tests.engine.importers.trial_study import Study

Write = Callable[[Study, Path], tuple[Path, dict[str, Any]]]
"""Writes a study's files; returns the folder and the choices of its import."""


@dataclass(frozen=True)
class Door:
    """A way in.

    Parameters
    ----------
    kind : str
        Layout of the registry.
    write : callable
        Writes the files.
    n_images : int
        Of the study.
    by_name : bool
        Whether an import pairs features by the names of pictures; otherwise by ids.
    """

    kind: str
    write: Write
    n_images: int = 200
    by_name: bool = True

    @property
    def normalisations(self) -> tuple[str, ...]:
        """What its import may do to betas, the default first; one empty text without a choice."""
        source = find_layout(self.kind)
        found = [o for o in source.options if o.name == "normalise"]
        if not found:
            return ("",)
        default = source.default(found[0])
        return (default, *(v for v in found[0].values if v != default))

    def study(self, **choices: Any) -> Study:
        """Return a study of the door's size."""
        return Study(**{"n_images": self.n_images, **choices})

    def open(self, study: Study, place: Path, normalise: str = "") -> EncodingDataset:
        """Write a study, bring it in as a person would, and read it with its features as drawn."""
        layout = find_layout(self.kind)
        place.mkdir(parents=True, exist_ok=True)
        folder, choices = self.write(study, place / "data" / "sub-01")
        if normalise:
            choices = {**choices, "normalise": normalise}
        out = layout.bring(layout.request(folder, choices), place / "out", report=ignore)
        if layout.copies:
            features = study.write_features(place / "features.h5", by_name=self.by_name)
            attach_features(out, features, layer=0, standardisation="none")
        return read_dataset(out)


def ignore(stage: str, done: int, total: int) -> None:
    """Take progress and do nothing with it."""


def write_trials(layout: Layout, study: Study, root: Path) -> tuple[Path, dict[str, Any]]:
    return layout.write(study, root), {**layout.choices, "pictures": False}


def write_single_trials(study: Study, root: Path) -> tuple[Path, dict[str, Any]]:
    return trial_layouts.write_single_trials(study, root), {}


def write_arrays(
    study: Study, root: Path, *, extension: str = "npy"
) -> tuple[Path, dict[str, Any]]:
    root.mkdir(parents=True)
    responses = study.respond(np.arange(study.n_images), np.random.default_rng(2))
    for name, values in (("features", study.features), ("responses", responses)):
        path = root / f"{name}.{extension}"
        if extension == "npy":
            np.save(path, values)
        else:
            np.savetxt(path, values, delimiter=",", fmt="%.6g")
    return root, {}


def write_named_arrays(study: Study, root: Path) -> tuple[Path, dict[str, Any]]:
    write_arrays(study, root)
    return root, {"features": "features.npy", "responses": "responses.npy"}


def write_scripts(study: Study, root: Path) -> tuple[Path, dict[str, Any]]:
    root.mkdir(parents=True)
    rng = np.random.default_rng(2)
    with h5py.File(root / "Stan_clip_vit_Sub1.h5", "w") as file:
        file["data"] = np.repeat(study.features[:, None], 2, axis=1)
    with h5py.File(root / "Stan_fmri_Sub1.h5", "w") as file:
        file["data"] = study.respond(np.arange(study.n_images), rng)
    np.save(root / "Sub_info_uniqueFig.npy",
            [rng.permutation(study.n_images)[: study.n_images // 5] for _ in range(4)])  # fmt: skip
    return root, {"subject": 1, "layer": 1}


def write_nsd(study: Study, root: Path) -> tuple[Path, dict[str, Any]]:
    """Write sessions of 250 trials in runs of 63 and 62, as the real ones alternate."""
    sizes = {"RUNS": (63, 62, 63, 62), "PER_SESSION": 250, "N_TRIALS_IN_PATTERN": 75,
             "N_ALL": study.n_images, "N_OF_SUBJECT": study.n_images // 3,
             "N_SHARED": study.n_images // 18, "GRID": (study.n_voxels // 6, 3, 2)}  # fmt: skip

    def draw_betas(nsd: Any, subject: int, n_positions: int, seed: int = 0) -> np.ndarray:
        assert n_positions == study.n_voxels
        rng = np.random.default_rng((2, seed))
        return np.round(300 * study.respond(nsd.images[subject], rng)).astype(np.int16)

    with pytest.MonkeyPatch.context() as patch:
        for name, value in sizes.items():
            patch.setattr(nsd_tree, name, value)
        patch.setattr(nsd_tree, "draw_betas", draw_betas)
        n_sessions = study.n_images // 250
        nsd = nsd_tree.write_nsd(root, subjects=(1,), n_sessions=n_sessions)
        nsd_tree.write_volume_betas(nsd, 1)
    return root, {"subject": 1, "voxels": ["all"], "ceiling": "none", "pictures": False}


def write_algonauts(study: Study, root: Path) -> tuple[Path, dict[str, Any]]:
    """Write 20 images less than the study has; features are found by their ids."""
    half = study.n_voxels // 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(algonauts_tree, "N_IMAGES", 480)
        patch.setattr(algonauts_tree, "N_CHALLENGE", {"lh": half, "rh": study.n_voxels - half})
        patch.setattr(algonauts_tree, "N_FSAVERAGE", 2 * study.n_voxels)
        subject = algonauts_tree.write_subject(root)
    responses = study.respond(subject.ids, np.random.default_rng(2)).astype(np.float32)
    for hemi, part in (("lh", responses[:, :half]), ("rh", responses[:, half:])):
        path = subject.root / f"training_split/training_fmri/{hemi}_training_fmri.npy"
        np.save(path, part)
    return subject.root, {}


def of_trials(layout: Layout) -> Door:
    return Door(layout.kind, partial(write_trials, layout))


DOORS: dict[str, Door] = {
    **{name: of_trials(layout) for name, layout in LAYOUTS.items()},
    "bids-gifti": of_trials(Layout("bids", trial_layouts.write_bids_gifti, {"subject": "07"})),
    "bids-cifti": of_trials(Layout("bids", trial_layouts.write_bids_cifti, {"subject": "07"})),
    "mosaic": of_trials(Layout("mosaic", trial_layouts.write_mosaic, {"subject": "sub-03_GOD"})),
    "single-trials": Door("single-trials", write_single_trials, by_name=False),
    "nsd": Door("nsd", write_nsd, n_images=750, by_name=False),
    "algonauts": Door("algonauts", write_algonauts, n_images=500, by_name=False),
    "scripts": Door("scripts", write_scripts),
    "arrays": Door("arrays", write_named_arrays),
    "described-npy": Door("described", write_arrays),
    "described-csv": Door("described", partial(write_arrays, extension="csv")),
}
