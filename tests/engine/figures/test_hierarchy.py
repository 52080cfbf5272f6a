"""The hierarchy's figures draw the tables' numbers, and names are inert."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis import hierarchy, roi_groups, subjects
from jne_engine.core.palettes import TIER_COLOURS
from jne_engine.report.figures.distributions import DRAWINGS, plot_distribution
from jne_engine.report.figures.hierarchy import plot_estimates, plot_significance, plot_subjects
from jne_engine.report.figures.template import format_p
from jne_engine.runs.store import Run
from tests.synthetic_run import ROI_NAMES, write_synthetic_run

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def run(synthetic_root):
    return Run(next(synthetic_root.glob("[!.]*")))


def test_curves_are_shares(run):
    groups = roi_groups.read_groups(run, by="tier")
    histogram = plot_distribution(groups, label="JNE", unit="u", draw="histogram")
    for trace in histogram.data:
        assert np.sum(trace.y) == pytest.approx(1)
    ecdf = plot_distribution(groups, label="JNE", unit="u", draw="ecdf")
    for trace, values in zip(ecdf.data, groups.values, strict=True):
        for x, y in zip(trace.x[1:-1], trace.y[1:-1], strict=True):
            assert np.mean(values <= x) == pytest.approx(y, abs=1 / len(values))
        assert trace.line.color in TIER_COLOURS.values()


def test_intervals_are_the_tables(run):
    table = roi_groups.tabulate_means(roi_groups.read_groups(run))
    trace = plot_estimates(table, "mean", axis="JNE (u)").data[0]
    np.testing.assert_allclose(trace.y + np.array(trace.error_y.array), table["high"])
    np.testing.assert_allclose(trace.y - np.array(trace.error_y.arrayminus), table["low"])


def test_the_matrix_is_the_papers(run):
    pairs = hierarchy.tabulate_pairwise(run)
    figure = plot_significance(pairs, ROI_NAMES)
    z = np.array(figure.data[0].z, dtype=float)
    for row in pairs.itertuples():
        at = ROI_NAMES.index(row.first), ROI_NAMES.index(row.second)
        assert z[at] == float(row.exceeds)
        hover = figure.data[0].customdata[at[0]][at[1]]
        assert format_p(row.q, "q") in hover
        assert f"{row.effect:.3f}" in hover
    assert np.isnan(np.diag(z)).all()


@pytest.mark.parametrize(
    ("p", "text"), [(0.0123, "p = 0.012"), (0.0, "p < 1e-300"), (np.nan, "p undefined")]
)
def test_p_is_written_for_people(p, text):
    assert format_p(p) == text


@pytest.mark.parametrize("draw", DRAWINGS)
def test_names_are_inert(tmp_path, draw):
    names = (SCRIPT, *ROI_NAMES[1:])
    run = Run(write_synthetic_run(tmp_path, roi_names=names, subject=SCRIPT))
    groups, means = roi_groups.read_groups(run), subjects.tabulate_subject_means([run], by="roi")
    for figure in (
        plot_distribution(groups, label="JNE", unit="u", draw=draw),
        plot_estimates(roi_groups.tabulate_means(groups), "mean", axis="a"),
        plot_significance(hierarchy.tabulate_pairwise(run), names),
        plot_subjects(means, axis="a"),
    ):
        assert "<script" not in figure.to_json()
