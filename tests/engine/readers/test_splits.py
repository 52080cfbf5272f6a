"""Splits are disjoint, in range and not empty, wherever they come from."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.splits import random_splits, read_splits
from tests.engine.readers.files import refused


def rows(splits: Splits) -> list[list[int]]:
    return [s.tolist() for s in (splits.train, splits.validation, splits.test)]


@pytest.mark.parametrize("n_stimuli", [3, 4, 10, 57, 1000])
def test_random_splits_cover_everything_once(n_stimuli: int) -> None:
    splits = random_splits(n_stimuli, seed=1)
    splits.check(n_stimuli)
    assert sorted(chain.from_iterable(rows(splits))) == list(range(n_stimuli))
    assert rows(splits) == rows(random_splits(n_stimuli, seed=1))


def test_random_splits_depend_on_the_seed_and_keep_the_shares() -> None:
    splits = random_splits(1000, seed=1, fractions=(0.5, 0.3, 0.2))
    assert [len(r) for r in rows(splits)] == [500, 300, 200]
    assert rows(splits) != rows(random_splits(1000, seed=2, fractions=(0.5, 0.3, 0.2)))


@pytest.mark.parametrize("fractions", [(0.8, 0.1, 0.2), (1.0, 0.0, 0.0), (np.nan, 0.5, 0.5)])
def test_shares_must_sum_to_one(fractions: tuple[float, float, float]) -> None:
    with refused("split fractions", "sum to 1"):
        random_splits(10, seed=0, fractions=fractions)


def test_two_stimuli_cannot_be_split() -> None:
    with refused("splits", "2 stimuli"):
        random_splits(2, seed=0)


def test_index_arrays(tmp_path: Path) -> None:
    path = tmp_path / "splits.npz"
    np.savez(path, train=[4, 0], validation=[2], test=[1, 3])
    assert rows(read_splits(path, 5)) == [[4, 0], [2], [1, 3]]


@pytest.mark.parametrize(("test", "match"), [
    ([0, 3], "train and test splits: .*1 shared, the first 0"), ([1, 5], "indices in 0..4"),
    ([1, 1], "repeated"), ([-1], "indices in"), ([], "no empty axis"), ([0.5], "whole"),
])  # fmt: skip
def test_wrong_index_arrays_are_one_line(tmp_path: Path, test: list[float], match: str) -> None:
    path = tmp_path / "splits.npz"
    np.savez(path, train=[4, 0], validation=[2], test=test)
    with refused("splits.npz", match):
        read_splits(path, 5)


def test_a_missing_split_names_those_there_are(tmp_path: Path) -> None:
    np.savez(tmp_path / "splits.npz", train=[0], test=[1])
    with refused("splits.npz", "train, test"):
        read_splits(tmp_path / "splits.npz", 5)


def test_table_column(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("id,split\na,test\nb,train\nc,\nd,validation\ne,train\n")
    assert rows(read_splits(path, 5)) == [[1, 4], [3], [0]]


@pytest.mark.parametrize(("text", "match"), [
    ("id,split\na,train\nb,val\nc,test\n", "'val'"), ("id,part\na,train\nb,x\nc,y\n", "part"),
    ("id,split\na,train\nb,test\n", "3 rows"), ("id,split\na,train\nb,train\nc,test\n", "valid"),
    ("id\na\nb\nc\n", "only ids"),
])  # fmt: skip
def test_wrong_tables_are_one_line(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "s.csv").write_text(text)
    with refused("s.csv", match):
        read_splits(tmp_path / "s.csv", 3)
