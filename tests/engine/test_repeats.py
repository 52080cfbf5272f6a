"""Equal stimuli: kept in one split, told where they are not, and never taken for prediction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.datasets.dataset import Splits
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.preview import preview_dataset
from jne_engine.datasets.repeats import average_stimuli, join_groups, number_stimuli
from jne_engine.datasets.selfcheck import check_dataset, check_pairing
from jne_engine.datasets.splits import random_splits
from tests.engine.datasets import make_dataset

N_PICTURES = 40


def write_trials(folder, *, table: str | None = None):
    """Write 40 pictures × 3 trials: each picture has its response, unrelated to its features."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((N_PICTURES, 60)).astype(np.float32)
    responses = rng.standard_normal((N_PICTURES, 50)).astype(np.float32)
    shown = np.tile(np.arange(N_PICTURES), 3)
    noise = 0.3 * rng.standard_normal((shown.size, 50))
    np.save(folder / "features.npy", features[shown])
    np.save(folder / "responses.npy", (responses[shown] + noise).astype(np.float32))
    if table is not None:
        (folder / "stimuli.csv").write_text(table)
    return shown


def write_leaking_splits(folder):
    order = np.random.default_rng(1).permutation(3 * N_PICTURES)
    np.savez(folder / "splits.npz", train=order[24:], validation=order[:12], test=order[12:24])


def test_the_default_split_keeps_the_trials_of_a_picture_together(tmp_path):
    shown = write_trials(tmp_path)
    dataset = read_dataset(tmp_path)
    parts = [set(shown[rows]) for rows in vars(dataset.splits).values()]
    assert sum(map(len, parts)) == len(set.union(*parts)) == N_PICTURES
    assert any("equal stimuli stay together" in n for n in dataset.provenance.notes)
    verdicts = check_dataset(dataset)
    assert [v.ok for v in verdicts if v.name == "order of images"] == [None]


def test_given_splits_that_share_pictures_are_wrong_and_told_everywhere(tmp_path):
    write_trials(tmp_path)
    write_leaking_splits(tmp_path)
    dataset = read_dataset(tmp_path)
    verdicts = {v.name: v for v in check_dataset(dataset)}
    assert verdicts["splits"].ok is False
    assert "11 of 12 test rows" in verdicts["splits"].text
    assert verdicts["order of images"].ok is None
    assert [n for n in dataset.provenance.notes if n.startswith("repeats across splits")]
    preview = preview_dataset(dataset)
    assert preview.problems[0].startswith("repeats across splits")
    assert not any(n.startswith("repeats") for n in preview.notes)


def test_trials_of_related_features_are_still_found_sound():
    rng = np.random.default_rng(3)
    features = np.repeat(rng.standard_normal((150, 8)), 2, axis=0).astype(np.float32)
    signal = features @ rng.standard_normal((8, 30))
    dataset = make_dataset(n_stimuli=300)
    splits = random_splits(300, seed=0, groups=number_stimuli(features))
    responses = (signal + rng.standard_normal(signal.shape)).astype(np.float32)
    trials = replace(
        dataset, features=features, responses=responses, splits=splits, test_repeats=None
    )
    assert check_pairing(trials).ok


def test_runs_of_the_column_group_stay_together(tmp_path):
    rng = np.random.default_rng(5)
    np.save(tmp_path / "features.npy", rng.standard_normal((60, 4)).astype(np.float32))
    np.save(tmp_path / "responses.npy", rng.standard_normal((60, 5)).astype(np.float32))
    runs = [f"run-{i // 6}" for i in range(60)]
    rows = [f"s{i},{run},dog" for i, run in enumerate(runs)]
    (tmp_path / "stimuli.csv").write_text("\n".join(["id,group,label", *rows]))
    dataset = read_dataset(tmp_path)
    parts = [{runs[row] for row in part} for part in vars(dataset.splits).values()]
    assert sum(map(len, parts)) == 10
    assert dataset.stimuli.category_columns == ("label",)
    assert any("rows of one group stay together" in n for n in dataset.provenance.notes)


def test_too_few_groups_are_one_line():
    with pytest.raises(InputError, match="2 groups of equal stimuli, runs or sessions"):
        random_splits(10, seed=0, groups=np.arange(10) % 2)


@pytest.mark.parametrize("seed", range(20))
def test_whole_groups_fill_every_split(seed):
    rng = np.random.default_rng(seed)
    groups = number_stimuli(rng.integers(0, rng.integers(3, 12), 80)[:, None].astype(np.float32))
    splits = random_splits(80, seed=seed, groups=groups)
    splits.check(80)
    parts = [set(groups[rows]) for rows in vars(splits).values()]
    assert sum(map(len, parts)) == len(set.union(*parts)) == groups.max() + 1


def test_without_repeats_the_split_is_the_shuffle_of_rows():
    order = np.random.default_rng(4).permutation(50)
    expected = Splits(np.sort(order[10:]), np.sort(order[5:10]), np.sort(order[:5]))
    found = random_splits(50, seed=4, groups=np.arange(50))
    for a, b in zip(vars(found).values(), vars(expected).values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_numbers_and_means_of_stimuli_equal_a_loop_over_rows():
    rng = np.random.default_rng(6)
    x = rng.integers(0, 2, (40, 4)).astype(np.float32) * rng.choice([-1, 1], (40, 1))
    y = rng.standard_normal((40, 3))
    kinds: list[list[float]] = []
    expected = []
    for row in x.tolist():
        if row not in kinds:
            kinds.append(row)
        expected.append(kinds.index(row))
    numbers = number_stimuli(x)
    assert numbers.tolist() == expected
    means = average_stimuli(numbers, x, y)
    for number in range(len(kinds)):
        same = [i for i in range(40) if expected[i] == number]
        np.testing.assert_array_equal(means[0][number], kinds[number])
        np.testing.assert_allclose(means[1][number], sum(y[i] for i in same) / len(same))


def test_chains_of_stimuli_and_runs_are_one_group_and_missing_labels_bind_nothing():
    stimuli = np.array([0, 1, 0, 2, 3, 4])
    assert join_groups(stimuli, ["a", "b", "b", "n/a", "", "c"]).tolist() == [0, 0, 0, 1, 2, 3]


def test_a_folder_is_read_alike_by_its_files(tmp_path):
    write_trials(tmp_path)
    files = ArrayFiles(features=tmp_path / "features.npy", responses=tmp_path / "responses.npy")
    assert preview_dataset(read_arrays_dataset(files)).n_train == 96
