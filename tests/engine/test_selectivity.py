"""Selectivity against plain loops: MoJ, MoM, index, permutation p, groupings, truth."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from jne_engine.analysis import (
    embeddings,
    groupings,
    places,
    selectivity,
    selectivity_index,
    stimulus_maps,
)
from jne_engine.analysis.maps import choose_roi_set, read_significant, read_surface
from jne_engine.analysis.selectivity_index import compute_index
from jne_engine.core.areas import WHOLE_BRAIN
from jne_engine.core.errors import InputError, StoreError
from jne_engine.jobs.kinds.embed import do_embed
from jne_engine.jobs.kinds.means import do_means, request_means
from jne_engine.model.spec import RunSpec
from jne_engine.runs.embedding import EmbeddingSettings
from jne_engine.runs.embedding_store import find_embedding, read_embedding, write_embedding
from jne_engine.runs.grouping import Grouping, group_labels
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.selections import SELECTIONS, StimulusSelection
from jne_engine.runs.stimulus_means import name_maps
from jne_engine.runs.store import Run, StageReader, read_features
from jne_engine.simulations.subject import simulate_subject
from tests.synthetic_run import ROI_NAMES, Recipe, plant, write_synthetic_run

LABELS = "labels:category"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(write_synthetic_run(tmp_path_factory.mktemp("runs")))


@pytest.fixture(scope="module")
def planted():
    return plant(Recipe())


@pytest.fixture(scope="module")
def stored(run):
    return run.stage("dispersion").read_array("jne_ss").astype(np.float64)


@pytest.fixture
def embedded(tmp_path):
    """Return a run with an embedding, made by the job's own function."""
    run = Run(write_synthetic_run(tmp_path))
    settings = EmbeddingSettings(most=5).to_dict()
    payload = {"run": str(run.path), "settings": settings}
    return run, do_embed(payload, Report(tmp_path), lambda: False)


class Report:
    """What a job's process gives the work."""

    def __init__(self, root):
        self.root, self.place = root, None

    def __call__(self, *_):
        """Take progress."""

    def identify(self, place, **_):
        self.place = place


def average_loop(stored, rows):
    """Average some stimuli's maps one by one."""
    total = np.zeros(stored.shape[1])
    for row in rows:
        total = total + stored[row]
    return total / len(rows)


def test_moj_is_the_mean_map_of_each_category(run, planted, stored):
    grouping = groupings.read_grouping(run, LABELS)
    maps = stimulus_maps.average_maps_by_category(run, grouping)
    assert maps.shape == (8, stored.shape[1])
    for number, category in enumerate(grouping.categories):
        rows = [i for i, c in enumerate(planted.categories) if c == category]
        np.testing.assert_allclose(maps[number], average_loop(stored, rows), rtol=1e-6)
        np.testing.assert_allclose(
            stimulus_maps.average_stimulus_maps(run, rows), maps[number], rtol=1e-6
        )


def test_all_stimuli_are_averaged_without_reading_any(run, stored, monkeypatch):
    monkeypatch.setattr(StageReader, "sum_rows", None)
    found = stimulus_maps.average_stimulus_maps(run, range(64))
    np.testing.assert_allclose(found, average_loop(stored, range(64)), rtol=1e-6)


def test_a_job_keeps_means_that_are_then_read_and_not_computed(tmp_path, stored, monkeypatch):
    run = Run(write_synthetic_run(tmp_path))
    monkeypatch.setattr("jne_engine.analysis.stimulus_maps.QUICK_VALUES", 0)
    monkeypatch.setattr("jne_engine.analysis.selectivity.QUICK_VALUES", 0)
    grouping, rows = groupings.read_grouping(run, LABELS), [3, 40, 41]
    members = stimulus_maps.mark_stimuli(run, rows)
    assert not stimulus_maps.is_quick(run, grouping.members)
    assert not stimulus_maps.is_quick(run, members)
    assert not selectivity.has_place_means(run)
    means = selectivity.average_jne_ss(run)
    named = (grouping.name, grouping.digest)
    for spec in (request_means(run.path), request_means(run.path, rows=rows),
                 request_means(run.path, grouping=named)):  # fmt: skip
        report = Report(tmp_path)
        place = do_means(json.loads(spec.payload_json()), report, lambda: False)
        assert place == report.place == do_means(spec.payload, report, lambda: False)
    monkeypatch.setattr(StageReader, "sum_rows", None)
    monkeypatch.setattr(StageReader, "sum_columns", None)
    assert stimulus_maps.is_quick(run, grouping.members)
    assert stimulus_maps.is_quick(run, members)
    assert selectivity.has_place_means(run)
    pd.testing.assert_frame_equal(selectivity.average_jne_ss(run), means)
    np.testing.assert_allclose(
        stimulus_maps.average_stimulus_maps(run, rows), average_loop(stored, rows), rtol=1e-6
    )
    maps = stimulus_maps.average_maps_by_category(run, grouping)
    for number, category in enumerate(grouping.categories):
        own = np.flatnonzero(grouping.member(category))
        np.testing.assert_allclose(maps[number], average_loop(stored, own), rtol=1e-6)
        np.testing.assert_array_equal(
            stimulus_maps.read_category_map(run, grouping, category), maps[number]
        )
    assert not list((tmp_path / "means").rglob("*.partial"))


def test_means_are_never_those_of_other_groups(run):
    labels = groupings.read_grouping(run, LABELS).members
    fewer = labels[:, 1:]
    assert len({name_maps(m) for m in (labels, fewer, labels[:, ::-1], labels.T)}) == 4


def test_mom_is_the_mean_of_moj_over_an_rois_significant_voxels(run, planted):
    grouping = groupings.read_grouping(run, LABELS)
    maps = stimulus_maps.average_maps_by_category(run, grouping)
    matrix = selectivity.average_by_category(selectivity.average_jne_ss(run), grouping)
    significant = read_significant(run)
    for roi, mask in zip(ROI_NAMES, planted.masks, strict=True):
        expected = maps[:, mask & significant].astype(np.float64).mean(axis=1)
        np.testing.assert_allclose(matrix[roi], expected, rtol=1e-6)


def test_a_stimulus_map_is_a_row_and_a_profile_a_column_of_the_store(run, stored):
    np.testing.assert_array_equal(
        stimulus_maps.read_stimulus_map(run, 5), stored[5].astype(np.float32)
    )
    np.testing.assert_allclose(stimulus_maps.average_stimulus_maps(run, [5]), stored[5], rtol=1e-6)
    columns = np.flatnonzero(read_significant(run))[[0, 7, 200]]
    profile = stimulus_maps.read_profile(run, columns)
    np.testing.assert_allclose(profile, stored[:, columns].mean(axis=1), rtol=1e-12)
    assert list(profile.index) == list(selectivity.average_jne_ss(run).index)


def test_only_significant_voxels_of_a_patch_count(run, stored):
    significant = read_significant(run)
    inside, outside = np.flatnonzero(significant)[3], np.flatnonzero(~significant)[:2]
    mixed = np.sort(np.append(outside, inside))
    np.testing.assert_allclose(
        stimulus_maps.read_profile(run, mixed), stored[:, inside], rtol=1e-12
    )
    assert stimulus_maps.count_significant(run, mixed) == 1
    assert stimulus_maps.read_profile(run, outside).isna().all()


def test_vertices_are_found_on_their_hemisphere(run):
    space = read_surface(run)
    found = places.find_columns(run, {"left": (7, 0), "right": (14, 15)})
    n_left = len(space.left)
    assert found.tolist() == [0, 1, n_left + 2]
    assert places.find_columns(run, {}).size == 0


@pytest.mark.parametrize("rows", [[], [-1], [64]])
def test_stimuli_that_are_not_there_are_refused(run, rows):
    with pytest.raises(InputError):
        stimulus_maps.average_stimulus_maps(run, rows)


def draw_means(n=40, n_places=3, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.exponential(size=(n, n_places))
    labels = ["a", "b", "b; c", "c"] * (n // 4)
    values[[i for i, label in enumerate(labels) if "a" in label], 0] += 1.5
    means = pd.DataFrame(values, columns=[f"place {i}" for i in range(n_places)])
    return means, group_labels(labels, name="labels:x", how="Drawn.")


def test_a_stimulus_may_have_several_labels():
    grouping = draw_means()[1]
    assert grouping.categories == ("a", "b", "c")
    assert grouping.sizes.tolist() == [10, 20, 20]
    assert grouping.labels()[:4] == ["a", "b", "b; c", "c"]
    with pytest.raises(InputError):
        grouping.member("d")


def test_the_index_and_its_test_equal_a_loop_over_shuffles():
    means, grouping = draw_means()
    n_permutations = 60
    table = selectivity_index.compute_selectivity(
        means, grouping, n_permutations=n_permutations, seed=3
    )
    rng = np.random.default_rng(3)
    shuffles = rng.permuted(np.tile(np.arange(len(means)), (n_permutations, 1)), axis=1)
    for row in table.itertuples():
        values = means[row.place].to_numpy()
        member = grouping.member(row.category)

        def index_of(sample, member=member):
            inside, outside = sample[member].mean(), sample[~member].mean()
            return (inside - outside) / (inside + outside)

        observed = index_of(values)
        assert table.loc[row.Index, "index"] == pytest.approx(observed, rel=1e-12)
        reached = sum(index_of(values[s]) >= observed - 1e-12 for s in shuffles)
        assert row.p == pytest.approx((1 + reached) / (1 + n_permutations))
    expected = multipletests(table["p"], method="fdr_bh")[1]
    np.testing.assert_allclose(table["q"], expected, rtol=1e-12)
    assert table.set_index(["category", "place"]).loc[("a", "place 0"), "p"] == 1 / 61


def test_the_interval_holds_the_percentiles_of_a_loop_over_resamples():
    means, grouping = draw_means()
    table = selectivity_index.compute_selectivity(
        means, grouping, n_permutations=5, n_resamples=80, seed=2
    )
    counts = np.random.default_rng(2).multinomial(40, np.full(40, 1 / 40), size=80)
    row = table.set_index(["category", "place"]).loc[("b", "place 1")]
    member, values, drawn = grouping.member("b"), means["place 1"].to_numpy(), []
    for count in counts:
        sample, inside = np.repeat(values, count), np.repeat(member, count)
        drawn.append(compute_index(sample[inside].mean(), sample[~inside].mean()))
    expected = np.percentile(np.array(drawn, dtype=float), [2.5, 97.5])
    np.testing.assert_allclose([row["low"], row["high"]], expected, rtol=1e-9)


def test_what_cannot_be_tested_is_nan_and_not_counted():
    means, _ = draw_means()
    means["place 2"] = np.nan
    everybody = Grouping("x", ("all",), np.ones((40, 1), dtype=bool), "")
    table = selectivity_index.compute_selectivity(means, everybody, n_permutations=5, n_resamples=5)
    assert table[["index", "low", "high", "p", "q"]].isna().all(axis=None)
    _, grouping = draw_means()
    table = selectivity_index.compute_selectivity(means, grouping, n_permutations=5, n_resamples=5)
    empty = table["place"] == "place 2"
    assert table.loc[empty, ["index", "p", "q"]].isna().all(axis=None)
    assert table.loc[~empty, ["index", "p", "q"]].notna().all(axis=None)
    assert list(selectivity_index.tabulate_leading_categories(table)["place"]) == [
        "place 0",
        "place 1",
    ]


def test_the_leading_category_has_the_largest_index_and_its_q():
    means, grouping = draw_means()
    table = selectivity_index.compute_selectivity(means, grouping)
    leaders = selectivity_index.tabulate_leading_categories(table).set_index("place")
    for place in means.columns:
        part = table[table["place"] == place].sort_values("index", ascending=False)
        assert leaders.loc[place, "category"] == part.iloc[0]["category"]
        assert leaders.loc[place, "q"] == part.iloc[0]["q"]
        assert leaders.loc[place, "runner_up"] == part.iloc[1]["category"]
    assert leaders.loc["place 0", "category"] == "a"
    assert leaders.loc["place 0", "significant"]


def test_an_embedding_is_shared_by_runs_of_the_same_features(embedded, tmp_path):
    run, folder = embedded
    features = read_features(run.stage("dataset"))
    assert features.shape == (64, 4)
    assert find_embedding(run, EmbeddingSettings(most=5)) == folder
    assert find_embedding(run) != folder
    other = Run(write_synthetic_run(tmp_path, name="Another name"))
    assert other.path != run.path
    assert find_embedding(other, EmbeddingSettings(most=5)) == folder
    assert read_embedding(folder).clusters.shape == (64,)
    assert not list(folder.parent.glob("*.steps"))


def test_clusters_group_stimuli_in_the_order_of_the_line(embedded):
    run, folder = embedded
    embedding = read_embedding(folder)
    target = find_embedding(run)
    write_embedding(target, embedding, EmbeddingSettings(), {})
    grouping = groupings.read_grouping(run, "clusters")
    assert grouping.categories[0] == "Cluster 1"
    np.testing.assert_array_equal(grouping.members.argmax(axis=1), embedding.clusters)
    table = embeddings.tabulate_embedding(embedding, ["s"] * 64, grouping)
    assert table["category"].astype(str).tolist() == [
        f"Cluster {c + 1}" for c in table["cluster"] - 1
    ]


def test_an_altered_embedding_is_refused(embedded):
    folder = embedded[1]
    path = folder / "stimuli.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(StoreError):
        read_embedding(folder)


def test_saved_selections_are_categories(tmp_path):
    run = Run(write_synthetic_run(tmp_path))
    ids = list(selectivity.average_jne_ss(run).index)
    SELECTIONS.save(tmp_path, StimulusSelection("one", tuple(ids[:5]), ("t",)))
    SELECTIONS.save(tmp_path, StimulusSelection("two", (*ids[3:6], "not here")))
    SELECTIONS.save(tmp_path, StimulusSelection("elsewhere", ("not here",)))
    names = groupings.list_groupings(run)
    assert list(names) == [LABELS, "selections", "tag:t"]
    grouping = groupings.read_grouping(run, "selections")
    assert grouping.categories == ("one", "two")
    assert [np.flatnonzero(m).tolist() for m in grouping.members.T] == [[0, 1, 2, 3, 4], [3, 4, 5]]
    assert groupings.read_grouping(run, "tag:t").categories == ("one",)
    with pytest.raises(InputError):
        groupings.read_grouping(run, "clusters")


def test_a_run_without_kept_features_says_so(run, tmp_path, monkeypatch):
    old = write_synthetic_run(tmp_path)
    stage = Run(old).stage("dataset")
    monkeypatch.setattr(type(stage), "has_array", lambda self, name: False)
    with pytest.raises(InputError, match="older run"):
        read_features(stage)


def test_planted_agreement_is_the_share_of_categories_below_the_planted_one(run):
    grouping = groupings.read_grouping(run, LABELS)
    maps = stimulus_maps.average_maps_by_category(run, grouping)
    found = selectivity_index.rank_planted_categories(run, maps, grouping)
    assert found.empty  # the synthetic truth names no category


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Return a small simulated subject's run."""
    data = simulate_subject(n_stimuli=3000, n_test=400, n_vertices=2000)
    spec = RunSpec(n_hidden=256, n_resamples=50)
    return compute_run(data, spec, tmp_path_factory.mktemp("simulated"))


def test_a_run_keeps_its_categories_maps_and_place_means(simulated, monkeypatch):
    stored = simulated.stage("dispersion").read_array("jne_ss").astype(np.float64)
    grouping, significant = (
        groupings.read_grouping(simulated, LABELS),
        read_significant(simulated),
    )
    monkeypatch.setattr(StageReader, "sum_rows", None)
    monkeypatch.setattr(StageReader, "sum_columns", None)
    assert stimulus_maps.has_maps(simulated, grouping)
    maps = stimulus_maps.average_maps_by_category(simulated, grouping)
    for number, category in enumerate(grouping.categories):
        own = np.flatnonzero(grouping.member(category))
        np.testing.assert_allclose(maps[number], average_loop(stored, own), rtol=1e-6)
    means = selectivity.average_jne_ss(simulated)
    for name in means.columns:
        rois = choose_roi_set(simulated)
        place = significant if name == WHOLE_BRAIN else significant & rois.mask(name)
        np.testing.assert_allclose(means[name], stored[:, place].mean(axis=1), rtol=1e-12)


def test_planted_categories_lead_their_rois_in_a_simulated_subject(simulated):
    grouping = groupings.read_grouping(simulated, LABELS)
    matrix = selectivity.average_by_category(selectivity.average_jne_ss(simulated), grouping)
    leads = matrix.idxmax()
    assert {leads["FFA-1"], leads["FFA-2"]} == {"face"}
    assert leads["EBA"] == "body"
    assert {leads["PPA"], leads["RSC"], leads["OPA"]} <= {"city", "outdoor", "indoor"}


def test_category_gating_is_recovered_in_a_simulated_subject(simulated):
    grouping = groupings.read_grouping(simulated, LABELS)
    maps = stimulus_maps.average_maps_by_category(simulated, grouping)
    found = selectivity_index.rank_planted_categories(simulated, maps, grouping)
    significant = read_significant(simulated)[found["column"]]
    for row in found.head(20).itertuples():
        values = dict(zip(grouping.categories, maps[:, row.column], strict=True))
        below = sum(value < values[row.planted] for value in values.values())
        assert row.agreement == below / 9
    assert found.loc[significant, "agreement"].mean() >= 0.8
