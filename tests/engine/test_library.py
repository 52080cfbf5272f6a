"""Datasets below a folder of runs: what is written is read, and a broken one hides no other."""

import pytest

from jne_engine.core.errors import InputError
from jne_engine.datasets.library import (
    CheckEntry,
    DatasetEntry,
    FeatureEntry,
    dataset_folder,
    list_datasets,
    suggest_name,
    write_entry,
    write_features,
)

ENTRY = DatasetEntry(
    name="a", kind="nsd", subject="subj01", space="func1mm", n_images=9, n_train=5, n_test=2,
    n_voxels=4, path="/p", checks=(CheckEntry("order of images", None, "no pictures"),),
)  # fmt: skip
GABOR = FeatureEntry("gabor", "features-gabor.h5", 9, 1, 492)


def write(root, name="a"):
    folder = dataset_folder(root, name)
    folder.mkdir(parents=True)
    write_entry(folder, ENTRY)
    return folder


def test_what_is_written_is_read_and_only_whole_features_count(tmp_path):
    folder = write(tmp_path)
    write_features(folder, GABOR)
    assert list_datasets(tmp_path) == ((ENTRY,), ())
    (folder / GABOR.file).touch()
    ((entry,), _) = list_datasets(tmp_path)
    assert entry.features == (GABOR,)
    write_entry(folder, entry)
    assert "gabor" not in (folder / "entry.json").read_text()


def test_a_broken_entry_is_one_line_and_hides_no_other(tmp_path):
    write(tmp_path)
    (write(tmp_path, "b") / "entry.json").write_text('{"name": 3}')
    entries, problems = list_datasets(tmp_path)
    assert [entry.name for entry in entries] == ["a"]
    assert len(problems) == 1
    assert "\n" not in problems[0]


def test_a_folder_without_entry_is_no_dataset(tmp_path):
    dataset_folder(tmp_path, "c").mkdir(parents=True)
    assert list_datasets(tmp_path) == ((), ())
    assert list_datasets(tmp_path / "nowhere") == ((), ())


@pytest.mark.parametrize("name", ["", "..", "a/b", ".a", "a b", "x" * 81, "-a", "a\n"])
def test_names_that_are_no_folder_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="a name for a folder"):
        dataset_folder(tmp_path, name)


@pytest.mark.parametrize(
    ("words", "name"),
    [(("NSD", "subj01", "V1"), "NSD-subj01-V1"), (("../x", ""), "x"), (("<b>", "ü"), "b"),
     (("…",), "data")],
)  # fmt: skip
def test_suggested_names_are_free_and_for_folders(tmp_path, words, name):
    assert suggest_name(tmp_path, words) == name
    dataset_folder(tmp_path, name).mkdir(parents=True)
    assert suggest_name(tmp_path, words) == f"{name}-2"
