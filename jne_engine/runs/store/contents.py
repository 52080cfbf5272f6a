"""What a run keeps of its dataset: everything that a page may need, and no responses."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from jne_engine.core.errors import InputError
from jne_engine.cortex.projection import Projection, restore_projection
from jne_engine.cortex.spaces import Anatomy, CorticalSpace, RoiSet, SurfaceSpace, VolumeSpace
from jne_engine.datasets.dataset import EncodingDataset, GroundTruth, StimulusTable
from jne_engine.model.scaling import Scaling
from jne_engine.runs.store.stages import StageReader, StageWriter

FEATURES = "test_features"


def write_dataset(stage: StageWriter, dataset: EncodingDataset) -> None:
    """Write space, ROI sets, test stimuli, their features, pictures and truth."""
    test = dataset.stimuli.take(dataset.splits.test)
    features = np.ascontiguousarray(dataset.features[dataset.splits.test], dtype=np.float32)
    stage.write_array(FEATURES, features)
    stage.write_table("stimuli", test.table)
    if test.thumbnails is not None:
        stage.write_array("thumbnails", test.thumbnails)
    stage.write_array("valid", dataset.valid_voxels)
    for preset, roi_set in dataset.roi_sets.items():
        stage.write_array(f"roi_{preset}", roi_set.masks)
    description = {
        "space": _write_space(stage, dataset.space),
        "roi_sets": [_describe_rois(roi_set) for roi_set in dataset.roi_sets.values()],
        "truth": _write_truth(stage, dataset.ground_truth),
        "projection": _write_projection(stage, dataset.projection),
        "anatomy": _write_anatomy(stage, dataset.anatomy),
        "features_sha256": _hash_features(features),
        "unit": dataset.unit,
    }
    stage.write_json("description", description)


def write_scaling(stage: StageWriter, features: Scaling, responses: Scaling) -> None:
    """Write the means and scales that the fit took off features and responses."""
    for what, scaling in (("feature", features), ("response", responses)):
        stage.write_array(f"{what}_mean", scaling.mean)
        stage.write_array(f"{what}_scale", scaling.scale)


def read_scaling(stage: StageReader, what: Literal["feature", "response"]) -> Scaling | None:
    """Read what the fit took off features or responses, None where it took them as they were."""
    if not stage.has_array(f"{what}_mean"):
        return None
    return Scaling(stage.read_array(f"{what}_mean"), stage.read_array(f"{what}_scale"))


def read_unit(stage: StageReader) -> str:
    """Read the unit of the responses, empty where they have none."""
    return str(stage.read_json("description").get("unit", ""))  # older runs have none


def read_space(stage: StageReader) -> CorticalSpace | None:
    """Read where the columns lie, or None where nobody knows."""
    space = stage.read_json("description")["space"]
    if space is None:
        return None
    if space["kind"] == "surface":
        left, right = stage.read_array("left"), stage.read_array("right")
        return SurfaceSpace(space["surface"], left, right)
    x, y, z = space["shape"]
    voxels, affine = stage.read_array("voxels"), stage.read_array("affine")
    return VolumeSpace((x, y, z), affine, voxels, space["name"])


def has_projection(stage: StageReader) -> bool:
    """Tell whether :func:`read_projection` has one to read, which takes seconds of a large one."""
    return stage.read_json("description").get("projection") is not None  # older runs have none


def read_projection(stage: StageReader) -> Projection | None:
    """Read how the columns of a volume are shown on a surface, None where nobody knows."""
    found = stage.read_json("description").get("projection")  # older runs have none
    if found is None:
        return None
    return restore_projection(**found, read=lambda name: stage.read_array(f"projection_{name}"))


def read_anatomy(stage: StageReader) -> Anatomy | None:
    """Read what slices of the volume are drawn on, None for nothing."""
    name = stage.read_json("description").get("anatomy")  # older runs have none
    if name is None:
        return None
    return Anatomy(name, stage.read_array("anatomy"), stage.read_array("anatomy_affine"))


def read_roi_sets(stage: StageReader) -> dict[str, RoiSet]:
    """Read the ROI sets by preset name, in the dataset's order."""
    described = stage.read_json("description")["roi_sets"]
    return {d["preset"]: _read_rois(stage, d) for d in described}


def read_stimuli(stage: StageReader, *, pictures: bool = False) -> StimulusTable:
    """Read the test stimuli, in the order of JNE-SS rows, with their pictures on request."""
    thumbnails = None
    if pictures and stage.has_array("thumbnails"):
        thumbnails = stage.read_array("thumbnails")
    return StimulusTable(stage.read_table("stimuli"), thumbnails)


def name_features(stage: StageReader) -> str | None:
    """Return the SHA-256 of the test stimuli's features, None where a run lacks them.

    Runs of the same stimuli and features have the same one, whatever was fitted.
    """
    name = stage.read_json("description").get("features_sha256")
    return None if name is None else str(name)


def read_features(stage: StageReader) -> npt.NDArray[np.float32]:
    """Read the test stimuli's features, in the order of JNE-SS rows.

    Returns
    -------
    numpy.ndarray of float32, shape (n_test, n_features)

    Raises
    ------
    InputError
        If the run was stored before runs kept them.
    """
    if not stage.has_array(FEATURES):
        fix = "delete the run and compute it again"
        raise InputError(str(stage.folder), "the test stimuli's features", "an older run", fix)
    return np.asarray(stage.read_array(FEATURES), dtype=np.float32)


def read_truth(stage: StageReader) -> GroundTruth | None:
    """Read a simulated subject's planted values, or None for real data."""
    truth = stage.read_json("description")["truth"]
    if truth is None:
        return None
    return GroundTruth(
        stage.read_array("truth_nonlinear_share"),
        stage.read_array("truth_signal_to_noise"),
        tuple(truth["preferred_category"]),
    )


def _hash_features(features: npt.NDArray[np.float32]) -> str:
    """Return the SHA-256 of a matrix of features, its shape included."""
    return hashlib.sha256(str(features.shape).encode() + features.tobytes()).hexdigest()


def _write_space(stage: StageWriter, space: CorticalSpace | None) -> dict[str, Any] | None:
    if space is None:
        return None
    if isinstance(space, SurfaceSpace):
        stage.write_array("left", space.left)
        stage.write_array("right", space.right)
        return {"kind": "surface", "surface": space.surface}
    stage.write_array("voxels", space.voxels)
    stage.write_array("affine", np.asarray(space.affine, dtype=np.float64))
    return {"kind": "volume", "name": space.name, "shape": list(space.shape)}


def _write_projection(stage: StageWriter, projection: Projection | None) -> dict[str, Any] | None:
    if projection is None:
        return None
    for name, array in projection.arrays().items():
        stage.write_array(f"projection_{name}", array)
    return {
        "surface": projection.space.surface,
        "note": projection.note,
        "shapes": list(projection.shapes),
        "has_depth": projection.has_depth,
    }


def _write_anatomy(stage: StageWriter, anatomy: Anatomy | None) -> str | None:
    if anatomy is None:
        return None
    stage.write_array("anatomy", anatomy.values)
    stage.write_array("anatomy_affine", anatomy.affine)
    return anatomy.name


def _write_truth(stage: StageWriter, truth: GroundTruth | None) -> dict[str, Any] | None:
    if truth is None:
        return None
    stage.write_array("truth_nonlinear_share", truth.nonlinear_share)
    stage.write_array("truth_signal_to_noise", truth.signal_to_noise)
    return {"preferred_category": list(truth.preferred_category)}


def _describe_rois(roi_set: RoiSet) -> dict[str, Any]:
    return {
        "preset": roi_set.preset,
        "source": roi_set.source,
        "names": list(roi_set.names),
        "tiers": list(roi_set.tiers),
        "approximate": roi_set.approximate,
    }


def _read_rois(stage: StageReader, described: dict[str, Any]) -> RoiSet:
    return RoiSet(
        preset=described["preset"],
        source=described["source"],
        names=tuple(described["names"]),
        tiers=tuple(described["tiers"]),
        masks=stage.read_array(f"roi_{described['preset']}"),
        approximate=described["approximate"],
    )
