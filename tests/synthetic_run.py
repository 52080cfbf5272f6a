"""A small stored run, written with the store's own writers, whose every number is known."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from jne_engine.cortex.projection import Projection
from jne_engine.cortex.spaces import CorticalSpace, RoiSet, SurfaceSpace, Tier, VolumeSpace
from jne_engine.datasets.dataset import (
    EncodingDataset,
    GroundTruth,
    InputRecord,
    Provenance,
    Splits,
    StimulusTable,
)
from jne_engine.model.nonlinearity import CANNOT_TELL
from jne_engine.model.spec import RunSpec
from jne_engine.runs.store import Manifest, RunFolder, compute_run_key, write_dataset

ROI_NAMES = ("V1", "V2", "V3", "V4", "EBA", "PPA", "RSC", "OPA", "FFA-1", "FFA-2")
ROI_TIERS: tuple[Tier, ...] = ("primary", *["intermediate"] * 3, *["higher"] * 6)
CATEGORIES = ("face", "body", "animal", "food", "vehicle", "indoor", "outdoor", "text")
STAGES = ("dataset", "linear", "nonlinear", "scores", "dispersion")
PRECISION = {"asked": "float32", "used": "float32", "reason": "asked for", "relative_error": None}


@dataclass(frozen=True)
class Planted:
    """The arrays of a synthetic run before they are stored."""

    share: np.ndarray
    masks: np.ndarray
    invalid: np.ndarray
    categories: np.ndarray
    jne_ss: np.ndarray
    scores: dict[str, np.ndarray]
    dispersion: dict[str, np.ndarray]
    calibration: dict[str, np.ndarray]


@dataclass(frozen=True)
class Recipe:
    """What a synthetic run is made of, and what it lacks.

    Only a calibrated one has a nonlinear share; runs of version 0.1 lack it.
    """

    n_test: int = 64
    n_per_roi: int = 24
    simulated: bool = True
    with_space: bool = True
    space: CorticalSpace | None = None
    projection: Projection | None = None
    with_thumbnails: bool = True
    with_rois: bool = True
    with_categories: bool = True
    complete: bool = True
    stages: Sequence[str] = STAGES
    calibrated: bool = False
    roi_names: Sequence[str] = ROI_NAMES
    categories: Sequence[str] = CATEGORIES
    name: str = "Synthetic subject"
    subject: str = "sim-01"
    layer: int = 0
    spec: Mapping[str, Any] = field(default_factory=dict)
    n_significant: int | None = None
    surface: str = "fsLR32k"
    second_preset: str | None = None
    seed: int = 0
    change: Callable[[Planted], None] | None = None
    truth: Callable[[Planted, np.random.Generator], GroundTruth | None] | None = None


def write_synthetic_run(root: Path, **choices: Any) -> Path:
    """Write one run below ``root`` by the choices of :class:`Recipe` and return its folder.

    JNE grows along the hierarchy, every ROI has its own preferred category, one voxel an ROI
    is invalid, and about a fifth of the voxels are not significant. What is chosen again is
    copied from the first: the store forces every file to the disk, and that takes a while.
    """
    key = tuple(sorted(choices.items()))
    try:
        hash(key)
    except TypeError:
        return _write(root, Recipe(**choices))
    kept = _write_once(key)
    path = root / kept.name
    if path.exists():
        return _write(root, Recipe(**choices))
    shutil.copytree(kept, path, copy_function=shutil.copyfile)
    return path


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    """Return the folder of this process's runs; it goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="synthetic-runs-")


@cache
def _write_once(choices: tuple[tuple[str, Any], ...]) -> Path:
    """Write a run for others to copy."""
    return _write(Path(tempfile.mkdtemp(dir=_scratch().name)), Recipe(**dict(choices)))


def _write(root: Path, recipe: Recipe) -> Path:
    """Write one run by the store's own writers."""
    planted = plant(recipe)
    if recipe.change is not None:
        recipe.change(planted)
    dataset = _build_dataset(recipe, planted)
    spec = RunSpec(**recipe.spec).to_dict()
    key = compute_run_key(dataset.content_hash, spec, f"test{recipe.seed}")
    folder = RunFolder(root / f"run-{key[:12]}")
    for stage in (*recipe.stages, *(["calibration"] if recipe.calibrated else [])):
        with folder.write_stage(stage) as writer:
            _write_stage(writer, stage, dataset, planted)
    if recipe.complete:
        folder.complete(_build_manifest(folder, key, dataset, planted, spec=spec))
    return folder.path


def plant(recipe: Recipe) -> Planted:
    """Draw the arrays of a synthetic run."""
    rng = np.random.default_rng(recipe.seed)
    n_rois, n_per_roi = len(recipe.roi_names), recipe.n_per_roi
    names = np.asarray(recipe.categories, dtype=object)
    n_voxels = n_per_roi * (n_rois + 2)  # two ROIs' worth of voxels lie in no ROI
    roi_of = np.arange(n_voxels) // n_per_roi
    masks = np.stack([roi_of == i for i in range(n_rois)])
    invalid = np.arange(n_voxels) % n_per_roi == 0
    share = np.clip(0.06 * roi_of + rng.normal(0.1, 0.05, n_voxels), 0, 1)
    labels = names[np.arange(recipe.n_test) % len(names)]
    prefers = names[roi_of % len(names)]
    boost = 1 + 3 * (labels[:, None] == prefers[None, :])
    jne_ss = boost * rng.exponential((0.2 + share) ** 2, (recipe.n_test, n_voxels))
    linear = 0.45 - 0.3 * share + rng.normal(0, 0.05, n_voxels)
    q = np.where(rng.random(n_voxels) < 0.2, 0.4, 0.001)
    if recipe.n_significant is not None:
        q = np.where(np.cumsum(~invalid) <= recipe.n_significant, 0.001, 0.4)
    scores = {
        "r2_linear": linear,
        "r2_nonlinear": linear + 0.25 * share + rng.normal(0, 0.02, n_voxels),
        "p_linear": q / 2,
        "p_nonlinear": q / 2,
        "q_linear": q,
        "q_nonlinear": q,
        "noise_ceiling": rng.uniform(40, 90, n_voxels),
    }
    dispersion = {
        "jne": np.sqrt(jne_ss.mean(axis=0)),
        "deviation_mean": 2 * share + rng.uniform(0.5, 0.6, n_voxels),
        "gain": rng.uniform(1, 3, n_voxels),
    }
    calibration = _plant_calibration(recipe, share)
    return Planted(share, masks, invalid, labels, jne_ss, scores, dispersion, calibration)


def _plant_calibration(recipe: Recipe, share: np.ndarray) -> dict[str, np.ndarray]:
    """Draw what the calibration stores: q is small where the share is large; some have no share."""
    rng = np.random.default_rng([recipe.seed, 7])
    found = share + rng.normal(0, 0.03, share.size)
    found[5::17] = np.nan  # predicted no better than chance, tested all the same
    q = np.where(share > 0.25, 0.002, 0.3)
    return {
        "nonlinear_share": found,
        "nonlinear_share_low": found - 0.1,
        "nonlinear_share_high": found + 0.1,
        "nonlinear_share_fitted": np.clip(share, 0, 1),
        "p_nonlinearity": q / 2,
        "q_nonlinearity": q,
        "jne_calibrated": 0.8 * share,
    }


def _build_dataset(recipe, planted):
    """Build the dataset whose description the run keeps; its features are of no consequence."""
    rng = np.random.default_rng(recipe.seed + 1)
    n_stimuli, n_voxels = recipe.n_test + 16, len(planted.invalid)
    responses = rng.normal(size=(n_stimuli, n_voxels)).astype(np.float32)
    responses[:, planted.invalid] = np.nan
    return EncodingDataset(
        name=recipe.name,
        subject=recipe.subject,
        features=rng.normal(size=(n_stimuli, 4)).astype(np.float32),
        responses=responses,
        splits=Splits(np.arange(8), np.arange(8, 16), np.arange(16, n_stimuli)),
        stimuli=_build_stimuli(recipe, planted, rng),
        provenance=Provenance(
            source="Drawn by the tests.",
            simulated=recipe.simulated,
            inputs=(InputRecord("synthetic", "0" * 64),),
            notes=("Everything here is drawn from a seeded generator.",),
        ),
        space=recipe.space or _build_space(recipe, n_voxels),
        projection=recipe.projection,
        roi_sets=_build_rois(recipe, planted) if recipe.with_rois else MappingProxyType({}),
        ground_truth=(recipe.truth or _build_truth)(planted, rng) if recipe.simulated else None,
        feature_set="gabor",
        layer=recipe.layer,
    )


def _build_stimuli(recipe, planted, rng):
    labels = ["train"] * 16 + list(planted.categories)
    index = pd.Index([f"img{i:04d}" for i in range(len(labels))], name="id")
    columns = {"category": labels} if recipe.with_categories else {}
    pictures = rng.integers(0, 255, (len(labels), 24, 24, 3), dtype=np.uint8)
    return StimulusTable(
        pd.DataFrame(columns, index=index), pictures if recipe.with_thumbnails else None
    )


def project_synthetic(n_voxels: int) -> dict[str, Any]:
    """Return the choices of a run of a volume: two voxels a vertex, the further one first.

    Vertex 3 i of a hemisphere has column i for its nearest, with three quarters of the weight;
    every fifth of them shares that of its neighbour, so that some voxels are nearest to two
    vertices and others to none.
    """
    voxels = np.stack(np.unravel_index(np.arange(n_voxels), (40, 40, 40)), axis=1)
    half = n_voxels // 2
    nearest = np.arange(n_voxels)
    nearest[4::5] -= 1
    columns = np.stack([(nearest + 9) % n_voxels, nearest], axis=1).ravel().astype(np.int64)
    weights = np.tile(np.array([0.25, 0.75], dtype=np.float32), n_voxels)
    drawn = SurfaceSpace("fsaverage5", np.arange(half) * 3, np.arange(n_voxels - half) * 3)
    starts = np.arange(n_voxels + 1) * 2
    projection = Projection(drawn, starts, columns, weights, "Projected by the tests.")
    space = VolumeSpace((40, 40, 40), np.eye(4), voxels, "func1pt8mm")
    return {"space": space, "projection": projection}


def _build_space(recipe, n_voxels):
    """Return every seventh vertex of a surface, half of the columns on each side."""
    if not recipe.with_space:
        return None
    left, right = (np.arange(n, dtype=np.int64) * 7 for n in (n_voxels // 2, -(-n_voxels // 2)))
    return SurfaceSpace(recipe.surface, left, right)


def _build_rois(recipe, planted):
    tiers = ROI_TIERS[: len(recipe.roi_names)]
    source = "Synthetic blocks of voxels"
    rois = RoiSet(
        "hcp-mmp", source, tuple(recipe.roi_names), tiers, planted.masks, approximate=True
    )
    sets = {"hcp-mmp": rois}
    if recipe.second_preset is not None:  # the same names, on other voxels
        masks = planted.masks[::-1].copy()
        sets[recipe.second_preset] = RoiSet(
            recipe.second_preset, source, rois.names, rois.tiers, masks, approximate=False
        )
    return MappingProxyType(sets)


def _build_truth(planted, rng):
    n_voxels = len(planted.share)
    noise = rng.uniform(0.1, 1, n_voxels).astype(np.float32)
    return GroundTruth(planted.share.astype(np.float32), noise, ("",) * n_voxels)


def _write_stage(writer, stage, dataset, planted) -> None:
    """Write one stage as the pipeline would."""
    if stage == "dataset":
        write_dataset(writer, dataset)
    elif stage == "scores":
        _write_masked(writer, planted.scores, planted.invalid)
    elif stage == "dispersion":
        _write_masked(writer, {**planted.dispersion, "jne_ss": planted.jne_ss}, planted.invalid)
        writer.write_json("precision", PRECISION)
    elif stage == "calibration":
        _write_masked(writer, planted.calibration, planted.invalid)
        writer.write_json("nonlinearity", _tell_calibration(planted))
    else:
        epochs = np.arange(12)
        losses = {"train_loss": 0.9 * 0.8**epochs + 0.3, "validation_loss": 0.8**epochs + 0.5}
        losses["validation_loss"][10:] += 0.5
        writer.write_table("curve", pd.DataFrame({"epoch": epochs + 1, **losses}))
        writer.write_json(
            "fit", {"best_epoch": 9, "converged": True, "n_parameters": 1234, "source": None}
        )


def _tell_calibration(planted) -> dict[str, Any]:
    """Return the record of a calibration, with the reasons in the order of their codes."""
    untold = np.isnan(planted.calibration["nonlinear_share"]) & ~planted.invalid
    tested = np.isfinite(planted.calibration["q_nonlinearity"])
    counts = (int((untold & ~tested).sum()), 0, 0, int((untold & tested).sum()))
    reasons = dict(zip(CANNOT_TELL.values(), counts, strict=True))
    return {"n_components": 5, "n_units": 8, "absorbed": 0.06, "cannot_tell": reasons}


def _write_masked(writer, arrays, invalid) -> None:
    """Write float32 arrays that are NaN at invalid voxels."""
    for name, values in arrays.items():
        writer.write_array(name, np.where(invalid, np.nan, values).astype(np.float32))


def _build_manifest(folder, key, dataset, planted, *, spec) -> Manifest:
    """Return the manifest of a synthetic run."""
    significant = (planted.scores["q_nonlinear"] < 0.05) & ~planted.invalid
    splits = dataset.splits
    return Manifest(
        run_id=folder.path.name,
        key=key,
        name=dataset.name,
        subject=dataset.subject,
        feature_set=dataset.feature_set,
        layer=dataset.layer,
        simulated=dataset.provenance.simulated,
        source=dataset.provenance.source,
        created="2026-01-02T03:04:05+00:00",
        spec=spec,
        counts={
            "n_train": splits.train.size,
            "n_validation": splits.validation.size,
            "n_test": splits.test.size,
            "n_features": dataset.n_features,
            "n_voxels": dataset.n_voxels,
            "n_invalid": int(planted.invalid.sum()),
            "n_significant": int(significant.sum()),
        },
        inputs=({"name": "synthetic", "sha256": "0" * 64},),
        notes=dataset.provenance.notes,
        timings_s={"linear": 1.5, "nonlinear": 2.5, "scores": 0.5, "dispersion": 3.0},
        versions={"python": "3.11", "jne_engine": "0.1.0"},
        files=folder.hash_files(),
    )


def write_synthetic_study(root: Path, *, n_subjects: int, n_layers: int, **choices: Any) -> Path:
    """Write a run of each subject and layer below ``root``, and return ``root``.

    Subjects differ in their seed; what a layer changes of a subject is drawn anew.
    """
    for subject in range(n_subjects):
        for layer in range(n_layers):
            own = {"subject": f"S{subject + 1}", "layer": layer, "seed": 10 * subject + layer}
            write_synthetic_run(root, **{**own, **choices})
    return root
