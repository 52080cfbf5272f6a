"""Figures of layers and subjects draw the tables that they are given, and fade what is weak."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis import listing, studies
from jne_engine.core.palettes import ROI_COLOURS, TIER_COLOURS
from jne_engine.report.figures.layers import (
    plot_agreement,
    plot_layer_matrix,
    plot_layers,
    plot_subjects,
)
from tests.engine.figures.inks import check_inks
from tests.synthetic_run import write_synthetic_study

LABEL = {"label": "JNE", "unit": "u"}


@pytest.fixture(scope="module")
def stacked(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    write_synthetic_study(root, n_subjects=2, n_layers=3)
    return studies.stack_runs([
        (r.manifest.subject, r.manifest.layer, studies.average_places(r, "jne"))
        for r in listing.list_runs(root).runs
    ])  # fmt: skip


def averages_of(stacked, kind):
    return studies.average_over_subjects(stacked[stacked["kind"] == kind])


@pytest.mark.parametrize(("kind", "colours"), [("roi", ROI_COLOURS), ("tier", TIER_COLOURS)])
def test_lines_are_the_means_in_the_projects_colours(stacked, kind, colours):
    averages = averages_of(stacked, kind)
    figure = plot_layers(averages, **LABEL)
    lines = [t for t in figure.data if t.mode == "lines+markers"]
    bands = [t for t in figure.data if t.fill == "toself"]
    assert len(lines) == len(bands) == len(colours)
    for line, band, (place, colour) in zip(lines, bands, colours.items(), strict=True):
        own = averages[averages["place"] == place]
        np.testing.assert_array_equal(line.y, own["mean"])
        assert line.line.color == colour
        np.testing.assert_array_equal(band.y, [*own["high"], *own["low"][::-1]])
    assert figure.layout.yaxis.title.text == "Mean JNE (u)"


def test_weak_points_are_hollow_and_weak_cells_veiled(stacked):
    averages = averages_of(stacked, "roi")
    averages["weak"] = averages["layer"] == 1
    line = next(t for t in plot_layers(averages, **LABEL).data if t.mode == "lines+markers")
    assert list(line.marker.symbol) == ["circle", "circle-open", "circle"]
    values, veil, _ = plot_layer_matrix(averages, value="mean", **LABEL).data
    assert np.isnan(veil.z[:, [0, 2]]).all()
    assert (veil.z[:, 1] == 1).all()
    table = averages.pivot(index="place", columns="layer", values="mean")
    np.testing.assert_array_equal(values.z, table.loc[list(values.y)].to_numpy())


def test_a_dark_matrix_is_the_light_one_in_other_inks(stacked):
    averages = averages_of(stacked, "roi")
    averages["weak"] = averages["layer"] == 1
    check_inks(*(plot_layer_matrix(averages, value="mean", dark=d, **LABEL) for d in (False, True)))


def test_the_best_layer_has_the_star(stacked):
    averages = averages_of(stacked, "roi")
    texts = plot_layer_matrix(averages, value="r2", mark_best=True, **LABEL).data[2]
    best = studies.find_best_layers(averages).set_index("place")["best_layer"]
    starred = {y: int(x) for x, y, t in zip(texts.x, texts.y, texts.text, strict=True) if "★" in t}
    assert starred == best.to_dict()


def test_subjects_and_pairs_are_drawn_with_their_numbers(stacked):
    own = stacked[(stacked["layer"] == 1) & (stacked["kind"] == "roi")]
    averages = averages_of(stacked, "roi")
    mean = averages[averages["layer"] == 1]
    *subjects, bold = plot_subjects(own, mean, **LABEL).data
    assert [t.name for t in subjects] == ["S1", "S2"]
    for trace in subjects:
        np.testing.assert_array_equal(trace.y, own.loc[own["subject"] == trace.name, "mean"])
    np.testing.assert_array_equal(bold.y, mean["mean"])
    np.testing.assert_allclose(bold.y + bold.error_y.array, mean["high"])
    pairs = studies.correlate_subjects(stacked, 1)
    (dots,) = plot_agreement(pairs).data
    assert list(dots.y) == ["S1 – S2 (n = 10)"]
    np.testing.assert_array_equal(dots.x, pairs["r"])


def test_names_are_written_as_they_are(stacked):
    script = "<b>x</b>"
    named = stacked.replace({"place": {"V2": script}, "subject": {"S2": script}})
    averages = averages_of(named, "roi")
    own = named[(named["layer"] == 0) & (named["kind"] == "roi")]
    for figure in (
        plot_layers(averages, **LABEL),
        plot_layer_matrix(averages, value="mean", **LABEL),
        plot_subjects(own, averages[averages["layer"] == 0], **LABEL),
        plot_agreement(studies.correlate_subjects(named, 0)),
    ):
        labels = [str(t.name) for t in figure.data]
        labels += [str(v) for t in figure.data for v in (*np.ravel(t.x), *np.ravel(t.y))]
        labels += [str(t.hovertemplate) for t in figure.data]
        assert not any(script in label for label in labels)
