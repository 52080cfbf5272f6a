"""A changed dataset keeps its shape and changes what it says."""

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.datasets.changed import change_dataset, split_name
from jne_engine.simulations.subject import simulate_stimuli, simulate_subject

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def dataset():
    shown = simulate_stimuli(0, n_stimuli=240, n_test=61)
    return simulate_subject(0, stimuli=shown, n_vertices=300)


def test_halves_share_no_stimulus_and_make_the_whole(dataset):
    halves = [change_dataset(dataset, f"{which} half") for which in ("first", "second")]
    for name in SPLITS:
        first, second = (getattr(half.splits, name) for half in halves)
        assert abs(first.size - second.size) <= 1
        assert set(first) | set(second) == set(getattr(dataset.splits, name))
        assert not set(first) & set(second)
    for half in halves:
        where = [list(dataset.splits.test).index(row) for row in half.splits.test]
        for i, j in enumerate(where):
            assert np.array_equal(half.test_repeats[:, i], dataset.test_repeats[:, j])
        assert np.array_equal(half.responses, dataset.responses)


def test_shuffling_pairs_each_split_with_itself_anew(dataset):
    changed = change_dataset(dataset, "pairing shuffled")
    assert np.array_equal(changed.features, dataset.features)
    for name in SPLITS:
        rows = getattr(dataset.splits, name)
        before, after = dataset.responses[rows], changed.responses[rows]
        assert np.array_equal(np.sort(before, axis=0), np.sort(after, axis=0))
        same = [np.array_equal(b, a) for b, a in zip(before, after, strict=True)]
        assert np.mean(same) < 0.1
    test = dataset.splits.test
    for i, row in enumerate(test):  # a presentation goes with its mean
        (source,) = [j for j, r in enumerate(test)
                     if np.array_equal(dataset.responses[r], changed.responses[row])]  # fmt: skip
        assert np.array_equal(changed.test_repeats[:, i], dataset.test_repeats[:, source])


def test_an_area_alone_keeps_its_voxels_only(dataset):
    changed = change_dataset(dataset, "V1 alone")
    mask = next(r.mask("V1") for r in dataset.roi_sets.values() if "V1" in r.names)
    assert mask.any()
    assert np.array_equal(changed.valid_voxels, mask & dataset.valid_voxels)
    assert np.array_equal(changed.responses[:, mask], dataset.responses[:, mask])


def test_the_name_tells_the_change_and_the_hash_knows_it(dataset):
    changed = change_dataset(dataset, "first half")
    assert split_name(changed.name) == (dataset.name, "first half")
    assert split_name("Ours [pilot]") == ("Ours [pilot]", "")
    assert changed.content_hash != dataset.content_hash
    with pytest.raises(InputError, match="change"):
        change_dataset(dataset, "third half")
    with pytest.raises(InputError, match="ROI"):
        change_dataset(dataset, "V99 alone")
