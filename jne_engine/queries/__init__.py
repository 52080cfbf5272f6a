"""What pages, the command line and reports may ask of a stored run.

Numbers only: numpy and pandas in, tables, arrays and plain values out. Nothing here
fits, draws, or knows a page.
"""

from jne_engine.queries.catalogue import JNE_SS_UNIT, JNE_UNIT, MAPS, R2_UNIT, VARIANT_MAPS, MapInfo
from jne_engine.queries.comparisons import (
    compare_r2,
    correlate_with_truth,
    has_truth,
    read_pairs,
    tabulate_recovery,
)
from jne_engine.queries.embeddings import (
    find_run_embedding,
    read_run_embedding,
    tabulate_embedding,
    tabulate_silhouettes,
)
from jne_engine.queries.groupings import (
    Grouping,
    list_groupings,
    read_grouping,
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
    tabulate_voxels,
)
from jne_engine.queries.selectivity import (
    average_by_category,
    average_jne_ss,
    normalise_columns,
    rank_stimuli,
    read_pictures,
    tabulate_category_means,
)
from jne_engine.queries.selectivity_index import (
    N_PERMUTATIONS,
    N_RESAMPLES,
    compute_selectivity,
    rank_planted_categories,
    tabulate_leading_categories,
)
from jne_engine.queries.statistics import Correlation, correlate
from jne_engine.queries.stimulus_maps import (
    average_maps_by_category,
    average_stimulus_maps,
    count_significant,
    find_columns,
    read_profile,
    read_stimulus_map,
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
    "JNE_SS_UNIT",
    "JNE_UNIT",
    "MAPS",
    "N_PERMUTATIONS",
    "N_RESAMPLES",
    "R2_UNIT",
    "VALIDATION",
    "VARIANT_MAPS",
    "WHOLE_BRAIN",
    "Correlation",
    "Grouping",
    "MapInfo",
    "RunListing",
    "average_by_category",
    "average_jne_ss",
    "average_maps_by_category",
    "average_stimulus_maps",
    "choose_roi_set",
    "compare_r2",
    "compare_sample_size",
    "compute_selectivity",
    "correlate",
    "correlate_with_truth",
    "count_shown",
    "count_significant",
    "find_columns",
    "find_run_embedding",
    "has_truth",
    "list_departures",
    "list_groupings",
    "list_maps",
    "list_places",
    "list_runs",
    "normalise_columns",
    "rank_planted_categories",
    "rank_stimuli",
    "read_fits",
    "read_grouping",
    "read_learning_curves",
    "read_map",
    "read_pairs",
    "read_pictures",
    "read_profile",
    "read_run_embedding",
    "read_significant",
    "read_stimulus_map",
    "read_surface",
    "read_validation",
    "scatter_to_surface",
    "select_shown",
    "summarise_run",
    "tabulate_category_means",
    "tabulate_embedding",
    "tabulate_leading_categories",
    "tabulate_recovery",
    "tabulate_rois",
    "tabulate_silhouettes",
    "tabulate_tiers",
    "tabulate_voxels",
    "tell_command",
]
