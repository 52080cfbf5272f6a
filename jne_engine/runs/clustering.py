"""How many clusters points make, and which: K-means for many numbers of clusters, by silhouette.

Every number of clusters is one piece of work for one thread: K-means of some thousand points is too
little to divide, and threads that wait for each other at each step are slow where the machine does
other work too. No result depends on the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import Float32Array, IntArray

STARTS: Final = 3
"""Beginnings of each K-means, of which the best is kept."""


class Silhouettes:
    """Mean silhouettes of clusterings of the same points; their distances are computed once.

    Memory is 8 bytes a pair of points, 128 MB for 4,000.

    Parameters
    ----------
    points : numpy.ndarray of float32, shape (n_points, n_dimensions)
    n_sampled : int
        Points over which a silhouette is averaged, drawn where there are more; every cluster has
        at least one of them in expectation only.
    seed : int
        Of the draw.

    References
    ----------
    Rousseeuw (1987), J. Comput. Appl. Math. 20, 53-65.
    """

    def __init__(self, points: Float32Array, *, n_sampled: int, seed: int) -> None:
        from scipy.spatial.distance import cdist

        self._rows = np.arange(len(points))
        if len(points) > n_sampled:
            rng = np.random.default_rng(seed)
            self._rows = rng.choice(len(points), n_sampled, replace=False)
        chosen = points[self._rows].astype(np.float64)
        self._distances = cdist(chosen, chosen)

    def score(self, labels: IntArray) -> float:
        """Return the mean of (b − a) / max(a, b) of a clustering of all points.

        a is a point's mean distance to the others of its cluster, b that to the nearest other
        cluster; a point alone in its cluster counts 0.

        Returns
        -------
        float
            −1 to 1; NaN where the points that count are in one cluster, or each in one of its own.
        """
        from scipy.sparse import csr_array

        found, own = np.unique(labels[self._rows], return_inverse=True)
        n, k = len(own), len(found)
        if not 2 <= k < n:
            return float("nan")
        each = np.arange(n)
        sizes = np.bincount(own)
        sums = csr_array((np.ones(n), (own, each)), shape=(k, n)) @ self._distances
        inner = sums[own, each] / np.maximum(sizes[own] - 1, 1)
        means = sums / sizes[:, None]
        means[own, each] = np.inf
        outer = means.min(axis=0)
        larger = np.maximum(inner, outer)
        silhouettes = np.zeros(n)
        counted = (sizes[own] > 1) & (larger > 0)
        np.divide(outer - inner, larger, out=silhouettes, where=counted)
        return float(silhouettes.mean())


def cluster_points(points: Float32Array, n_clusters: int, *, seed: int) -> IntArray:
    """Return each point's cluster by K-means, numbered as scikit-learn does."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    means = KMeans(n_clusters, n_init=STARTS, random_state=seed)
    with threadpool_limits(1, user_api="openmp"):
        return np.asarray(means.fit_predict(points), dtype=np.int64)


@contextmanager
def score_numbers(
    points: Float32Array,
    numbers: Sequence[int],
    silhouettes: Silhouettes,
    *,
    seed: int,
    n_threads: int,
) -> Iterator[Iterator[float]]:
    """Give the silhouette of each number of clusters, in their order, computed ahead on threads.

    What has not begun when the block is left is not computed.

    Parameters
    ----------
    points : numpy.ndarray of float32, shape (n_points, n_dimensions)
    numbers : sequence of int
        Numbers of clusters.
    silhouettes : Silhouettes
        Of the same points.
    seed : int
        Of each K-means.
    n_threads : int
        Numbers of clusters that are computed at a time.
    """

    def score(n_clusters: int) -> float:
        return silhouettes.score(cluster_points(points, n_clusters, seed=seed))

    threads = ThreadPoolExecutor(n_threads, "jne-clusters")
    try:
        yield threads.map(score, numbers)
    finally:
        threads.shutdown(cancel_futures=True)


def choose_n_clusters(n_tried: Sequence[int], silhouettes: Sequence[float]) -> int:
    """Return the number of clusters with the largest silhouette; NaN never wins."""
    scores = np.nan_to_num(np.asarray(silhouettes, dtype=np.float64), nan=-2.0)
    return int(n_tried[int(np.argmax(scores))])


def order_clusters(labels: IntArray, line: Float32Array) -> IntArray:
    """Return labels numbered from 0 by the median place of their stimuli on a line."""
    medians = [np.median(line[labels == k]) for k in range(int(labels.max()) + 1)]
    rank: npt.NDArray[Any] = np.empty(len(medians), dtype=np.int64)
    rank[np.argsort(medians, kind="stable")] = np.arange(len(medians))
    return np.asarray(rank[labels], dtype=np.int64)
