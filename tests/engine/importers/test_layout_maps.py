"""Runs of every layout of single trials are drawn: each vertex and voxel shows its own number."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis.masks import Masks
from jne_engine.analysis.slices import read_slices
from jne_engine.cortex.surfaces import load_cortex_vertices
from jne_engine.report.figures.slices import plot_slices
from jne_engine.runs.pipeline import compute_run
from jne_engine.viewer.scenes.maps import build_masked_scene
from tests.engine.importers.doors import DOORS
from tests.engine.importers.trial_layouts import GRAYORDINATES, LAYOUTS
from tests.engine.importers.trial_study import AFFINE, SPEC

EVERY = Masks(significant=False)


def fit(name, place):
    """Import a layout's miniature tree and run a tiny encoder; return study, run and its JNE."""
    study = DOORS[name].study()
    dataset = DOORS[name].open(study, place)
    run = compute_run(dataset, SPEC, place / "runs")
    return study, run, run.stage("dispersion").read_array("jne")


def place_gifti():
    """Columns are all 642 vertices, left then right; every 50th has responses."""
    at = np.arange(6) * 50
    return {"left": (at, at), "right": (at, 642 + at)}


def place_cifti():
    at = np.arange(6) * 1000
    return {"left": (at, np.arange(6)), "right": (at + 7, 6 + np.arange(6))}


def place_mosaic():
    n_left = load_cortex_vertices("left").size
    left, right = (GRAYORDINATES[s] for s in (n_left > GRAYORDINATES, n_left <= GRAYORDINATES))
    return {"left": (load_cortex_vertices("left")[left], left),
            "right": (load_cortex_vertices("right")[right - n_left], right)}  # fmt: skip


SURFACES = {"bids-gifti": place_gifti, "bids-cifti": place_cifti, "mosaic": place_mosaic}


@pytest.mark.parametrize("name", SURFACES)
def test_each_vertex_of_the_brain_shows_the_value_of_its_column(name, tmp_path):
    _, run, jne = fit(name, tmp_path)
    scene = build_masked_scene(run, ("jne",), EVERY)
    shown = next(m for m in scene.maps if m.name == "jne")
    for hemi, (vertices, columns) in SURFACES[name]().items():
        values = shown.values(hemi)
        assert np.isfinite(jne[columns]).all()
        np.testing.assert_array_equal(values[vertices], jne[columns].astype(np.float32))
        assert np.isfinite(values).sum() == len(vertices)


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_voxel_of_the_slices_shows_the_value_of_its_column(name, tmp_path):
    study, run, jne = fit(name, tmp_path)
    places = np.argwhere(study.mask())[study.columns]
    for column in (0, 5, 11):
        voxel = places[column]
        slices = read_slices(run, "jne", EVERY, tuple(voxel))
        assert (slices.column, slices.value) == (column, jne[column])
        np.testing.assert_allclose(slices.millimetres, (AFFINE @ [*voxel, 1])[:3])
        figure = plot_slices(slices)
        drawn = [t for t in figure.data if t.type == "heatmap" and t.coloraxis == "coloraxis"]
        for plane, picture in zip(slices.planes, drawn, strict=True):
            expected = np.full(plane.values.shape, np.nan, np.float32)
            for other, at in enumerate(places):
                if at[plane.across] == voxel[plane.across]:
                    expected[at[plane.up], at[plane.right]] = jne[other]
            np.testing.assert_array_equal(np.asarray(picture.z, np.float32), expected)
