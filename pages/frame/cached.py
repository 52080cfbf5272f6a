"""Answers about runs, kept by run: the only way in which pages reach a store.

Keys are a run's folder, id and content hash, never an array: Streamlit samples large arrays for
its keys, so that two of them can share one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from jne_engine.analysis import (
    across,
    bending,
    comparisons,
    drawn_rois,
    embeddings,
    hierarchy,
    listing,
    nonlinearity,
    peaks,
    places,
    regions,
    roi_groups,
    selectivity,
    selectivity_index,
    slices,
    spins,
    stability,
    stability_maps,
    stimulus_maps,
    studies,
    subjects,
    summary,
    validation,
    variant_maps,
)
from jne_engine.analysis import maps as maps_queries
from jne_engine.analysis import masks as masks_queries
from jne_engine.analysis import vertices as vertices_queries
from jne_engine.analysis.claims import verdicts
from jne_engine.analysis.claims.evidence import Evidence
from jne_engine.analysis.listing import RunListing
from jne_engine.analysis.maps import read_significant
from jne_engine.analysis.masks import Masks
from jne_engine.analysis.spins import SpinSettings
from jne_engine.features.gabor_pictures import draw_filter
from jne_engine.report.export.formats import list_refusals as list_refusals_of
from jne_engine.report.export.methods import describe_methods as describe_methods_of
from jne_engine.report.figures.gallery import encode_picture
from jne_engine.runs.folder import VALIDATION, find_root, locate_results
from jne_engine.runs.grouping import Grouping
from jne_engine.runs.results import SimulationResult
from jne_engine.runs.store import Run
from jne_engine.viewer.scenes.maps import (
    build_difference_scene,
    build_group_scene,
    build_masked_scene,
    build_selection_scene,
)
from jne_engine.viewer.scenes.run import build_stimulus_scene, build_variant_scene
from jne_engine.viewer.scenes.surface import can_draw as can_draw_run
from pages.frame.ranges import parse_vertices


def _identify(run: Run) -> tuple[str, str, str, int]:
    """Return what tells one run's answers from another's; maps and ROIs may come later."""
    beside = variant_maps.stamp_variants(run) + stability_maps.stamp_stability(run)
    beside += drawn_rois.stamp_drawn(run)
    return str(run.path), run.run_id, run.manifest.key, beside


def _identify_grouping(grouping: Grouping) -> str:
    """Return what tells one grouping's answers from another's."""
    return grouping.digest


_KEYS: dict[Any, Callable[..., Any]] = {Run: _identify, Grouping: _identify_grouping}
_keep: Callable[..., Any] = partial(
    st.cache_data, max_entries=64, show_spinner=False, hash_funcs=_KEYS
)
_keep_many: Callable[..., Any] = partial(
    st.cache_data, max_entries=1024, show_spinner=False, hash_funcs=_KEYS
)
_hold: Callable[..., Any] = partial(
    st.cache_resource, max_entries=8, show_spinner=False, hash_funcs=_KEYS
)

summarise_run = _keep(summary.summarise_run)
tell_no_signal = _keep(summary.tell_no_signal)
summarise_nonlinearity = _keep(nonlinearity.summarise_nonlinearity)
has_nonlinearity = nonlinearity.has_nonlinearity
find_peaks = _keep(peaks.find_peaks)
average_regions = _keep(peaks.average_regions)
read_learning_curves = _keep(summary.read_learning_curves)
read_fits = _keep(summary.read_fits)
list_maps = _keep(maps_queries.list_maps)
list_refusals = _keep(list_refusals_of)
describe_methods = _keep(describe_methods_of)
list_places = _keep(summary.list_places)
tabulate_rois = _keep(regions.tabulate_rois)
tabulate_tiers = _keep(regions.tabulate_tiers)
read_groups = _keep(roi_groups.read_groups)
tabulate_trends = _keep(hierarchy.tabulate_trends)
tabulate_pairwise = _keep(hierarchy.tabulate_pairwise)
tabulate_subject_means = _keep(subjects.tabulate_subject_means)
compare_r2 = _keep(comparisons.compare_r2)
correlate_with_truth = _keep(comparisons.correlate_with_truth)
tabulate_recovery = _keep(comparisons.tabulate_recovery)
average_jne_ss = _keep(selectivity.average_jne_ss)
read_surface = maps_queries.read_surface
list_presets = _keep(maps_queries.list_presets)
list_drawn = drawn_rois.list_drawn
tabulate_masks = _keep(masks_queries.tabulate_masks)
read_variants = variant_maps.read_variants
explain_bends = _keep(bending.explain_bends)
read_bends = _keep(bending.read_bends)
tabulate_bend_ends = _keep(bending.tabulate_ends)
tabulate_bend_changes = _keep(bending.tabulate_changes)
explain_variants = _keep(variant_maps.explain_variants)
explain_stability = _keep(stability_maps.explain_stability)
explain_apart = _keep(across.explain_apart)
count_above_ceiling = _keep(maps_queries.count_above_ceiling)
find_above_ceiling = _hold(vertices_queries.find_above_ceiling)
find_selected = _hold(places.find_selected)
find_voxels = _keep(places.find_voxels)
can_draw = _keep(can_draw_run)
is_volume = _keep(slices.is_volume)
read_slices = _hold(slices.read_slices)
rank_voxels = _keep(slices.rank_voxels)
find_peak = _keep(slices.find_peak)
name_regions = _keep(vertices_queries.name_regions)
name_columns = _keep(regions.name_columns)
count_better = _keep(comparisons.count_better)
tabulate_vertices = _keep(vertices_queries.tabulate_vertices)
rank_vertex_stimuli = _keep(vertices_queries.rank_vertex_stimuli)
tabulate_pairs = _keep(comparisons.tabulate_pairs)
subtract_runs = _hold(across.subtract_runs)
average_subjects = _hold(across.average_subjects)
read_masked_scene = _hold(build_masked_scene)
read_selection_scene = _hold(build_selection_scene)
measure_stability = _hold(stability.measure_stability)
average_places = _keep_many(studies.average_places)
describe_run = _keep_many(studies.describe_run)
tell_why_bare = _keep(maps_queries.tell_why_bare)
average_stimulus_maps = _keep(stimulus_maps.average_stimulus_maps)
average_maps_by_category = _hold(stimulus_maps.average_maps_by_category)
_read_category_map = _keep(stimulus_maps.read_category_map)
read_run_embedding = _hold(embeddings.read_run_embedding)
_read_pictures = _hold(selectivity.read_pictures)


def list_runs() -> RunListing:
    """Return the runs that are there now; never kept, for a run may finish at any time."""
    return listing.list_runs(find_root())


def read_validation(name: str) -> SimulationResult | None:
    """Return a stored simulation, None where there is none; read anew, for one may be made."""
    return validation.read_validation(find_root(), name)


def tell_command(name: str, run: Run | None) -> str:
    """Return the command that makes a stored simulation where :func:`read_validation` looks."""
    if name != "variants" or run is None:
        return validation.tell_command(name, find_root() / VALIDATION)
    return validation.tell_command(name, locate_results(run.path), str(run.path))


def read_spin(run: Run, settings: SpinSettings) -> SimulationResult | None:
    """Return a stored spin test, None where there is none; read anew, for one may be made."""
    return spins.read_spin(find_root(), run, settings)


@_keep
def tabulate_group_means(run: Run, measure: str, by: Any, *, significant: bool) -> Any:
    """Return the mean of every group with its interval."""
    return roi_groups.tabulate_means(read_groups(run, measure, by, significant_only=significant))


@_keep
def tabulate_group_shares(
    run: Run, measure: str, by: Any, quantile: float, *, significant: bool
) -> Any:
    """Return the share of high voxels of every group with its interval."""
    cutoff = roi_groups.compute_cutoff(run, measure, quantile, significant_only=significant)
    groups = read_groups(run, measure, by, significant_only=significant)
    return roi_groups.tabulate_high_shares(groups, cutoff)


@_keep
def tabulate_group_matching(run: Run, measure: str, by: Any, *, significant: bool) -> Any:
    """Return how many voxels of every group are matched on R²."""
    groups = roi_groups.drop_empty(read_groups(run, measure, by, significant_only=significant))
    return hierarchy.tabulate_matching(groups, hierarchy.match_on_r2(groups))


@_keep
def fit_tier_model(runs: tuple[Run, ...], measure: str, *, significant: bool) -> Any:
    """Return the mixed model of the tiers over one run a subject, None where it cannot be."""
    means = tabulate_subject_means(runs, measure, "tier", significant_only=significant)
    return subjects.fit_tier_model(means)


@_keep
def _gather_claims(run: Run, part: str) -> Any:
    return verdicts.gather_claims(run, part)


@_keep
def _gather_subjects(run: Run, others: tuple[Run, ...]) -> Any:
    return verdicts.gather_claims(run, "subjects", others)


def gather_claims(run: Run, part: str, others: tuple[Run, ...]) -> dict[str, Evidence]:
    """Return one part of the evidence; a spin test is read anew, for one may be made."""
    if part == "spin":
        return verdicts.gather_claims(run, part)
    return _gather_subjects(run, others) if part == "subjects" else _gather_claims(run, part)


def tabulate_claims(run: Run, found: dict[str, Evidence]) -> Any:
    """Return the claims of evidence that was gathered already."""
    return verdicts.tabulate_claims(run, (), found)


def has_pictures(run: Run) -> bool:
    """Tell whether a run keeps pictures of its test stimuli."""
    return _read_pictures(run) is not None


@_keep
def encode_pictures(run: Run, rows: tuple[int, ...]) -> tuple[str, ...]:
    """Return the pictures of some test stimuli as data addresses."""
    pictures = _read_pictures(run)
    return tuple(encode_picture(pictures[row]) for row in rows)


@_keep
def encode_filters(columns: tuple[int, ...]) -> tuple[str, ...]:
    """Return the filters of some Gabor features as data addresses."""
    return tuple(encode_picture(draw_filter(column)) for column in columns)


def read_category_map(run: Run, grouping: Grouping, category: str) -> Any:
    """Return one category's mean JNE-SS map: alone where it is kept, else with all others."""
    if stimulus_maps.has_maps(run, grouping):
        return _read_category_map(run, grouping, category)
    return average_maps_by_category(run, grouping)[grouping.categories.index(category)]


@_keep
def rank_planted(run: Run, grouping: Grouping) -> Any:
    """Return how well planted categories are recovered at significant voxels, None without."""
    maps = average_maps_by_category(run, grouping)
    found = selectivity_index.rank_planted_categories(run, maps, grouping)
    return None if found is None else found[read_significant(run)[found["column"]]]


@_keep
def test_selectivity(run: Run, grouping: Grouping) -> Any:
    """Return the selectivity index of each category and place with its test."""
    return selectivity_index.compute_selectivity(average_jne_ss(run), grouping)


@_keep
def read_patch(run: Run, vertices: str) -> tuple[Any, int, int]:
    """Return JNE-SS over picked vertices, with how many have a response, and a significant one."""
    columns = places.find_columns(run, parse_vertices(vertices))
    return (
        stimulus_maps.read_profile(run, columns),
        columns.size,
        stimulus_maps.count_significant(run, columns),
    )


@_keep
def read_region(run: Run, names: tuple[str, ...], side: str) -> tuple[Any, int]:
    """Return JNE-SS over some regions of one side, with how many voxels of them are significant."""
    columns = places.find_region_columns(run, names, side or None)  # type: ignore[arg-type]
    profile = stimulus_maps.read_profile(run, columns)
    return profile, stimulus_maps.count_significant(run, columns)


@_hold
def read_stimulus_scene(
    run: Run, label: str, rows: tuple[int, ...], vertices: str, _values: Any
) -> Any:
    """Return the brain with the mean JNE-SS of some stimuli, whose rows stand for the values."""
    del rows  # part of the key only
    return build_stimulus_scene(run, _values, label=label, selected=parse_vertices(vertices))


@_hold
def read_variant_scene(run: Run, made: str, _variants: Any) -> Any:
    """Return the scene of the four variants; ``made`` tells one result from another."""
    del made  # part of the key only
    return build_variant_scene(run, _variants)


@_hold
def read_difference_scene(run: Run, other: Run, name: str, masks: Masks) -> Any:
    """Return the scene of a map in two runs and of their difference."""
    made = subtract_runs(run, other, name, significant=masks.significant)
    return build_difference_scene(run, other, name, masks, made)


@_hold
def read_group_scene(runs: tuple[Run, ...], name: str, masks: Masks) -> Any:
    """Return the scene of a map's mean and consistency over subjects."""
    made = average_subjects(runs, name, significant=masks.significant)
    return build_group_scene(runs, made, masks.preset)
