"""Are masks, hemispheres and the order of images right? Asked before hours are spent.

A scrambled order of images leaves every file intact; only a model that should predict visual
cortex and does not can tell. So a quick ridge regression is compared with the same regression on
shuffled pairings of images and responses.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from jne_engine.core.arrays import BoolArray, IntArray
from jne_engine.cortex.spaces import HEMISPHERES, SurfaceSpace, VolumeSpace
from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.datasets.description import DESCRIPTION_NAME, read_description_values
from jne_engine.datasets.feature_files import FeatureFile
from jne_engine.datasets.imported import ImportedFiles, build_imported_dataset, read_thumbnails
from jne_engine.features.gabor import extract_gabor_features
from jne_engine.model.scoring import compute_r2

N_SHUFFLES: Final = 20
MAX_TRAIN: Final = 2000
MAX_VOXELS: Final = 200
PENALTY: Final = 1.0
"""Ridge penalty as a multiple of the number of training images; features are z-scored."""

MIN_DEVIATIONS: Final = 4
"""How far above shuffled pairings the true one must lie, in their standard deviations."""

MIN_VALID: Final = 0.5
"""Share of an ROI's columns that should have responses."""

VISUAL_ROIS: Final = ("V1", "V1v", "V1d", "early", "V2")
HEMISPHERES_SET: Final = "hemispheres"


@dataclass(frozen=True)
class Verdict:
    """The answer to one question.

    Parameters
    ----------
    name : str
        What was asked.
    ok : bool or None
        The answer; None where it cannot be told.
    text : str
        The numbers behind it.
    """

    name: str
    ok: bool | None
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Return the verdict as one line."""
        mark = {True: "ok", False: "WRONG", None: "unknown"}[self.ok]
        return f"{mark:<8}{self.name}: {self.text}"


def check_dataset(dataset: EncodingDataset, *, seed: int = 0) -> tuple[Verdict, ...]:
    """Check a dataset's responses, ROI masks, hemispheres and order of images.

    Parameters
    ----------
    dataset : EncodingDataset
        What to check.
    seed : int
        Seed of the shuffled pairings.

    Returns
    -------
    tuple of Verdict
        One line a question.
    """
    return (
        check_responses(dataset),
        *(check_roi_masks(dataset)),
        check_hemispheres(dataset),
        check_pairing(dataset, seed=seed),
    )


def check_imported(path: Path, *, seed: int = 0) -> tuple[Verdict, ...]:
    """Check an imported folder without features by Gabor features of its small pictures.

    Returns
    -------
    tuple of Verdict
        Empty where the dataset was not imported, has features, or has no pictures.
    """
    folder = path if path.is_dir() else path.parent
    if not (folder / DESCRIPTION_NAME).exists():
        return ()
    values = read_description_values(folder / DESCRIPTION_NAME)
    if values.get("kind") != "imported" or "features" in values:
        return ()
    pictures = read_thumbnails(folder)
    if pictures is None:
        return ()
    gabor = FeatureFile(extract_gabor_features(pictures), "gabor")
    files = ImportedFiles(
        folder=folder,
        name=str(values.get("name")),
        subject=str(values.get("subject")),
        standardisation="none",
    )
    return check_dataset(build_imported_dataset(files, gabor), seed=seed)


def check_responses(dataset: EncodingDataset) -> Verdict:
    """Count the columns that are finite and vary."""
    share = float(dataset.valid_voxels.mean())
    text = f"{dataset.n_stimuli} images × {dataset.n_voxels} columns, {share:.1%} usable"
    return Verdict("responses", share >= MIN_VALID, text)


def check_roi_masks(dataset: EncodingDataset) -> tuple[Verdict, ...]:
    """Ask of every ROI set whether its ROIs lie where there are responses."""
    verdicts = []
    for preset, rois in dataset.roi_sets.items():
        if preset == HEMISPHERES_SET:
            continue
        sizes = rois.masks.sum(axis=1)
        shares = (rois.masks & dataset.valid_voxels).sum(axis=1) / np.maximum(sizes, 1)
        poor = [n for n, size, s in zip(rois.names, sizes, shares, strict=True)
                if size and s < MIN_VALID]  # fmt: skip
        text = f"{len(rois.names)} ROIs on {int(rois.masks.any(axis=0).sum())} columns"
        text += f", few usable in {', '.join(poor)}" if poor else ", all on usable columns"
        verdicts.append(Verdict(f"ROIs {preset}", not poor, text))
    return tuple(verdicts)


def check_hemispheres(dataset: EncodingDataset) -> Verdict:
    """Ask whether left is left: by millimetres in a volume, by counts on a surface."""
    space, name = dataset.space, "left and right"
    if isinstance(space, SurfaceSpace):
        counts = [int(space.vertices(hemi).size) for hemi in HEMISPHERES]
        used = [int(dataset.valid_voxels[space.columns(h)].sum()) for h in HEMISPHERES]
        balanced = min(used) > 0 and max(used) <= 2 * min(used)
        text = f"{counts[0]} left and {counts[1]} right vertices, {used[0]} and {used[1]} usable"
        return Verdict(name, balanced, text)
    rois = dataset.roi_sets.get(HEMISPHERES_SET)
    if not isinstance(space, VolumeSpace) or rois is None or not rois.masks.any(axis=1).all():
        return Verdict(name, None, "no masks that tell hemispheres apart")
    x = space.voxels @ space.affine[0, :3] + space.affine[0, 3]
    left, right = (float(np.median(x[rois.mask(hemi)])) for hemi in HEMISPHERES)
    text = f"lh. masks lie at x = {left:.1f} mm, rh. masks at {right:.1f} mm"
    return Verdict(name, left < right, text)


def check_pairing(dataset: EncodingDataset, *, seed: int = 0) -> Verdict:
    """Ask whether features predict early visual cortex better than any shuffled pairing does.

    A ridge regression is fitted to at most 2000 training images and scored on the test images;
    then again with the responses of the training images shuffled, 20 times.

    Returns
    -------
    Verdict
        False where the true pairing predicts less than 4 standard deviations of the shuffled
        ones better than their mean.
    """
    columns, where = _choose_columns(dataset)
    rng = np.random.default_rng(seed)
    train = rng.permutation(dataset.splits.train)[:MAX_TRAIN]
    scaler = StandardScaler().fit(dataset.features[train])
    x, x_test = (scaler.transform(dataset.features[r]) for r in (train, dataset.splits.test))
    y = dataset.responses[train][:, columns]
    y_test = dataset.responses[dataset.splits.test][:, columns]
    true = _score(x, y, x_test, y_test)
    shuffled = [_score(x, y[rng.permutation(len(y))], x_test, y_test) for _ in range(N_SHUFFLES)]
    text = (
        f"mean test R² of a quick ridge in {where} is {true:.3f}, "
        f"{np.mean(shuffled):.3f} ± {np.std(shuffled):.3f} over {N_SHUFFLES} shuffled pairings"
    )
    gain = true - float(np.mean(shuffled))
    return Verdict("order of images", gain > MIN_DEVIATIONS * float(np.std(shuffled)), text)


def _choose_columns(dataset: EncodingDataset) -> tuple[IntArray, str]:
    """Return columns that features should predict: V1, else those of the best ceiling."""
    valid = dataset.valid_voxels
    for rois in dataset.roi_sets.values():
        for name in VISUAL_ROIS:
            if name in rois.names and (rois.mask(name) & valid).any():
                chosen = _best(dataset, rois.mask(name) & valid)
                return chosen, f"{chosen.size} columns of {name}"
    chosen = _best(dataset, valid)
    how = "columns of the best ceiling" if dataset.noise_ceiling is not None else "columns"
    return chosen, f"{chosen.size} {how}"


def _best(dataset: EncodingDataset, mask: BoolArray) -> IntArray:
    """Return at most 200 columns of a mask: those of the best ceiling, else evenly spaced."""
    columns = np.flatnonzero(mask).astype(np.int64)
    if dataset.noise_ceiling is not None:
        ceiling = np.nan_to_num(dataset.noise_ceiling[columns], nan=-1.0)
        return columns[np.argsort(-ceiling, kind="stable")[:MAX_VOXELS]]
    return columns[:: max(1, columns.size // MAX_VOXELS)][:MAX_VOXELS]


def _score(
    x: npt.NDArray[Any], y: npt.NDArray[Any], x_test: npt.NDArray[Any], y_test: npt.NDArray[Any]
) -> float:
    """Fit a ridge regression and return its mean R² over columns of the test images."""
    model = Ridge(alpha=PENALTY * len(x)).fit(x, y)
    return float(np.nanmean(compute_r2(y_test, model.predict(x_test).reshape(y_test.shape))))
