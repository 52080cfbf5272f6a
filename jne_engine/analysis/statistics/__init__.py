"""Statistics of groups of voxels, of subjects, and of whole maps.

Plain arrays in, frozen dataclasses out, each with its counts, an interval and an effect size.
Voxels are taken as independent in all but :mod:`~jne_engine.analysis.statistics.spins`; neighbours
are not, so that those intervals and p-values are lower bounds of the real uncertainty.
"""

from jne_engine.analysis.statistics.matching import (
    Matching,
    compare_matched_pairs,
    compute_matched_trend,
    match_groups,
)
from jne_engine.analysis.statistics.pairs import PairComparison, compare_pairs
from jne_engine.analysis.statistics.sphere import (
    draw_rotations,
    measure_areas,
    measure_distortion,
    measure_narrowing,
    mirror_rotations,
    spin_columns,
)
from jne_engine.analysis.statistics.spins import (
    SpinTest,
    spin_correlations,
    spin_differences,
    spin_trend,
)
from jne_engine.analysis.statistics.subjects import (
    MixedModel,
    PairedComparison,
    compare_within_subjects,
    fit_mixed_model,
)
from jne_engine.analysis.statistics.trend import Trend, compute_trend

__all__ = [
    "Matching",
    "MixedModel",
    "PairComparison",
    "PairedComparison",
    "SpinTest",
    "Trend",
    "compare_matched_pairs",
    "compare_pairs",
    "compare_within_subjects",
    "compute_matched_trend",
    "compute_trend",
    "draw_rotations",
    "fit_mixed_model",
    "match_groups",
    "measure_areas",
    "measure_distortion",
    "measure_narrowing",
    "mirror_rotations",
    "spin_columns",
    "spin_correlations",
    "spin_differences",
    "spin_trend",
]
