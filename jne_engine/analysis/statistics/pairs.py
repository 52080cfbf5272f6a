"""Which group exceeds which: one-sided Mann–Whitney tests over all ordered pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
import numpy.typing as npt
from scipy import stats

from jne_engine.analysis.estimates import keep_finite
from jne_engine.analysis.statistics.ranks import compute_effect, count_values
from jne_engine.model.scoring import correct_fdr


@dataclass(frozen=True)
class PairComparison:
    """A one-sided test that one group's values exceed another's.

    Parameters
    ----------
    first, second : int
        Groups; the test asks whether ``first`` exceeds ``second``.
    n_first, n_second : int
        Values of each.
    statistic, p, q : float
        Mann–Whitney's U of ``first``, one-sided p, and q over all ordered pairs.
    effect, low, high : float
        Probability that a value of ``first`` exceeds one of ``second``, with its 95 % interval.
    """

    first: int
    second: int
    n_first: int
    n_second: int
    statistic: float
    p: float
    q: float
    effect: float
    low: float
    high: float

    @property
    def rank_biserial(self) -> float:
        """The effect from −1 to 1: twice the probability, minus one."""
        return 2 * self.effect - 1


def compare_pairs(groups: Sequence[npt.ArrayLike]) -> tuple[PairComparison, ...]:
    """Test over all ordered pairs whether one group's values exceed the other's.

    Parameters
    ----------
    groups : sequence of array_like
        Values of each group; not finite ones are left out.

    Returns
    -------
    tuple of PairComparison
        All ordered pairs; p is NaN where a group is empty. q is Benjamini–Hochberg's over all
        of them.

    References
    ----------
    Mann and Whitney (1947), Ann. Math. Stat. 18, 50-60. McGraw and Wong (1992), Psychol. Bull.
    111, 361-365.
    """
    parts = [keep_finite(g) for g in groups]
    found = (_compare(parts, i, j) for i, j in permutations(range(len(parts)), 2))
    return correct_pairs(found)


def correct_pairs(found: Iterable[PairComparison]) -> tuple[PairComparison, ...]:
    """Return the same comparisons with Benjamini–Hochberg's q over all of them."""
    pairs = tuple(found)
    q = correct_fdr([pair.p for pair in pairs])
    return tuple(replace(pair, q=float(value)) for pair, value in zip(pairs, q, strict=True))


def _compare(parts: list[npt.NDArray[np.float64]], i: int, j: int) -> PairComparison:
    first, second = parts[i], parts[j]
    nan = float("nan")
    if first.size == 0 or second.size == 0:
        return PairComparison(i, j, first.size, second.size, nan, nan, nan, nan, nan, nan)
    test = stats.mannwhitneyu(first, second, alternative="greater")
    effect = compute_effect(count_values([second, first]))
    u, p = float(test.statistic), float(test.pvalue)
    return PairComparison(i, j, first.size, second.size, u, p, nan, *effect)
