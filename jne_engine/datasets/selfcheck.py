"""Are masks, hemispheres and the order of images right? Asked before hours are spent.

A scrambled order of images leaves every file intact; only a model that should predict visual
cortex and does not can tell. So a quick ridge regression is compared with the same regression on
shuffled pairings of images and responses. It can fail to predict for other reasons too (few
images, noise, features of another kind), so that a scrambled order is claimed only where something
else says that there is a signal to be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from jne_engine.core.arrays import BoolArray, Float64Array, IntArray
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES, SurfaceSpace, VolumeSpace
from jne_engine.datasets.dataset import DESCRIPTION_NAME, EncodingDataset
from jne_engine.datasets.description import read_description_values
from jne_engine.datasets.feature_files import FeatureFile
from jne_engine.datasets.imported import ImportedFiles, build_imported_dataset, read_thumbnails
from jne_engine.datasets.repeats import average_stimuli, describe_repeats, number_stimuli
from jne_engine.features.gabor import extract_gabor_features
from jne_engine.model.scaling import Scaling, scale_runs, tell_far
from jne_engine.model.scoring import compute_noise_ceiling, compute_r2

N_SHUFFLES: Final = 20
MAX_TRAIN: Final = 2000
MAX_VOXELS: Final = 200
PENALTIES: Final = np.logspace(-4, 3, 8)
"""Ridge penalties as multiples of the number of training images; features are z-scored."""

MIN_DEVIATIONS: Final = 4
"""How far above shuffled pairings the true one must lie, in their standard deviations."""

MIN_R2: Final = 0.002
"""Mean test R² below which nothing is called sound: near 0 the mean predicts as well."""
MIN_WITHIN: Final = 0.05
"""Mean R² within the training images that says that features and responses belong together."""
MIN_CEILING: Final = 0.3
"""Mean noise ceiling above which features of the right images predict something."""
MAX_BAR: Final = 0.1
"""Mean R² that enough data would tell from chance: with more, reliable responses say nothing."""
MIN_QUARTER: Final = 20
"""Test images that a stretch needs to be judged alone."""

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
        mark = {True: "ok", False: "WRONG", None: "cannot tell"}[self.ok]
        return f"{mark:<12}{self.name}: {self.text}"


def check_dataset(
    dataset: EncodingDataset, *, seed: int = 0, standardise: str = "training"
) -> tuple[Verdict, ...]:
    """Check a dataset's responses, ROI masks, hemispheres and order of images.

    Parameters
    ----------
    dataset : EncodingDataset
        What to check.
    seed : int
        Seed of the shuffled pairings.
    standardise : {"training", "run", "none"}
        What a run is going to do, as :class:`~jne_engine.model.spec.RunSpec` says it.

    Returns
    -------
    tuple of Verdict
        One line a question.
    """
    return (
        check_responses(dataset),
        *(check_scale(dataset, standardise)),
        *(check_roi_masks(dataset)),
        check_hemispheres(dataset),
        *(check_repeats(dataset)),
        check_pairing(dataset, seed=seed),
    )


def check_imported(
    path: Path, *, seed: int = 0, standardise: str = "training"
) -> tuple[Verdict, ...]:
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
    dataset = build_imported_dataset(files, gabor)
    return check_dataset(dataset, seed=seed, standardise=standardise)


def check_responses(dataset: EncodingDataset) -> Verdict:
    """Count the columns that are finite and vary."""
    share = float(dataset.valid_voxels.mean())
    text = f"{dataset.n_stimuli} images × {dataset.n_voxels} columns, {share:.1%} usable"
    return Verdict("responses", share >= MIN_VALID, text)


def check_scale(dataset: EncodingDataset, standardise: str) -> tuple[Verdict, ...]:
    """Tell means and scales far from 0 and 1, which only standardised fits take as they are."""
    rows = dataset.splits.train
    far = [
        line
        for what, values in (("features", dataset.features), ("responses", dataset.responses))
        if (line := tell_far(what, Scaling.fit(values, rows))) is not None
    ]
    if standardise == "run":
        try:
            scale_runs(dataset.features, dataset.require_runs(), rows)
        except InputError as error:
            return (Verdict("means and scales", False, str(error)),)
    if not far:
        return ()
    how = {
        "training": "runs take the training stimuli's off unless told otherwise",
        "run": "runs take each run's own off",
        "none": "with --standardise none, R² and JNE may show offsets rather than nonlinearity",
    }
    text = f"{'; '.join(far)}: {how[standardise]}"
    return (Verdict("means and scales", standardise != "none", text),)


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


def check_repeats(dataset: EncodingDataset) -> tuple[Verdict, ...]:
    """Refuse equal stimuli in training and test; say nothing where there are none."""
    told = describe_repeats(dataset.features, dataset.splits)
    return (Verdict("splits", False, told),) if told else ()


def check_pairing(dataset: EncodingDataset, *, seed: int = 0) -> Verdict:
    """Ask whether features predict responses better than any shuffled pairing of both does.

    A ridge regression, its penalty chosen for each column by leave-one-out error, is fitted to at
    most 2000 training images and scored on the test images; then again with the responses of the
    training images shuffled, 20 times. Rows with equal features count as one image, their responses
    averaged, and an image that stands in training too is not asked of the test.

    Returns
    -------
    Verdict
        True where the true pairing predicts clearly more than shuffled ones, and more than the
        mean does. False where something else says that there is a signal which the pairing does
        not find: within the training images features predict, or responses repeat themselves, or
        one stretch of test images is predicted and another is not. None where there are too few
        data, or too little signal, to tell.
    """
    columns, where = _choose_columns(dataset)
    rng = np.random.default_rng(seed)
    train = rng.permutation(dataset.splits.train)[:MAX_TRAIN]
    x, y, x_test, y_test = _gather(dataset, train, columns)
    if len(x_test) < 2 or len(x) < 4:
        found = f"{len(x)} training and {len(x_test)} test images that are not in both"
        return Verdict("order of images", None, f"{found}; too few data to tell")
    orders = [np.arange(len(x)), *(rng.permutation(len(x)) for _ in range(N_SHUFFLES))]
    predicted = _predict(x, [y[order] for order in orders], x_test)
    scores = [float(np.nanmean(compute_r2(y_test, p))) for p in predicted]
    true, shuffled = scores[0], np.asarray(scores[1:])
    bar = float(shuffled.mean() + MIN_DEVIATIONS * shuffled.std())
    text = (
        f"mean test R² of a quick ridge in {where} is {true:.3f}, "
        f"{shuffled.mean():.3f} ± {shuffled.std():.3f} over {N_SHUFFLES} shuffled pairings"
    )
    if true > max(bar, MIN_R2):
        stretch = _find_unpredicted(_agree(y_test, predicted[0]))
        return Verdict("order of images", stretch is None, text + (stretch or ""))
    contradiction = _find_signal(x, y)
    if contradiction is None and max(bar, -shuffled.mean()) < MAX_BAR:
        contradiction = _find_reliable(dataset, columns)
    contradiction = contradiction or _find_unpredicted(_agree(y_test, predicted[0]))
    if contradiction is not None:
        return Verdict("order of images", False, text + contradiction)
    need = f"more than {max(bar, MIN_R2):.3f} would tell; too few data, or too little signal"
    return Verdict("order of images", None, f"{text}; {need}")


def _gather(
    dataset: EncodingDataset, train: IntArray, columns: IntArray
) -> tuple[npt.NDArray[Any], ...]:
    """Return features and responses of training and new test images, one row an image."""
    numbers, test = number_stimuli(dataset.features), dataset.splits.test
    test = test[np.isin(numbers[test], numbers[dataset.splits.train], invert=True)]
    parts: list[npt.NDArray[Any]] = []
    for rows in (train, test):
        values = dataset.features[rows], dataset.responses[rows][:, columns]
        parts += average_stimuli(numbers[rows], *values)
    return tuple(parts)


def _find_signal(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> str | None:
    """Return that one half of the training images predicts the other, if it does."""
    half = len(x) // 2
    (inside,) = _predict(x[:half], [y[:half]], x[half:])
    within = float(np.nanmean(compute_r2(y[half:], inside)))
    if within > MIN_WITHIN and _is_positive(_agree(y[half:], inside)):
        return f"; yet within the training images it is {within:.3f}"
    return None


def _find_reliable(dataset: EncodingDataset, columns: IntArray) -> str | None:
    """Return that the responses repeat themselves, if they do."""
    ceiling = _average_ceiling(dataset, columns)
    if ceiling > MIN_CEILING:
        return f"; yet the responses repeat themselves: their noise ceiling is {ceiling:.0%}"
    return None


def _find_unpredicted(agreement: Float64Array) -> str | None:
    """Return which quarter of the test images is not predicted where another clearly is."""
    if agreement.size < 4 * MIN_QUARTER:
        return None
    quarters = np.array_split(agreement, 4)
    z = np.array([q.mean() / (q.std(ddof=1) / np.sqrt(q.size) + 1e-12) for q in quarters])
    means = np.array([q.mean() for q in quarters])
    poor = int(means.argmin())
    if z.max() < MIN_DEVIATIONS or z[poor] > 1 or means[poor] > 0.1 * means.max():
        return None
    return (
        f"; yet of four stretches of test images the {('first', 'second', 'third', 'last')[poor]}"
        " is not predicted at all: is the order right there?"
    )


def _agree(y: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> Float64Array:
    """Return how far each image's predicted pattern is like its measured one, (n_images,)."""
    parts = [np.nan_to_num(a - a.mean(axis=0)) for a in (y, predicted)]
    scales = [np.maximum(a.std(axis=0), 1e-12) for a in parts]
    return np.asarray((parts[0] / scales[0] * (parts[1] / scales[1])).mean(axis=1), dtype=float)


def _is_positive(agreement: Float64Array) -> bool:
    error = agreement.std(ddof=1) / np.sqrt(agreement.size)
    return bool(agreement.mean() > MIN_DEVIATIONS * error)


def _average_ceiling(dataset: EncodingDataset, columns: IntArray) -> float:
    """Return the mean noise ceiling of some columns as a fraction, 0 where nobody knows it."""
    if dataset.noise_ceiling is not None:
        return float(np.nan_to_num(dataset.noise_ceiling[columns]).mean())
    if dataset.test_repeats is None:
        return 0.0
    found = compute_noise_ceiling(dataset.test_repeats[:, :, columns], scaled=False)
    return float(np.nan_to_num(found).mean()) / 100


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


def _predict(
    x: npt.NDArray[Any], responses: Sequence[npt.NDArray[Any]], x_test: npt.NDArray[Any]
) -> list[npt.NDArray[Any]]:
    """Fit each set of responses by ridge regression and return its predictions at the test."""
    scaler = StandardScaler().fit(x)
    together = np.concatenate(responses, axis=1)
    means = together.mean(axis=0)
    model = RidgeCV(alphas=len(x) * PENALTIES, alpha_per_target=True, fit_intercept=False)
    model.fit(scaler.transform(x), together - means)
    predicted = model.predict(scaler.transform(x_test)).reshape(len(x_test), -1) + means
    return np.split(predicted, len(responses), axis=1)
