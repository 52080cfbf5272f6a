"""Answers about runs, kept by run: the only way in which pages reach a store.

Keys are a run's folder, id and content hash, never an array: Streamlit samples large arrays for
its keys, so that two of them can share one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from jne_engine import queries
from jne_engine.export.formats import list_refusals as list_refusals_of
from jne_engine.export.methods import describe_methods as describe_methods_of
from jne_engine.figures.cortex import build_stimulus_scene, build_variant_scene
from jne_engine.figures.gallery import encode_picture
from jne_engine.figures.map_scenes import (
    build_difference_scene,
    build_group_scene,
    build_masked_scene,
    build_selection_scene,
)
from jne_engine.queries import Grouping, Masks, RunListing
from jne_engine.simulations.results import SimulationResult
from jne_engine.store import Run
from pages.shared.ranges import parse_vertices


def _identify(run: Run) -> tuple[str, str, str, int]:
    """Return what tells one run's answers from another's; variants may be added to a run."""
    return str(run.path), run.run_id, run.manifest.key, queries.stamp_variants(run)


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

summarise_run = _keep(queries.summarise_run)
read_learning_curves = _keep(queries.read_learning_curves)
read_fits = _keep(queries.read_fits)
list_maps = _keep(queries.list_maps)
list_refusals = _keep(list_refusals_of)
describe_methods = _keep(describe_methods_of)
list_places = _keep(queries.list_places)
tabulate_rois = _keep(queries.tabulate_rois)
tabulate_tiers = _keep(queries.tabulate_tiers)
read_groups = _keep(queries.read_groups)
tabulate_trends = _keep(queries.tabulate_trends)
tabulate_pairwise = _keep(queries.tabulate_pairwise)
tabulate_subject_means = _keep(queries.tabulate_subject_means)
compare_r2 = _keep(queries.compare_r2)
correlate_with_truth = _keep(queries.correlate_with_truth)
tabulate_recovery = _keep(queries.tabulate_recovery)
average_jne_ss = _keep(queries.average_jne_ss)
list_presets = _keep(queries.list_presets)
tabulate_masks = _keep(queries.tabulate_masks)
explain_variants = _keep(queries.explain_variants)
explain_apart = _keep(queries.explain_apart)
count_above_ceiling = _keep(queries.count_above_ceiling)
find_above_ceiling = _hold(queries.find_above_ceiling)
find_selected = _hold(queries.find_selected)
find_voxels = _keep(queries.find_voxels)
name_regions = _keep(queries.name_regions)
tabulate_vertices = _keep(queries.tabulate_vertices)
rank_vertex_stimuli = _keep(queries.rank_vertex_stimuli)
tabulate_pairs = _keep(queries.tabulate_pairs)
subtract_runs = _hold(queries.subtract_runs)
average_subjects = _hold(queries.average_subjects)
read_masked_scene = _hold(build_masked_scene)
read_selection_scene = _hold(build_selection_scene)
average_places = _keep_many(queries.average_places)
describe_run = _keep_many(queries.describe_run)
tell_why_bare = _keep(queries.tell_why_bare)
average_stimulus_maps = _keep(queries.average_stimulus_maps)
average_maps_by_category = _hold(queries.average_maps_by_category)
_read_category_map = _keep(queries.read_category_map)
read_run_embedding = _hold(queries.read_run_embedding)
_read_pictures = _hold(queries.read_pictures)


def find_root() -> Path:
    """Return the folder of runs: ``$JNE_RUNS``, else ``runs`` where the app was started."""
    return Path(os.environ.get("JNE_RUNS", "runs"))


def list_runs() -> RunListing:
    """Return the runs that are there now; never kept, for a run may finish at any time."""
    return queries.list_runs(find_root())


def read_validation(name: str) -> SimulationResult | None:
    """Return a stored simulation, None where there is none; read anew, for one may be made."""
    return queries.read_validation(find_root(), name)


def tell_command(name: str, run: Run | None) -> str:
    """Return the command that makes a stored simulation where :func:`read_validation` looks."""
    path = None if run is None else str(run.path)
    return queries.tell_command(name, find_root() / queries.VALIDATION, path)


def read_spin(run: Run, settings: queries.SpinSettings) -> SimulationResult | None:
    """Return a stored spin test, None where there is none; read anew, for one may be made."""
    return queries.read_spin(find_root(), run, settings)


@_keep
def tabulate_group_means(run: Run, measure: str, by: Any, *, significant: bool) -> Any:
    """Return the mean of every group with its bootstrap interval."""
    return queries.tabulate_means(read_groups(run, measure, by, significant_only=significant))


@_keep
def tabulate_group_shares(
    run: Run, measure: str, by: Any, quantile: float, *, significant: bool
) -> Any:
    """Return the share of high voxels of every group with its bootstrap interval."""
    cutoff = queries.compute_cutoff(run, measure, quantile, significant_only=significant)
    groups = read_groups(run, measure, by, significant_only=significant)
    return queries.tabulate_high_shares(groups, cutoff)


@_keep
def tabulate_group_matching(run: Run, measure: str, by: Any, *, significant: bool) -> Any:
    """Return how many voxels of every group are matched on R²."""
    groups = queries.drop_empty(read_groups(run, measure, by, significant_only=significant))
    return queries.tabulate_matching(groups, queries.match_on_r2(groups))


@_keep
def fit_tier_model(runs: tuple[Run, ...], measure: str, *, significant: bool) -> Any:
    """Return the mixed model of the tiers over one run a subject, None where it cannot be."""
    means = tabulate_subject_means(runs, measure, "tier", significant_only=significant)
    return queries.fit_tier_model(means)


@_keep
def _gather_claims(run: Run, part: str) -> Any:
    """Return one part of the evidence that one run gives by itself."""
    return queries.gather_claims(run, part)


@_keep
def _gather_subjects(run: Run, others: tuple[Run, ...]) -> Any:
    """Return the evidence over subjects."""
    return queries.gather_claims(run, "subjects", others)


def gather_claims(run: Run, part: str, others: tuple[Run, ...]) -> dict[str, queries.Evidence]:
    """Return one part of the evidence; a spin test is read anew, for one may be made."""
    if part == "spin":
        return queries.gather_claims(run, part)
    return _gather_subjects(run, others) if part == "subjects" else _gather_claims(run, part)


def tabulate_claims(run: Run, found: dict[str, queries.Evidence]) -> Any:
    """Return the claims of evidence that was gathered already."""
    return queries.tabulate_claims(run, (), found)


def has_pictures(run: Run) -> bool:
    """Tell whether a run keeps pictures of its test stimuli."""
    return _read_pictures(run) is not None


@_keep
def encode_pictures(run: Run, rows: tuple[int, ...]) -> tuple[str, ...]:
    """Return the pictures of some test stimuli as data addresses."""
    pictures = _read_pictures(run)
    return tuple(encode_picture(pictures[row]) for row in rows)


def read_category_map(run: Run, grouping: Grouping, category: str) -> Any:
    """Return one category's mean JNE-SS map: alone where it is kept, else with all others."""
    if queries.has_maps(run, grouping):
        return _read_category_map(run, grouping, category)
    return average_maps_by_category(run, grouping)[grouping.categories.index(category)]


@_keep
def rank_planted(run: Run, grouping: Grouping) -> Any:
    """Return how well planted categories are recovered at significant voxels, None without."""
    maps = average_maps_by_category(run, grouping)
    found = queries.rank_planted_categories(run, maps, grouping)
    return None if found is None else found[queries.read_significant(run)[found["column"]]]


@_keep
def test_selectivity(run: Run, grouping: Grouping) -> Any:
    """Return the selectivity index of each category and place with its test."""
    return queries.compute_selectivity(average_jne_ss(run), grouping)


@_keep
def read_patch(run: Run, vertices: str) -> tuple[Any, int, int]:
    """Return JNE-SS over picked vertices, with how many have a response, and a significant one."""
    columns = queries.find_columns(run, parse_vertices(vertices))
    return queries.read_profile(run, columns), columns.size, queries.count_significant(run, columns)


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
