"""Results come back from disk as they were, or are refused."""

import json

import pandas as pd
import pytest

from jne_engine.core.errors import StoreError
from jne_engine.runs.results import RESULT, SimulationResult, read_result, write_result


@pytest.fixture
def result():
    table = pd.DataFrame({"n": [1, 2], "r": [0.5, float("nan")], "name": ["a", "b"]})
    return SimulationResult("sample-size", {"seed": 0}, {"summary": table}, {"seconds": 1.5})


def test_a_result_survives_the_disk(result, tmp_path):
    folder = write_result(result, tmp_path / "new")
    again = read_result(folder)
    assert folder == tmp_path / "new" / "sample-size"
    assert (again.simulation, again.settings, again.made) == (
        result.simulation,
        result.settings,
        result.made,
    )
    pd.testing.assert_frame_equal(again.tables["summary"], result.tables["summary"])


def test_json_has_no_nan_and_says_simulated(result):
    values = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert values["tables"]["summary"][1] == {"n": 2, "r": None, "name": "b"}
    assert values["simulated"] is True


def test_an_altered_table_is_refused(result, tmp_path):
    folder = write_result(result, tmp_path)
    table = folder / "summary.parquet"
    table.write_bytes(table.read_bytes()[:-1] + b"?")
    with pytest.raises(StoreError, match="SHA-256"):
        read_result(folder)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"format_version": 99}'])
def test_a_folder_that_is_no_result_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / RESULT).write_text(content)
    with pytest.raises(StoreError):
        read_result(tmp_path)


def test_a_missing_table_is_refused(result, tmp_path):
    folder = write_result(result, tmp_path)
    (folder / "summary.parquet").unlink()
    with pytest.raises(StoreError, match="summary"):
        read_result(folder)
