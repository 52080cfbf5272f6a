"""Vertices, ROIs and noise ceilings have one entry a response column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jne_engine.datasets.locations import read_noise_ceiling, read_rois, read_surface_space
from tests.engine.readers.files import refused


def test_vertices_of_both_hemispheres(tmp_path: Path) -> None:
    path = tmp_path / "vertices.npz"
    np.savez(path, left=[5, 2], right=[7])
    space = read_surface_space(path, "fsLR32k", 3)
    assert (space.surface, space.left.tolist(), space.right.tolist()) == ("fsLR32k", [5, 2], [7])
    with refused("vertices.npz", "4 vertices"):
        read_surface_space(path, "fsLR32k", 4)
    np.savez(path, left=[5, 5], right=[7])
    with refused("vertices.npz, fsLR32k left vertices", "each index once"):
        read_surface_space(path, "fsLR32k", 3)
    np.savez(path, left=[5, 2])
    with refused("vertices.npz", "'right'"):
        read_surface_space(path, "fsLR32k", 3)


def test_rois_as_masks_and_as_lists(tmp_path: Path) -> None:
    path = tmp_path / "my-rois.npz"
    masks = {"V1": np.array([True, False, False, True]), "V4": np.array([0, 1, 0, 0], "u1")}
    np.savez(path, **masks, PPA=np.array([2, 3]), OPA=np.array([], "i8"))
    rois = read_rois(path, 4, tiers={"V1": "primary"})
    assert rois.preset == "my-rois"
    assert rois.names == ("V1", "V4", "PPA", "OPA")
    assert rois.tiers == ("primary", None, None, None)
    expected = [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]]
    assert rois.masks.astype(int).tolist() == expected


@pytest.mark.parametrize(("values", "match"), [
    ([4], "0..3"), ([-1], "0..3"), ([2, 2], "each index once"), ([0.0, 1.0], "float64"),
    ([[0, 1]], "shape"), ([True, False], "4 columns"), ([0, 1, 2, 2], "each index once"),
])  # fmt: skip
def test_wrong_rois_are_one_line(tmp_path: Path, values: list[object], match: str) -> None:
    np.savez(tmp_path / "rois.npz", V1=np.array(values))
    with refused("rois.npz V1", match):
        read_rois(tmp_path / "rois.npz", 4)


def test_tiers_must_name_rois_of_the_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "rois.npz", V1=[0])
    with refused("rois.npz", "ROIs \\(V1\\), found a tier for 'V9'"):
        read_rois(tmp_path / "rois.npz", 4, tiers={"V9": "primary"})


def test_noise_ceilings_are_fractions(tmp_path: Path) -> None:
    path = tmp_path / "nc.npy"
    np.save(path, [0.0, 1.0, np.nan])
    np.testing.assert_array_equal(read_noise_ceiling(path, 3), np.float32([0, 1, np.nan]))
    for wrong in (35.0, -0.1, np.inf):
        np.save(path, [0.0, wrong])
        with refused("nc.npy", "by 100"):
            read_noise_ceiling(path, 2)
