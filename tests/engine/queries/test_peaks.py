"""Peaks and region means against slow loops in float64."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis.comparisons import count_better
from jne_engine.analysis.maps import choose_roi_set, read_map, read_significant, read_surface
from jne_engine.analysis.masks import Masks, select_masked
from jne_engine.analysis.peaks import average_regions, find_peaks
from jne_engine.analysis.regions import name_columns
from jne_engine.cortex.spaces import HEMISPHERES
from jne_engine.cortex.surfaces import find_mni_affine, load_surface
from jne_engine.runs.store import Run

SHOWN = Masks(threshold=0.2)


@pytest.fixture(scope="module")
def run(synthetic_root):
    return Run(next(synthetic_root.glob("[!.]*")))


def peaks_by_loops(run, name, masks, radius):
    """Return (size, hemi, vertex, column) of every local maximum, by comparing all pairs."""
    space, values = read_surface(run), read_map(run, name).astype(np.float64)
    shown, out = select_masked(run, name, masks), []
    for hemi in HEMISPHERES:
        points = load_surface(space.surface, "midthickness")[hemi].coordinates.astype(np.float64)
        own = [
            (c, int(v))
            for c, v in zip(
                range(space.n_voxels)[space.columns(hemi)], space.vertices(hemi), strict=True
            )
            if shown[c]
        ]
        for column, vertex in own:
            rivals = [
                c
                for c, v in own
                if np.linalg.norm(points[v] - points[vertex]) <= radius
                and (values[c], -c) > (values[column], -column)
            ]
            if not rivals:
                out.append((values[column], hemi, vertex, column))
    return sorted(out, key=lambda peak: (-peak[0], peak[3]))


@pytest.mark.parametrize("radius", [2.0, 10.0, 40.0])
def test_peaks_are_the_largest_shown_values_around(run, radius):
    assert read_surface(run).surface == "fsLR32k"
    found = find_peaks(run, "jne", SHOWN, n_peaks=6, radius_mm=radius)
    expected = peaks_by_loops(run, "jne", SHOWN, radius)[:6]
    assert len(expected) > 1
    got = found[["hemisphere", "vertex", "column"]].itertuples(index=False)
    assert [tuple(row) for row in got] == [peak[1:] for peak in expected]
    stored = read_map(run, "jne")
    for value, column in zip(found["value"], found["column"], strict=True):
        assert np.float32(value).tobytes() == stored[column].tobytes()


def test_a_peak_has_its_place_in_mni_space_and_its_rois(run):
    found, rois = find_peaks(run, "jne", Masks()), choose_roi_set(run)
    affine = find_mni_affine("fsLR32k")
    for row in found.itertuples():
        point = load_surface("fsLR32k", "midthickness")[row.hemisphere].coordinates[row.vertex]
        expected = [sum(affine[k, j] * float(point[j]) for j in range(3)) + affine[k, 3]
                    for k in range(3)]  # fmt: skip
        assert [row.x, row.y, row.z] == pytest.approx(expected, abs=1e-9)
        names = [n for n, m in zip(rois.names, rois.masks, strict=True) if m[row.column]]
        assert row.region == ", ".join(names)


def test_only_templates_have_mni_coordinates():
    assert find_mni_affine("my-own") is None
    assert find_mni_affine("fsLR32k").tolist() == np.eye(4).tolist()
    origin = find_mni_affine("fsaverage6") @ [10.0, -20.0, 35.0, 1.0]
    assert origin[:3] == pytest.approx([10.695, -18.406, 36.138], abs=5e-3)  # FreeSurfer's example


def test_runs_without_known_coordinates_have_no_peaks(make_root):
    for lack in ({"with_space": False}, {"surface": "my-own"}):
        root = make_root(**lack)
        assert find_peaks(Run(next(root.glob("[!.]*"))), "jne", Masks()).empty


def test_region_means_are_over_the_shown_voxels(run):
    found = average_regions(run, "jne", SHOWN).set_index("region")
    values, shown = read_map(run, "jne"), select_masked(run, "jne", SHOWN)
    rois = choose_roi_set(run)
    assert list(found.index) == list(rois.names)
    for name, mask in zip(rois.names, rois.masks, strict=True):
        own = [float(values[c]) for c in range(len(values)) if mask[c] and shown[c]]
        assert found.loc[name, "n"] == len(own)
        assert found.loc[name, "mean"] == pytest.approx(sum(own) / len(own), rel=1e-12)


def test_a_run_without_rois_has_no_region_means(make_root):
    run = Run(next(make_root(with_rois=False).glob("[!.]*")))
    assert average_regions(run, "jne", Masks()).empty


def test_columns_are_named_by_the_rois_that_hold_them(run):
    rois = choose_roi_set(run)
    for column, name in enumerate(name_columns(run, range(40))):
        own = [n for n, m in zip(rois.names, rois.masks, strict=True) if m[column]]
        assert name == ", ".join(own)


def test_the_better_encoder_is_counted_voxel_by_voxel(run):
    linear, nonlinear = read_map(run, "r2_linear"), read_map(run, "r2_nonlinear")
    inside = choose_roi_set(run).mask("V4") & read_significant(run)
    rows = [c for c in range(len(linear)) if inside[c]]
    assert count_better(run, "V4") == (sum(nonlinear[c] > linear[c] for c in rows), len(rows))
