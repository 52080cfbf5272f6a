"""Numbers saved as text are those that a spreadsheet wrote; names are never taken for numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jne_engine.core.errors import InputError
from jne_engine.datasets.description import read_dataset
from jne_engine.formats.arrays import read_array
from jne_engine.formats.number_tables import read_number_table


@pytest.fixture
def values():
    return np.random.default_rng(0).standard_normal((40, 3))


@pytest.mark.parametrize(("delimiter", "ending"), [(",", "csv"), (";", "csv"), ("\t", "tsv")])
@pytest.mark.parametrize("header", [True, False])
def test_numbers_are_those_that_pandas_wrote(tmp_path, values, delimiter, ending, header):
    path = tmp_path / f"features.{ending}"
    frame = pd.DataFrame(values, columns=["a", "b", "c"])
    frame.to_csv(path, sep=delimiter, header=header, index=False)
    np.testing.assert_array_equal(read_number_table(path), values)
    np.testing.assert_array_equal(read_array(path), values.astype(np.float32))


def test_missing_cells_are_nan(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,\nNA,4\n")
    np.testing.assert_array_equal(read_number_table(path), [[1, np.nan], [np.nan, 4]])


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("image,a\nface.png,1\n", "row 2, column 1: expected a number, found 'face.png'"),
        ("1,2\n3\n", "row 2: expected 2 cells, found 1"),
        ("a,b\n", "expected a row of numbers or more, found none"),
        ("1,2\n1,two\n", "row 2, column 2: expected a number"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused_in_one_line(tmp_path, text, match):
    path = tmp_path / "features.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=match) as told:
        read_number_table(path)
    assert "\n" not in str(told.value)


def test_a_folder_of_two_tables_is_a_dataset(tmp_path, values):
    responses = values @ np.ones((3, 2))
    pd.DataFrame(values).to_csv(tmp_path / "features.csv", index=False)
    pd.DataFrame(responses).to_csv(tmp_path / "responses.csv", index=False, header=False)
    dataset = read_dataset(tmp_path)
    np.testing.assert_allclose(dataset.features, values, rtol=1e-6)
    np.testing.assert_allclose(dataset.responses, responses, rtol=1e-6)
