"""Rows and sums that are read chunk by chunk are zarr's, whatever is written and however."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jne_engine.core.errors import StoreError
from jne_engine.runs.store import StageReader, StageWriter
from jne_engine.runs.store import chunks as chunked

SHAPE = (70, 9000)


@pytest.fixture
def stage(tmp_path):
    """Return a stage with a matrix of three by three chunks, one column NaN, one chunk missing."""
    values = np.random.default_rng(0).exponential(size=SHAPE).astype(np.float32)
    values[:, 5] = np.nan
    values[32:64, 4096:8192] = np.nan
    writer = StageWriter(tmp_path)
    writer.write_array("matrix", values)
    writer.write_array("line", values[0])
    return StageReader(tmp_path, files=None), values


@pytest.fixture(params=["ours", "zarr"])
def either(request, stage, monkeypatch):
    """Read without zarr, and through it as where a matrix is laid out otherwise."""
    if request.param == "zarr":
        monkeypatch.setattr(chunked, "_is_ours", lambda described: False)
    return stage


def test_rows_are_those_of_zarr(either):
    reader, values = either
    for row in (0, 31, 32, 69):
        np.testing.assert_array_equal(reader.read_row("matrix", row), values[row])


def test_sums_are_those_of_a_loop(either):
    reader, values = either
    rng = np.random.default_rng(1)
    members, masks = rng.random((70, 3)) < 0.2, rng.random((2, 9000)) < 0.1
    members[:, 2], masks[:, 5], masks[:, 4096:8192] = np.arange(70) == 66, False, False
    sums = reader.sum_rows("matrix", members)
    for group in range(3):
        expected = np.zeros(9000)
        for row in np.flatnonzero(members[:, group]):
            expected = expected + values[row].astype(np.float64)
        np.testing.assert_allclose(sums[group], expected, rtol=1e-12)
    sums = reader.sum_columns("matrix", masks)
    for place in range(2):
        expected = np.zeros(70)
        for column in np.flatnonzero(masks[place]):
            expected = expected + values[:, column].astype(np.float64)
        np.testing.assert_allclose(sums[:, place], expected, rtol=1e-12)
    assert (reader.sum_columns("matrix", np.zeros((1, 9000), dtype=bool)) == 0).all()


def test_only_the_chunks_that_are_needed_are_read(stage, monkeypatch):
    seen, decode = [], chunked._decode
    monkeypatch.setattr(
        chunked, "_decode", lambda path, *a: (seen.append(path.parts[-2:]), decode(path, *a))[1]
    )
    reader = stage[0]
    reader.sum_rows("matrix", (np.arange(70) == 40)[:, None])
    assert {i for i, _ in seen} == {"1"}
    seen.clear()
    reader.sum_columns("matrix", (np.arange(9000) == 8500)[None])
    assert {j for _, j in seen} == {"2"}


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_chunk_is_refused(stage, damage):
    reader = stage[0]
    path = reader.folder / "arrays.zarr" / "matrix" / "c" / "0" / "1"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes({"flip": bytes(content), "cut": content[:-7], "empty": b""}[damage])
    for read in (
        lambda: reader.read_row("matrix", 3),
        lambda: reader.sum_rows("matrix", np.ones((70, 1), dtype=bool)),
        lambda: reader.sum_columns("matrix", np.ones((1, 9000), dtype=bool)),
    ):
        with pytest.raises(StoreError, match="whole chunks"):
            read()


def test_what_is_no_matrix_is_refused(stage):
    reader = stage[0]
    for name in ("line", "nothing"):
        with pytest.raises(StoreError):
            reader.read_row(name, 0)
    path = reader.folder / "arrays.zarr" / "matrix" / "zarr.json"
    path.write_text(json.dumps({"shape": [70, 9000]}))
    with pytest.raises(StoreError):
        reader.read_row("matrix", 0)
