"""Stimuli laid out by their features: t-SNE in one and two dimensions, and clusters of it.

Features are reduced to their leading principal components; one t-SNE in two dimensions is cut
into clusters by K-means, another in one dimension says in which order to show them. All of it
is drawn from one seed.

Axes: s stimulus, f feature, p principal component.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from jne_engine.core.arrays import Float32Array, IntArray
from jne_engine.core.disk import write_atomically
from jne_engine.core.errors import InputError
from jne_engine.runs.clustering import (
    Silhouettes,
    choose_n_clusters,
    cluster_points,
    order_clusters,
    score_numbers,
)

Report = Callable[[str, int, int], None]
"""Called as ``report(step, done, total)``; it may raise to stop the work."""

FEWEST_STIMULI: Final = 10
EARLY_ROUNDS, LATE_ROUNDS = 250, 500
"""Rounds of gradient descent, with and without early exaggeration: openTSNE's own."""
EARLY_EXAGGERATION: Final = 12
ROUNDS_A_REPORT: Final = 10
GRID_FROM: Final = 3000
"""From so many stimuli on, repulsion is interpolated on a grid: its cost is linear in them."""


@dataclass(frozen=True)
class EmbeddingSettings:
    """How stimuli are laid out and clustered.

    Parameters
    ----------
    n_components : int
        Principal components of the features that t-SNE sees.
    perplexity : float
        Effective number of neighbours; a third of the stimuli at most.
    fewest, most : int
        Numbers of clusters that are tried, both included.
    n_sampled : int
        Stimuli over which a silhouette is averaged; all of them where there are fewer.
    seed : int
        Of every random step.
    """

    n_components: int = 50
    perplexity: float = 30.0
    fewest: int = 2
    most: int = 100
    n_sampled: int = 4000
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Embedding:
    """Where each stimulus lies, and which cluster it is in.

    Parameters
    ----------
    points : numpy.ndarray of float32, shape (n_stimuli, 2)
        t-SNE in two dimensions; its units mean nothing.
    line : numpy.ndarray of float32, shape (n_stimuli,)
        t-SNE in one dimension.
    clusters : numpy.ndarray of int64, shape (n_stimuli,)
        Cluster of each stimulus, from 0, in the order of the clusters' medians along the line.
    n_tried : tuple of int
        Numbers of clusters that were tried.
    silhouettes : tuple of float
        Mean silhouette of each, −1 to 1.
    """

    points: Float32Array
    line: Float32Array
    clusters: IntArray
    n_tried: tuple[int, ...]
    silhouettes: tuple[float, ...]

    @property
    def n_clusters(self) -> int:
        """Number of clusters with the largest silhouette, the smallest of equals."""
        return choose_n_clusters(self.n_tried, self.silhouettes)


def compute_embedding(
    features: Float32Array, settings: EmbeddingSettings, scratch: Path, report: Report
) -> Embedding:
    """Lay stimuli out by their features and cluster them.

    Steps that are finished lie in ``scratch`` and are not computed again. With n stimuli of d
    features, memory is a copy of the features, about 100 numbers a stimulus, and the distances
    between the stimuli over which silhouettes are averaged.

    Parameters
    ----------
    features : numpy.ndarray of float32, shape (n_stimuli, n_features)
        At least ten stimuli, which are not all alike.
    settings : EmbeddingSettings
    scratch : pathlib.Path
        Folder of these features and settings alone; it holds finished steps.
    report : callable
        Called as ``report(step, done, total)``.

    Returns
    -------
    Embedding
        The same on every machine with the same number of threads and versions.

    Raises
    ------
    InputError
        If there are too few stimuli, or all are alike.

    References
    ----------
    arXiv 2510.13688, experiment IV. Poličar et al. (2024), J. Stat. Softw. 109(3): openTSNE.
    Rousseeuw (1987), J. Comput. Appl. Math. 20, 53-65: silhouettes.
    """
    _check(features)
    steps = _Steps(features, settings, report)
    points = _keep(scratch / "points.npy", lambda: steps.lay_out(2))
    line = _keep(scratch / "line.npy", lambda: steps.lay_out(1))[:, 0]
    tried = count_clusters_to_try(points, settings)
    silhouettes = _score_all(scratch, points, tried, steps)
    chosen = choose_n_clusters(tried, silhouettes)
    labels = cluster_points(points, chosen, seed=settings.seed)
    return Embedding(points, line, order_clusters(labels, line), tried, silhouettes)


def count_clusters_to_try(points: Float32Array, settings: EmbeddingSettings) -> tuple[int, ...]:
    """Return the numbers of clusters that can be told apart: fewer than different points."""
    n_different = len(np.unique(points, axis=0))
    most = min(settings.most, n_different - 1)
    return tuple(range(settings.fewest, max(most, settings.fewest) + 1))


class _Steps:
    """The t-SNE steps over one set of features; what both dimensions share is computed once."""

    def __init__(self, features: Float32Array, settings: EmbeddingSettings, report: Report) -> None:
        self.features, self.settings, self.report = features, settings, report
        self._shared: tuple[Float32Array, Any] | None = None

    def lay_out(self, n_dimensions: int) -> Float32Array:
        """Return t-SNE coordinates, (n_stimuli, n_dimensions), begun at principal components."""
        from openTSNE import TSNEEmbedding, initialization

        reduced, affinities = self._share()
        step, total = f"t-SNE {n_dimensions}-D", EARLY_ROUNDS + LATE_ROUNDS
        embedding: Any = TSNEEmbedding(
            initialization.rescale(reduced[:, :n_dimensions].copy()),
            affinities,
            negative_gradient_method="fft" if len(reduced) >= GRID_FROM else "bh",
            n_jobs=count_threads(),
            random_state=self.settings.seed,
        )
        self.report(step, 0, total)
        phases = ((0, EARLY_ROUNDS, EARLY_EXAGGERATION, 0.5), (EARLY_ROUNDS, LATE_ROUNDS, 1, 0.8))
        for before, rounds, exaggeration, momentum in phases:
            embedding = embedding.optimize(
                rounds,
                exaggeration=exaggeration,
                momentum=momentum,
                callbacks=lambda i, *_, before=before: self.report(step, before + i, total),
                callbacks_every_iters=ROUNDS_A_REPORT,
            )
        return np.asarray(embedding, dtype=np.float32)

    def _share(self) -> tuple[Float32Array, Any]:
        if self._shared is None:
            from openTSNE.affinity import PerplexityBasedNN

            self.report("neighbours", 0, 1)
            reduced = reduce_features(self.features, self.settings)
            perplexity = min(self.settings.perplexity, (len(reduced) - 1) / 3)
            affinities = PerplexityBasedNN(
                reduced,
                perplexity=perplexity,
                n_jobs=count_threads(),
                random_state=self.settings.seed,
            )
            self._shared = reduced, affinities
            self.report("neighbours", 1, 1)
        return self._shared


def reduce_features(features: Float32Array, settings: EmbeddingSettings) -> Float32Array:
    """Return the leading principal components, shape (n_stimuli, n_components or fewer)."""
    from sklearn.decomposition import PCA

    n_components = min(settings.n_components, *features.shape)
    reduced = PCA(n_components, random_state=settings.seed).fit_transform(features)
    return np.asarray(reduced, dtype=np.float32)


def count_threads() -> int:
    """Return how many threads the work may use: what the worker has divided, else all cores."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) > 0 else os.cpu_count() or 1


def _score_all(
    scratch: Path, points: Float32Array, tried: tuple[int, ...], steps: _Steps
) -> tuple[float, ...]:
    settings = steps.settings
    paths = {k: scratch / f"clusters-{k}.npy" for k in tried}
    missing = [k for k in tried if not paths[k].exists()]
    if missing:
        scorer = Silhouettes(points, n_sampled=settings.n_sampled, seed=settings.seed)
        with score_numbers(
            points, missing, scorer, seed=settings.seed, n_threads=count_threads()
        ) as scores:
            for k in missing:
                steps.report("clusters", k - tried[0], len(tried))
                found = np.array([next(scores)], dtype=np.float32)
                _save(paths[k], found)
    return tuple(float(np.load(paths[k], allow_pickle=False)[0]) for k in tried)


def _check(features: Float32Array) -> None:
    """Require enough stimuli, and some difference between them."""
    if features.ndim != 2 or len(features) < FEWEST_STIMULI:
        fix = "compute the run with a larger test split"
        expected = f"at least {FEWEST_STIMULI} stimuli"
        raise InputError("embedding", expected, f"features {features.shape}", fix)
    if not np.ptp(features, axis=0).any():
        fix = "check the features of the data set"
        raise InputError("embedding", "features that differ", "all stimuli alike", fix)


def _keep(path: Path, make: Callable[[], Float32Array]) -> Float32Array:
    if not path.exists():
        _save(path, make())
    return np.asarray(np.load(path, allow_pickle=False))


def _save(path: Path, values: Float32Array) -> None:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    write_atomically(path, buffer.getvalue())
