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
from jne_engine.queries.listing import RunListing, list_runs
from jne_engine.queries.maps import (
    choose_roi_set,
    count_shown,
    list_maps,
    read_map,
    read_run_projection,
    read_significant,
    read_surface,
    scatter_to_surface,
    select_above,
    select_shown,
    tell_why_bare,
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
    list_category_columns,
    normalise_columns,
    rank_stimuli,
    read_categories,
    read_pictures,
    tabulate_category_means,
)
from jne_engine.queries.statistics import Correlation, correlate
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
    "JNE_UNIT",
    "MAPS",
    "R2_UNIT",
    "VALIDATION",
    "VARIANT_MAPS",
    "WHOLE_BRAIN",
    "Correlation",
    "MapInfo",
    "RunListing",
    "average_by_category",
    "average_jne_ss",
    "choose_roi_set",
    "compare_r2",
    "compare_sample_size",
    "correlate",
    "correlate_with_truth",
    "count_shown",
    "has_truth",
    "list_category_columns",
    "list_departures",
    "list_maps",
    "list_places",
    "list_runs",
    "normalise_columns",
    "rank_stimuli",
    "read_categories",
    "read_fits",
    "read_learning_curves",
    "read_map",
    "read_pairs",
    "read_pictures",
    "read_run_projection",
    "read_significant",
    "read_surface",
    "read_validation",
    "scatter_to_surface",
    "select_above",
    "select_shown",
    "summarise_run",
    "tabulate_category_means",
    "tabulate_recovery",
    "tabulate_rois",
    "tabulate_tiers",
    "tabulate_voxels",
    "tell_command",
    "tell_why_bare",
]
