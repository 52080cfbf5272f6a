"""Pairwise tests equal scipy's and statsmodels', pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests

from jne_engine.analysis.statistics import compare_pairs


@pytest.fixture
def groups():
    rng = np.random.default_rng(0)
    return [rng.normal(m, 1, n).round(1) for m, n in ((0, 30), (0.4, 25), (1.0, 40))]


def test_every_ordered_pair_is_scipys_test_with_its_q(groups):
    found = compare_pairs(groups)
    assert [(c.first, c.second) for c in found] == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    tests = [
        stats.mannwhitneyu(groups[c.first], groups[c.second], alternative="greater") for c in found
    ]
    np.testing.assert_allclose([c.p for c in found], [t.pvalue for t in tests])
    np.testing.assert_allclose([c.statistic for c in found], [t.statistic for t in tests])
    q = multipletests([t.pvalue for t in tests], method="fdr_bh")[1]
    np.testing.assert_allclose([c.q for c in found], q)


def test_the_effect_is_the_area_under_the_curve(groups):
    for c in compare_pairs(groups):
        both = np.concatenate([groups[c.first], groups[c.second]])
        labels = np.repeat([1, 0], [c.n_first, c.n_second])
        assert c.effect == pytest.approx(roc_auc_score(labels, both))
        assert c.rank_biserial == pytest.approx(2 * c.effect - 1)
        assert c.low < c.effect < c.high


def test_empty_groups_are_told_and_leave_the_others_alone(groups):
    with_empty = compare_pairs([groups[0], [], groups[2], [np.nan]])
    known = [c for c in with_empty if np.isfinite(c.p)]
    assert [(c.first, c.second) for c in known] == [(0, 2), (2, 0)]
    alone = compare_pairs([groups[0], groups[2]])
    assert [(c.p, c.q, c.effect) for c in known] == [(c.p, c.q, c.effect) for c in alone]
    assert all(np.isnan(c.q) and np.isnan(c.effect) for c in with_empty if c not in known)
