"""Names decide which features belong to which stimulus; numbers in names count as numbers."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.cli.features import features as features_command
from jne_engine.core.errors import InputError
from jne_engine.core.order import describe_order, find_names, natural_key
from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.datasets.feature_files import read_image_features
from jne_engine.datasets.preview import preview_dataset
from jne_engine.features.extraction.images import open_images
from jne_engine.features.extraction.spec import FeatureSpec
from tests.engine.extraction.pictures import random_pixels, write_folder

NUMBERED = [f"{i}.png" for i in range(1, 121)]


def extracted(path, names):
    """Write features as an extraction does; those of picture ``k.png`` are k, k², sin k, cos k."""
    numbers = np.array([int(name.split(".")[0]) for name in names], dtype=np.float32)
    state = np.stack([numbers, numbers**2, np.sin(numbers), np.cos(numbers)], axis=1)
    with h5py.File(path, "w") as file:
        file["features"] = np.stack([np.zeros_like(state), state], axis=1)
        file["image_ids"] = np.arange(len(names))
        file.create_dataset("names", data=names, dtype=h5py.string_dtype())
        file.attrs["model"] = "drawn"
    return path


def described(folder, names, ids, column=None):
    rng = np.random.default_rng(0)
    np.save(folder / "responses.npy", rng.standard_normal((len(ids), 5)).astype(np.float32))
    table = folder / "stimuli.csv"
    rows = [f"{i},dog" if column is None else f"t{k},{i}" for k, i in enumerate(ids)]
    table.write_text("\n".join([f"id,{column or 'label'}", *rows]))
    return ArrayFiles(
        features=extracted(folder / "features.h5", names),
        responses=folder / "responses.npy",
        stimuli=table,
        layer=1,
    )


def test_a_folder_of_numbered_pictures_is_in_natural_order(tmp_path):
    names = ["1.png", "10.png", "100.png", "2.png", "20.png"]
    images = open_images(FeatureSpec(str(write_folder(tmp_path / "pictures", names))))
    assert images.names == ("1.png", "2.png", "10.png", "20.png", "100.png")
    found = np.stack([np.asarray(image) for image in images.load(range(5))])
    np.testing.assert_array_equal(found, random_pixels(5)[[0, 3, 1, 4, 2]])
    assert describe_order(images.names) == "1.png … 100.png, sorted by number (1, 2, 10)"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("order.txt", "20.png\n1\n\n100.png\n"),
        ("order.csv", "stimulus,label\n20.png,dog\n1,cat\nfolder/100.png,cat\n"),
        ("order.tsv", "stimulus\tlabel\n20.png\tdog\n1\tcat\n100\tcat\n"),
    ],
)
def test_a_list_of_names_gives_the_order(tmp_path, name, text):
    folder = write_folder(tmp_path / "pictures", ["1.png", "10.png", "100.png", "2.png", "20.png"])
    (tmp_path / name).write_text(text)
    images = open_images(FeatureSpec(str(folder), ids=str(tmp_path / name)))
    assert images.names == ("20.png", "1.png", "100.png")
    assert images.image_ids.tolist() == [3, 0, 4]
    (tmp_path / name).write_text(text + "7.png\n")
    with pytest.raises(InputError, match=r"1 others, the first 7\.png"):
        open_images(FeatureSpec(str(folder), ids=str(tmp_path / name)))


def test_the_command_line_shows_and_the_file_records_the_order(tmp_path):
    folder = write_folder(tmp_path / "pictures", ["1.png", "10.png", "2.png"])
    out = tmp_path / "features.h5"
    asked = [str(folder), "--model", "gabor", "--out", str(out), "--quiet"]
    result = CliRunner().invoke(features_command, ["extract", *asked])
    assert result.exit_code == 0, result.output
    told = "1.png … 10.png, sorted by number (1, 2, 10)"
    assert f"images: {told}" in result.output
    with h5py.File(out) as file:
        assert file.attrs["order"] == told
        assert [n.decode() for n in file["names"]] == ["1.png", "2.png", "10.png"]
    assert f"rows of features.h5: {told}" in read_image_features(out, np.array([2]), layer=0).notes


def test_a_stored_file_that_was_sorted_as_text_is_read_and_told(tmp_path):
    path = extracted(tmp_path / "old.h5", sorted(NUMBERED))
    found = read_image_features(path, np.arange(120), layer=1)
    np.testing.assert_array_equal(found.values[:, 0], [int(n[:-4]) for n in sorted(NUMBERED)])
    assert "rows of old.h5: 1.png … 99.png, sorted as text (1, 10, 2)" in found.notes


@pytest.mark.parametrize(("column", "ending"), [(None, ""), (None, ".png"), ("file", ".png")])
def test_names_of_the_table_decide_whatever_the_order_of_the_features(tmp_path, column, ending):
    order = np.random.default_rng(2).permutation(120) + 1
    files = described(tmp_path, sorted(NUMBERED), [f"{i}{ending}" for i in order], column)
    dataset = read_arrays_dataset(files)
    np.testing.assert_array_equal(dataset.features[:, 0], order)
    assert any("paired with stimuli.csv by file name" in n for n in dataset.provenance.notes)


def test_a_table_may_name_some_of_the_images(tmp_path):
    dataset = read_arrays_dataset(described(tmp_path, NUMBERED, range(50, 100)))
    np.testing.assert_array_equal(dataset.features[:, 0], np.arange(50, 100))


@pytest.mark.parametrize("missing", ["121", "x.png"])
def test_a_table_that_names_images_without_features_is_refused(tmp_path, missing):
    files = described(tmp_path, NUMBERED, [*range(1, 120), missing])
    with pytest.raises(InputError, match=f"1 others, the first '{missing}'"):
        read_arrays_dataset(files)


def test_pictures_that_all_lack_features_are_refused(tmp_path):
    with pytest.raises(InputError, match="120 others"):
        read_arrays_dataset(described(tmp_path, NUMBERED, [f"a{i}.png" for i in range(120)]))


def test_without_file_names_position_decides_and_is_told(tmp_path):
    dataset = read_arrays_dataset(described(tmp_path, NUMBERED, [f"trial-{i}" for i in range(120)]))
    np.testing.assert_array_equal(dataset.features[:, 0], np.arange(1, 121))
    note = "rows of features.h5 (1.png … 120.png, sorted by number (1, 2, 10)) paired with"
    assert any(n.startswith(note) and "by position" in n for n in dataset.provenance.notes)
    preview = preview_dataset(dataset)
    assert preview.found["order of stimuli"] == "trial-0 … trial-119, sorted by number (1, 2, 10)"


def test_the_preview_asks_about_stimuli_sorted_as_text(tmp_path):
    preview = preview_dataset(read_arrays_dataset(described(tmp_path, NUMBERED, sorted(NUMBERED))))
    assert "1.png … 99.png, sorted as text (1, 10, 2): are the responses in this order too?" in (
        preview.problems
    )


def test_keys_sort_as_people_count():
    names = ["b2", "b10", "B1", "a", "10", "9", "b2x", "x01", "x1"]
    assert sorted(names, key=natural_key) == ["9", "10", "a", "B1", "b2", "b2x", "b10", "x01", "x1"]


def test_an_ending_is_needed_where_two_files_share_a_name():
    assert find_names(["a.png", "a.jpg", "b.png"], ["a", "a.jpg", "b", "s/b.png"]).tolist() == [
        -1, 1, 2, 2,
    ]  # fmt: skip
