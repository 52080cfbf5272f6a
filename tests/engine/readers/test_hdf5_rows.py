"""Neighbouring rows of an HDF5 dataset, in every layout, and nothing of another file."""

from __future__ import annotations

import zlib
from itertools import combinations
from pathlib import Path

import h5py
import numpy as np
import pytest

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.hdf5 import read_hdf5_rows
from tests.engine.readers.files import link_recipes, refused, write_hdf5, write_secret

RECIPES = sorted(link_recipes(Path("/tmp/a"), Path("/tmp/outside/secret.h5")))
VALUES = np.arange(42, dtype=np.float32).reshape(7, 3, 2)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (3, 2, 1)},
        {"chunks": (3, 2, 1), "compression": "gzip"},
        {"chunks": (2, 3, 2), "compression": "gzip", "shuffle": True, "fletcher32": True},
    ],
)
def test_every_stretch_of_rows_is_the_slice(tmp_path: Path, options: dict[str, object]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("group/data", data=VALUES, **options)
    for start, stop in combinations(range(8), 2):
        rows = read_hdf5_rows(tmp_path / "a.h5", "group/data", slice(start, stop))
        np.testing.assert_array_equal(rows, VALUES[start:stop])


@pytest.mark.parametrize("rows", [slice(0, 8), slice(3, 3), slice(-2, 2)])
def test_rows_that_are_not_there_are_refused(tmp_path: Path, rows: slice) -> None:
    path = write_hdf5(tmp_path / "a.h5", data=VALUES)
    with refused("a.h5", "expected rows", error=InputError):
        read_hdf5_rows(path, "data", rows)
    with refused("a.h5", "a group", error=InputError):
        read_hdf5_rows(path, "/", slice(0, 1))


@pytest.mark.parametrize("recipe", RECIPES)
def test_links_are_refused(tmp_path: Path, recipe: str) -> None:
    secret = write_secret(tmp_path / "outside")
    folder = tmp_path / "inside"
    folder.mkdir()
    with h5py.File(folder / "crafted.h5", "w") as file:
        key = link_recipes(folder, secret)[recipe](file)
    with refused("crafted.h5", error=UnsafeFileError):
        read_hdf5_rows(folder / "crafted.h5", key, slice(0, 1))


def test_a_bomb_is_found_only_where_it_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "bomb.h5", "w") as file:
        data = file.create_dataset("data", (4, 64), "f4", chunks=(2, 64), compression="gzip")
        data[:] = 1
        data.id.write_direct_chunk((2, 0), zlib.compress(bytes(50_000_000), 9))
    assert read_hdf5_rows(tmp_path / "bomb.h5", "data", slice(0, 2)).sum() == 128
    with refused("bomb.h5", "in every chunk", error=UnsafeFileError):
        read_hdf5_rows(tmp_path / "bomb.h5", "data", slice(1, 3))
