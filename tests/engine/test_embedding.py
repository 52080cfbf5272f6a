"""Embeddings separate what differs, order and number clusters as said, and resume."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from jne_engine.core.errors import CancelledError, InputError
from jne_engine.runs.clustering import (
    Silhouettes,
    choose_n_clusters,
    cluster_points,
    order_clusters,
    score_numbers,
)
from jne_engine.runs.embedding import EmbeddingSettings, compute_embedding, count_clusters_to_try

SETTINGS = EmbeddingSettings(n_components=8, perplexity=8, most=6)


def ignore(step, done, total):
    """Take progress and do nothing with it."""


def draw_groups(n_groups=4, n_each=20, n_features=12, seed=0):
    """Draw groups that are far apart, stimuli of all groups in turn."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_groups, n_features)) * 12
    labels = np.arange(n_groups * n_each) % n_groups
    features = centres[labels] + rng.normal(size=(len(labels), n_features))
    return features.astype(np.float32), labels


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    features, labels = draw_groups()
    folder = tmp_path_factory.mktemp("steps")
    return features, labels, folder, compute_embedding(features, SETTINGS, folder, ignore)


def test_planted_groups_become_the_clusters(found):
    _, labels, _, embedding = found
    assert embedding.n_clusters == 4
    pairs = set(zip(labels.tolist(), embedding.clusters.tolist(), strict=True))
    assert len(pairs) == 4


def test_the_number_of_clusters_has_the_largest_silhouette_of_scikit_learn(found):
    embedding = found[3]
    assert embedding.n_tried == (2, 3, 4, 5, 6)
    for k, score in zip(embedding.n_tried, embedding.silhouettes, strict=True):
        labels = KMeans(k, n_init=3, random_state=0).fit_predict(embedding.points)
        assert score == pytest.approx(silhouette_score(embedding.points, labels), rel=1e-5)
    best = embedding.n_tried[int(np.argmax(embedding.silhouettes))]
    assert embedding.n_clusters == best == choose_n_clusters([2, 3, 4], [0.1, 0.2, 0.9])


def test_clusters_are_numbered_along_the_line(found):
    embedding = found[3]
    medians = [np.median(embedding.line[embedding.clusters == k]) for k in range(4)]
    assert medians == sorted(medians)
    labels, line = np.array([0, 0, 1, 1, 2]), np.array([5, 6, 1, 2, 3.0], dtype=np.float32)
    assert order_clusters(labels, line).tolist() == [2, 2, 0, 0, 1]


def test_the_same_seed_gives_the_same_embedding(found, tmp_path):
    features, _, _, embedding = found
    again = compute_embedding(features, SETTINGS, tmp_path, ignore)
    np.testing.assert_array_equal(again.points, embedding.points)
    np.testing.assert_array_equal(again.line, embedding.line)
    np.testing.assert_array_equal(again.clusters, embedding.clusters)


def test_a_cancelled_embedding_goes_on_after_its_last_finished_step(found, tmp_path):
    features, _, _, embedding = found

    def stop(step, done, total):
        if step == "clusters" and done == 2:
            raise CancelledError("job", "to go on", "a request to stop", "retry it")

    with pytest.raises(CancelledError):
        compute_embedding(features, SETTINGS, tmp_path, stop)
    steps = []
    resumed = compute_embedding(features, SETTINGS, tmp_path, lambda *a: steps.append(a))
    assert steps == [("clusters", k, 5) for k in (2, 3, 4)]
    np.testing.assert_array_equal(resumed.clusters, embedding.clusters)
    assert resumed.silhouettes == embedding.silhouettes


def test_cancelling_stops_within_a_layout(tmp_path):
    features, _ = draw_groups()
    seen = []

    def stop(step, done, total):
        seen.append((step, done))
        if done == 20 and step == "t-SNE 2-D":
            raise CancelledError("job", "to go on", "a request to stop", "retry it")

    with pytest.raises(CancelledError):
        compute_embedding(features, SETTINGS, tmp_path, stop)
    assert seen[-1] == ("t-SNE 2-D", 20)
    assert not (tmp_path / "points.npy").exists()


def test_a_sampled_silhouette_is_that_of_the_sample():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 2)).astype(np.float32)
    labels = cluster_points(points, 3, seed=0)
    rows = np.random.default_rng(5).choice(60, 40, replace=False)
    expected = silhouette_score(points[rows], labels[rows])
    sampled = Silhouettes(points, n_sampled=40, seed=5)
    assert sampled.score(labels) == pytest.approx(expected)


def test_silhouettes_are_scikit_learns_also_of_lone_points_and_none_where_undefined():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(50, 2)).astype(np.float32)
    points[7] = points[8]
    silhouettes = Silhouettes(points, n_sampled=100, seed=0)
    for labels in (rng.integers(6, size=50), np.where(np.arange(50) == 3, 9, np.arange(50) // 26)):
        expected = silhouette_score(points.astype(np.float64), labels)
        assert silhouettes.score(labels) == pytest.approx(expected, rel=1e-9)
    assert np.isnan(silhouettes.score(np.zeros(50, dtype=np.int64)))
    assert np.isnan(silhouettes.score(np.arange(50)))


def test_numbers_of_clusters_are_scored_in_order_whatever_the_threads():
    features, _ = draw_groups(n_features=2)
    silhouettes = Silhouettes(features, n_sampled=60, seed=0)
    found = []
    for n_threads in (1, 3):
        with score_numbers(features, (5, 2, 4), silhouettes, seed=0, n_threads=n_threads) as scores:
            found.append(list(scores))
    assert found[0] == found[1]
    assert found[0][2] == max(found[0])


def test_no_more_clusters_are_tried_than_there_are_different_points():
    points = np.array([[0, 0], [0, 0], [1, 1], [2, 2], [3, 3]], dtype=np.float32)
    assert count_clusters_to_try(points, EmbeddingSettings()) == (2, 3)


@pytest.mark.parametrize("features", [np.ones((5, 3)), np.ones((40, 3)), np.ones(40)])
def test_too_few_or_equal_stimuli_are_refused(features, tmp_path):
    with pytest.raises(InputError):
        compute_embedding(features.astype(np.float32), SETTINGS, tmp_path, ignore)
