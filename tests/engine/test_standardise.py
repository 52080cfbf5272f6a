"""z-scores against plain loops, over runs that are neither sorted nor equally long."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.datasets.standardise import (
    check_standardisation,
    zscore,
    zscore_features,
    zscore_within_runs,
)
from jne_engine.datasets.trials import TrialTable

RNG = np.random.default_rng(0)
N_IMAGES, N_TRIALS, N_FEATURES = 40, 130, 5


def make_trials(seed: int = 0) -> tuple[np.ndarray, TrialTable]:
    """Return image ids and shuffled trials: runs 1 and 2 exist in both sessions."""
    rng = np.random.default_rng(seed)
    image_ids = rng.permutation(1000)[:N_IMAGES]
    return image_ids, TrialTable(
        session=rng.integers(1, 3, N_TRIALS),
        run=rng.integers(1, 4, N_TRIALS),
        image=rng.choice(image_ids[:-3], N_TRIALS),
    )


def plain_loop(features, image_ids, trials) -> dict[int, list[float]]:
    """Z-score and average with nothing but loops over trials."""
    scores: dict[int, list[np.ndarray]] = {}
    row = {int(image): i for i, image in enumerate(image_ids)}
    everything = list(zip(trials.session, trials.run, trials.image, strict=True))
    for session, run, image in everything:
        same = [features[row[int(i)]] for s, r, i in everything if (s, r) == (session, run)]
        values = np.array(same, dtype=np.float64)
        deviation = np.sqrt(((values - values.mean(axis=0)) ** 2).mean(axis=0))
        score = features[row[int(image)]] - values.mean(axis=0)
        score = np.array([x / d if d > 0 else 0 for x, d in zip(score, deviation, strict=True)])
        scores.setdefault(int(image), []).append(score)
    return {image: np.mean(values, axis=0) for image, values in scores.items()}


def test_within_runs_equals_a_loop_over_trials():
    image_ids, trials = make_trials()
    features = RNG.normal(3, 2, (N_IMAGES, N_FEATURES)).astype(np.float32)
    features[:, 2] = 7
    found = zscore_within_runs(features, image_ids, trials)
    expected = plain_loop(features, image_ids, trials)
    assert found.image_ids.tolist() == sorted(expected)
    np.testing.assert_allclose(found.values, [expected[i] for i in found.image_ids], atol=1e-6)
    assert found.values.dtype == np.float32
    shown = [int((trials.image == i).sum()) for i in found.image_ids]
    assert found.n_presentations.tolist() == shown


def test_an_image_twice_in_a_run_counts_twice():
    features = np.array([[0.0], [3.0]], dtype=np.float32)
    ones = np.ones(3, dtype=np.int64)
    found = zscore_within_runs(
        features, np.array([4, 9]), TrialTable(ones, ones, np.array([9, 4, 9]))
    )
    # Mean 2 and variance 2 of (3, 0, 3).
    np.testing.assert_allclose(found.values[:, 0], [-2 / np.sqrt(2), 1 / np.sqrt(2)], rtol=1e-6)
    assert found.n_presentations.tolist() == [1, 2]


def test_the_order_of_trials_and_of_rows_changes_nothing():
    image_ids, trials = make_trials(1)
    features = RNG.normal(size=(N_IMAGES, N_FEATURES)).astype(np.float32)
    turn, shuffle = RNG.permutation(N_TRIALS), RNG.permutation(N_IMAGES)
    turned = TrialTable(trials.session[turn], trials.run[turn], trials.image[turn])
    first = zscore_within_runs(features, image_ids, trials)
    second = zscore_within_runs(features[shuffle], image_ids[shuffle], turned)
    np.testing.assert_array_equal(first.image_ids, second.image_ids)
    np.testing.assert_allclose(first.values, second.values, atol=1e-6)


def test_runs_of_the_same_number_in_two_sessions_are_two():
    _, trials = make_trials()
    runs = [
        set(map(tuple, np.stack([trials.session[r], trials.run[r]], 1)))
        for r in trials.group_runs()
    ]
    assert all(len(run) == 1 for run in runs)
    assert sum(len(r) for r in trials.group_runs()) == N_TRIALS
    assert len(runs) == 6


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (np.arange(5), "image ids: expected 3 rows"),
        (np.array([1, 1, 2]), "unique"),
        (np.array([1, 2, 3]), "none for 1 images, the first with id 0"),
    ],
)
def test_ids_that_do_not_fit_are_refused(ids, message):
    trials = TrialTable(*np.array([[1, 1, 1], [1, 1, 1], [0, 1, 2]]))
    with pytest.raises(InputError, match=message):
        zscore_within_runs(np.zeros((3, 2), np.float32), ids, trials)


def test_trials_need_whole_numbers_of_one_length():
    with pytest.raises(InputError, match="trials, run: expected"):
        TrialTable(np.array([1]), np.array([1.0]), np.array([1]))
    with pytest.raises(InputError, match="trials, session: expected 1 trials, found 2"):
        TrialTable(np.array([1, 1]), np.array([1]), np.array([1]))


def test_zscore_of_a_constant_is_zero_whatever_its_rounding():
    values = np.full((63, 2), 0.1)
    values[:, 1] = RNG.normal(size=63)
    scores = zscore(values)
    assert not scores[:, 0].any()
    np.testing.assert_allclose([scores[:, 1].mean(), scores[:, 1].std()], [0, 1], atol=1e-12)


@pytest.mark.parametrize("constant", [0.0, np.nan])
def test_every_zscore_takes_a_column_without_spread_alike(constant):
    values = np.full((63, 3), 0.1, dtype=np.float32)
    values[5, 1], values[:, 2] = np.nan, np.inf
    scores = zscore(values, constant=constant)
    np.testing.assert_array_equal(scores[:, 0], np.full(63, constant))
    assert np.isnan(scores[:, 1:]).all()
    rows = np.arange(3)
    np.testing.assert_array_equal(zscore_features(values[:, :1], rows), np.zeros((63, 1)))


def test_runs_as_slices_need_trials_as_they_were_shown():
    one = TrialTable(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 1]), np.arange(4))
    assert one.runs() == (slice(0, 2), slice(2, 3), slice(3, 4))
    assert one.runs(2) == (slice(3, 4),)
    for session, run in (([1, 1, 1], [1, 2, 1]), ([2, 1, 1], [1, 1, 1])):
        shuffled = TrialTable(np.array(session), np.array(run), np.arange(3))
        with pytest.raises(InputError, match="sort the trials"):
            shuffled.runs()


def test_only_known_ways_are_taken():
    check_standardisation("within-run")
    with pytest.raises(InputError, match="expected one of within-run, global, none"):
        check_standardisation("per-session")


def test_zscores_use_the_fitting_rows_alone():
    features = RNG.normal(3, 2, (20, 4)).astype(np.float32)
    features[:, 2] = 5
    rows = np.arange(12)
    scores = zscore_features(features, rows)
    np.testing.assert_allclose(scores[rows].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scores[rows].std(axis=0), [1, 1, 0, 1], atol=1e-6)
    expected = (features[15, 0] - features[rows, 0].mean()) / features[rows, 0].std()
    assert scores[15, 0] == pytest.approx(expected, rel=1e-4)
