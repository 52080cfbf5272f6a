"""What pages, the command line and reports may ask of a stored run.

Numbers only: numpy and pandas in, tables, arrays and plain values out. Nothing here
fits, draws, or knows a page.
"""

from jne_engine.queries.catalogue import JNE_UNIT, MAPS, R2_UNIT, VARIANT_MAPS, MapInfo
from jne_engine.queries.comparisons import (
    compare_r2,
    correlate_with_truth,
    has_truth,
    read_pairs,
    tabulate_recovery,
)
from jne_engine.queries.hierarchy import (
    BY,
    Groups,
    compute_cutoff,
    compute_tier_trend,
    drop_empty,
    match_on_r2,
    read_groups,
    tabulate_group_pairs,
    tabulate_high_shares,
    tabulate_matching,
    tabulate_means,
    tabulate_pairs,
    tabulate_trends,
)
from jne_engine.queries.listing import RunListing, list_runs
from jne_engine.queries.maps import (
    choose_roi_set,
    count_shown,
    list_maps,
    read_map,
    read_significant,
    read_surface,
    scatter_to_surface,
    select_shown,
)
from jne_engine.queries.regions import (
    WHOLE_BRAIN,
    tabulate_rois,
    tabulate_tiers,
)
from jne_engine.queries.selectivity import (
    average_by_category,
    average_jne_ss,
    list_category_columns,
    normalise_columns,
    rank_stimuli,
    read_categories,
    read_pictures,
    tabulate_category_means,
)
from jne_engine.queries.spins import (
    SpinSettings,
    compute_spin,
    read_spin,
    tell_why_not_spun,
)
from jne_engine.queries.statistics import Correlation, correlate
from jne_engine.queries.subjects import (
    choose_one_a_subject,
    compare_subjects,
    fit_tier_model,
    tabulate_subject_means,
)
from jne_engine.queries.summary import (
    list_places,
    read_fits,
    read_learning_curves,
    summarise_run,
)
from jne_engine.queries.validation import (
    VALIDATION,
    compare_sample_size,
    list_departures,
    read_validation,
    tell_command,
)

__all__ = [
    "BY",
    "JNE_UNIT",
    "MAPS",
    "R2_UNIT",
    "VALIDATION",
    "VARIANT_MAPS",
    "WHOLE_BRAIN",
    "Correlation",
    "Groups",
    "MapInfo",
    "RunListing",
    "SpinSettings",
    "average_by_category",
    "average_jne_ss",
    "choose_one_a_subject",
    "choose_roi_set",
    "compare_r2",
    "compare_sample_size",
    "compare_subjects",
    "compute_cutoff",
    "compute_spin",
    "compute_tier_trend",
    "correlate",
    "correlate_with_truth",
    "count_shown",
    "drop_empty",
    "fit_tier_model",
    "has_truth",
    "list_category_columns",
    "list_departures",
    "list_maps",
    "list_places",
    "list_runs",
    "match_on_r2",
    "normalise_columns",
    "rank_stimuli",
    "read_categories",
    "read_fits",
    "read_groups",
    "read_learning_curves",
    "read_map",
    "read_pairs",
    "read_pictures",
    "read_significant",
    "read_spin",
    "read_surface",
    "read_validation",
    "scatter_to_surface",
    "select_shown",
    "summarise_run",
    "tabulate_category_means",
    "tabulate_group_pairs",
    "tabulate_high_shares",
    "tabulate_matching",
    "tabulate_means",
    "tabulate_pairs",
    "tabulate_recovery",
    "tabulate_rois",
    "tabulate_subject_means",
    "tabulate_tiers",
    "tabulate_trends",
    "tell_command",
    "tell_why_not_spun",
]
