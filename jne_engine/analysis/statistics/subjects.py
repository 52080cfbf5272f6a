"""Over subjects: paired comparisons of their means, and a mixed model of the tiers."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import stats

from jne_engine.analysis.estimates import CONFIDENCE, estimate_mean
from jne_engine.core.arrays import Float64Array
from jne_engine.core.errors import InputError

MOST_EXACT = 14
"""Subjects up to which all sign flips are counted (16,384); beyond, random ones are."""

N_FLIPS = 10_000


@dataclass(frozen=True)
class PairedComparison:
    """A one-sided test over subjects that one mean exceeds another.

    Parameters
    ----------
    difference, low, high : float
        Mean difference over subjects, with Student's 95 % interval; NaN below two subjects.
    effect : float
        Cohen's d_z: mean difference over its standard deviation over subjects.
    p, smallest_p : float
        One-sided p by sign flips, and the smallest that so few subjects can reach.
    n : int
        Subjects with both means.
    n_positive : int
        Subjects whose difference is above 0.
    exact : bool
        Whether all sign flips were counted.
    """

    difference: float
    low: float
    high: float
    effect: float
    p: float
    smallest_p: float
    n: int
    n_positive: int
    exact: bool


@dataclass(frozen=True)
class MixedModel:
    """A linear mixed model: value ~ tier, with an intercept of its own for each subject.

    Parameters
    ----------
    slope, low, high : float
        Change of the value a tier, with Wald's 95 % interval, which few subjects make too narrow.
    z, p : float
        Wald's z and its one-sided p for a slope above 0.
    effect : float
        Slope over the standard deviation of the residuals.
    n_subjects, n_rows : int
        Subjects, and means that the model was fitted to.
    converged : bool
        What the fit says of itself.
    notes : tuple of str
        Warnings of the fit, a line each.
    """

    slope: float
    low: float
    high: float
    z: float
    p: float
    effect: float
    n_subjects: int
    n_rows: int
    converged: bool
    notes: tuple[str, ...] = ()


def compare_within_subjects(
    first: npt.ArrayLike, second: npt.ArrayLike, *, seed: int = 0
) -> PairedComparison:
    """Test whether subjects' means in one place exceed those in another.

    Under no difference each subject's difference could as well have the other sign. p is the
    share of all 2^n sign flips whose mean is at least the one found; of 10,000 random ones (and
    the one found) where there are more than 14 subjects.

    Parameters
    ----------
    first, second : array_like, shape (n_subjects,)
        One mean a subject; pairs that are not finite are left out.
    seed : int
        Seed of the random flips.

    Returns
    -------
    PairedComparison
        NaN throughout where no subject has both.
    """
    d = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    d = d[np.isfinite(d)]
    nan = float("nan")
    if d.size == 0:
        return PairedComparison(nan, nan, nan, nan, nan, nan, 0, 0, True)
    signs = _list_flips(d.size, seed)
    sums = signs @ d
    reached = float(np.mean(sums >= d.sum() - 1e-12 * np.abs(d).sum()))
    low, high, effect = _describe(d)
    return PairedComparison(
        float(d.mean()), low, high, effect, reached, 1 / len(signs),
        n=int(d.size), n_positive=int((d > 0).sum()), exact=d.size <= MOST_EXACT,
    )  # fmt: skip


def fit_mixed_model(
    values: npt.ArrayLike, tiers: npt.ArrayLike, subjects: Sequence[str]
) -> MixedModel:
    """Fit value ~ tier with a random intercept a subject, by restricted maximum likelihood.

    Parameters
    ----------
    values : array_like, shape (n_rows,)
        Means, for instance one a subject and tier; not finite rows are left out.
    tiers : array_like, shape (n_rows,)
        Place of each row in the hierarchy, as a number.
    subjects : sequence of str, length n_rows
        Whose mean it is.

    Raises
    ------
    InputError
        If fewer than two subjects, two tiers or four rows are there.

    References
    ----------
    Laird and Ware (1982), Biometrics 38, 963-974; fitted by statsmodels' MixedLM.
    """
    # Imported here: it takes a second, which pages without several subjects need not wait.
    from statsmodels.regression.mixed_linear_model import MixedLM

    y, x = np.asarray(values, dtype=np.float64), np.asarray(tiers, dtype=np.float64)
    known = np.isfinite(y) & np.isfinite(x)
    y, x, who = y[known], x[known], np.asarray(subjects, dtype=str)[known]
    _check_rows(x, who)
    design = np.column_stack([np.ones_like(x), x])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = MixedLM(y, design, groups=who).fit(reml=True)
        slope, error = float(fit.fe_params[1]), float(fit.bse_fe[1])
        scale = float(fit.scale)
    half, z = stats.norm.ppf(0.5 + CONFIDENCE / 2) * error, slope / error
    notes = tuple(dict.fromkeys(" ".join(str(w.message).split()) for w in caught))
    return MixedModel(
        slope, slope - half, slope + half, z, float(stats.norm.sf(z)), slope / np.sqrt(scale),
        n_subjects=len(set(who)), n_rows=len(y), converged=bool(fit.converged), notes=notes,
    )  # fmt: skip


def _check_rows(tiers: Float64Array, subjects: npt.NDArray[np.str_]) -> None:
    n_subjects, n_tiers = len(set(subjects)), len(set(tiers))
    if n_subjects < 2 or n_tiers < 2 or len(tiers) < 4:
        found = f"{n_subjects} subjects, {n_tiers} tiers, {len(tiers)} means"
        fix = "choose runs of more subjects"
        raise InputError("mixed model", "two subjects, two tiers and four means", found, fix)


def _list_flips(n: int, seed: int) -> Float64Array:
    """Return the signs of every flip, (n_flips, n); the first is the one found."""
    if n <= MOST_EXACT:
        return np.array(list(product((1.0, -1.0), repeat=n)))
    flips = np.random.default_rng(seed).choice([1.0, -1.0], size=(N_FLIPS, n))
    return np.vstack([np.ones(n), flips])


def _describe(d: Float64Array) -> tuple[float, float, float]:
    """Return Student's limits of the mean difference, and d_z."""
    spread = float(d.std(ddof=1)) if d.size > 1 else 0.0
    if spread == 0:
        return float("nan"), float("nan"), float("nan")
    mean = estimate_mean(d)
    return mean.low, mean.high, mean.value / spread
