"""Differences, means and consistency over runs equal loops over vertices."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from jne_engine.analysis import across, maps
from jne_engine.analysis.subjects import list_alike
from jne_engine.core.errors import InputError
from jne_engine.runs.store import Run
from tests.synthetic_run import write_synthetic_run

SIZES = (24, 20, 27)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Write three subjects that share only some vertices."""
    root = tmp_path_factory.mktemp("subjects")
    return tuple(
        Run(write_synthetic_run(root, subject=f"s{i}", seed=i, n_per_roi=n))
        for i, n in enumerate(SIZES)
    )


def by_vertex(run, name):
    """Return a run's value and significance by (hemisphere, vertex)."""
    space = maps.read_surface(run)
    values, significant = maps.read_map(run, name), maps.read_significant(run)
    places = [("left", v) for v in space.left] + [("right", v) for v in space.right]
    return {
        (hemi, int(v)): (float(values[i]), bool(significant[i]))
        for i, (hemi, v) in enumerate(places)
    }


def places_of(group):
    return [("left", int(v)) for v in group.space.left] + [
        ("right", int(v)) for v in group.space.right
    ]


@pytest.mark.parametrize("significant", [True, False])
def test_difference_is_taken_at_the_vertices_of_both(runs, significant):
    a, b = by_vertex(runs[0], "jne"), by_vertex(runs[1], "jne")
    made = across.subtract_runs(runs[0], runs[1], "jne", significant=significant)
    assert set(places_of(made)) == set(a) | set(b)
    for place, value, shown in zip(places_of(made), made.values, made.shown, strict=True):
        both = place in a and place in b
        expected = a[place][0] - b[place][0] if both else math.nan
        assert value == np.float32(expected) or (math.isnan(value) and math.isnan(expected))
        keep = both and not math.isnan(expected)
        assert shown == (keep and (not significant or (a[place][1] and b[place][1])))
    assert made.n_values == sum(not math.isnan(v) for v in made.values)


@pytest.mark.parametrize("significant", [True, False])
def test_mean_sd_share_and_n_over_subjects(runs, significant):
    tables = [by_vertex(run, "gain") for run in runs]
    mean, sd, share, n = across.average_subjects(runs, "gain", significant=significant)
    places = places_of(mean)
    assert set(places) == set().union(*tables)
    for row, place in enumerate(places):
        there = [t[place] for t in tables if place in t and not math.isnan(t[place][0])]
        values, hits = [v for v, _ in there], sum(s for _, s in there)
        assert np.nan_to_num(n.values[row]) == len(there)
        if len(there) < 2:
            assert np.isnan([m.values[row] for m in (mean, sd, share)]).all()
            assert not mean.shown[row]
            continue
        assert mean.values[row] == pytest.approx(statistics.mean(values), rel=1e-6)
        assert sd.values[row] == pytest.approx(statistics.stdev(values), rel=1e-5, abs=1e-7)
        assert share.values[row] == np.float32(hits / len(there))
        assert mean.shown[row] == (not significant or hits >= 2)


def test_a_run_minus_itself_is_zero(runs):
    made = across.subtract_runs(runs[0], runs[0], "r2_linear", significant=False)
    assert (made.values[made.shown] == 0).all()
    assert made.shown.any()


def test_runs_apart_are_told_why_and_what_to_do(runs, tmp_path):
    def make(**choices):
        return Run(write_synthetic_run(tmp_path, **choices))

    first = runs[0]
    nowhere = make(with_space=False, seed=5)
    elsewhere = make(surface="fsaverage", seed=6)
    own, others = (make(surface="my-own", subject=s, seed=7 + i) for i, s in enumerate("ab"))
    again = make(surface="my-own", subject="a", seed=9)
    assert across.explain_apart(runs) == ""
    assert across.explain_apart((own, again)) == ""
    for pair, word in (
        ((first, nowhere), "does not lie on a surface"),
        ((nowhere, first), "does not lie on a surface"),
        ((first, elsewhere), "they share no vertices"),
        ((own, others), "subject's own surface"),
    ):
        reason = across.explain_apart(pair)
        assert word in reason
        assert "\n" not in reason
        assert "Import" in reason
        with pytest.raises(InputError):
            across.subtract_runs(*pair, "jne")


def test_one_run_a_subject_and_maps_of_numbers_only(runs):
    assert across.choose_subjects((runs[0], runs[1], runs[0])) == (runs[:2], ())
    with pytest.raises(InputError, match="different subjects"):
        across.average_subjects((runs[0], runs[0]), "jne")
    with pytest.raises(InputError, match="different subjects"):
        across.average_subjects(runs[:1], "jne")
    with pytest.raises(InputError, match="labels"):
        across.subtract_runs(runs[0], runs[1], "roi")


def test_runs_alike_but_for_subject_or_layer_are_listed_by_what_differs(tmp_path):
    made = {
        (subject, layer, seed): Run(
            write_synthetic_run(tmp_path, subject=subject, layer=layer, spec={"seed": seed})
        )
        for subject, layer, seed in (
            ("a", 0, 0), ("a", 2, 0), ("a", 1, 0), ("a", 1, 7), ("b", 0, 0), ("c", 0, 7),
            ("d", 1, 0),
        )
    }  # fmt: skip
    found = list_alike(made["a", 0, 0], tuple(made.values()))
    ids = {label: [run.run_id for run in runs] for label, runs in found.items()}
    assert ids == {
        "Other subjects, same layer": [made["b", 0, 0].run_id],
        "Other layers, same subject": [made["a", 1, 0].run_id, made["a", 2, 0].run_id],
    }
    assert list_alike(made["c", 0, 7], tuple(made.values())) == {}
