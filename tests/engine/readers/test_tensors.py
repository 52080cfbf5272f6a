"""Features as tensors and as parquet tables: read exactly, or refused in one line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from jne_engine.core.errors import UnsafeFileError
from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.datasets.description import read_dataset
from jne_engine.formats.arrays import read_array, read_raw
from tests.engine.readers.files import cuts, refused

VALUES = np.random.default_rng(0).normal(size=(30, 4))
OPTION = "--features-key"
DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8]


def write(folder: Path, suffix: str, values: Any = VALUES, name: str = "features") -> Path:
    """Write one matrix as a file of its kind."""
    path = folder / f"{name}{suffix}"
    if suffix == ".parquet":
        pd.DataFrame(values, columns=[f"f{i}" for i in range(values.shape[1])]).to_parquet(path)
    elif suffix == ".safetensors":
        save_file({"embedding": torch.as_tensor(values)}, path)
    else:
        torch.save(torch.as_tensor(values), path)
    return path


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
def test_tensors_are_read_exactly(tmp_path: Path, suffix: str, dtype: torch.dtype) -> None:
    tensor = torch.from_numpy(VALUES * 3).abs().to(dtype)
    read = read_array(write(tmp_path, suffix, tensor))
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, tensor.double().numpy().astype(np.float32))


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "u1", "?"])
def test_a_table_of_numbers_is_read_exactly(tmp_path: Path, dtype: str) -> None:
    values = np.abs(VALUES * 3).astype(dtype)
    raw = read_raw(write(tmp_path, ".parquet", values), axes=("n", "m"))
    assert raw.dtype == values.dtype
    np.testing.assert_array_equal(raw, values)


def test_a_transposed_tensor_and_one_that_asks_for_gradients_are_read(tmp_path: Path) -> None:
    torch.save(torch.nn.Parameter(torch.from_numpy(VALUES)).T, tmp_path / "a.pt")
    np.testing.assert_array_equal(read_raw(tmp_path / "a.pt", axes=("n", "m")), VALUES.T)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_several_tensors_need_a_key(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    tensors = {"clip": torch.from_numpy(VALUES), "vit": torch.from_numpy(VALUES + 1)}
    save_file(tensors, path) if suffix == ".safetensors" else torch.save(tensors, path)
    with refused(path.name, f"2: clip, vit: pass {OPTION}"):
        read_array(path, key_option=OPTION)
    np.testing.assert_array_equal(read_raw(path, key="vit", axes=("n", "m")), VALUES + 1)
    with refused(path.name, "no such key: .*clip, vit"):
        read_array(path, key="v")


def test_the_one_tensor_of_a_dictionary_is_found_and_a_bare_one_has_no_key(tmp_path: Path) -> None:
    held = {"meta": {"model": "clip"}, "layers": {"last": torch.from_numpy(VALUES)}, "n": 3}
    torch.save(held, tmp_path / "a.pt")
    np.testing.assert_array_equal(read_raw(tmp_path / "a.pt", axes=("n", "m")), VALUES)
    read_array(tmp_path / "a.pt", key="layers.last")
    with refused("features.pt", "pass no key"):
        read_array(write(tmp_path, ".pt"), key="x")
    torch.save({"a": 3}, tmp_path / "a.pt")
    with refused("a.pt", "an array in the file, found none"):
        read_array(tmp_path / "a.pt")


class Touches:
    """Runs a command where a pickle is trusted."""

    def __init__(self, sentinel: Path) -> None:
        self.command = f"touch {sentinel}"

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def test_no_code_of_a_tensor_file_runs(tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    torch.save({"a": torch.from_numpy(VALUES), "b": Touches(sentinel)}, tmp_path / "a.pt")
    with refused("a.pt", "a pickle that calls", error=UnsafeFileError):
        read_array(tmp_path / "a.pt")
    assert not sentinel.exists()
    torch.load(tmp_path / "a.pt", weights_only=False)  # the attack is one
    assert sentinel.exists()


@pytest.mark.parametrize("held", [
    torch.ones(2, 2).to_sparse(), torch.ones(2, 2, dtype=torch.complex64),
    torch.ones(1, 1).expand(2**20, 2**20),
], ids=["sparse", "complex", "expanded"])  # fmt: skip
def test_what_is_no_dense_tensor_of_real_numbers_is_one_line(tmp_path: Path, held: Any) -> None:
    torch.save(held, tmp_path / "a.pt")
    with refused("a.pt"):
        read_array(tmp_path / "a.pt")


@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".parquet"])
def test_files_cut_short_or_too_large_are_refused(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path, suffix)
    assert read_array(path, max_bytes=VALUES.nbytes).shape == VALUES.shape
    with refused(path.name, "at most", error=UnsafeFileError):
        read_array(path, max_bytes=VALUES.nbytes - 1)
    whole = path.read_bytes()
    for length in cuts(len(whole)):
        path.write_bytes(whole[:length])
        with refused(path.name):
            read_array(path)


def test_a_table_s_index_is_left_out_and_a_null_is_nan(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [1.0, None, 3.0], "b": [4, 5, None]}, index=["x", "y", "z"])
    table.convert_dtypes().to_parquet(tmp_path / "a.parquet")
    read = read_array(tmp_path / "a.parquet")
    np.testing.assert_array_equal(read, [[1, 4], [np.nan, 5], [3, np.nan]])
    table.assign(name="x").to_parquet(tmp_path / "a.parquet")
    with refused("a.parquet", "'name'.*leave columns of names out"):
        read_array(tmp_path / "a.parquet")


def test_a_column_of_vectors_is_the_matrix(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pd.DataFrame({"id": list(range(30)), "clip": list(VALUES)})
    table.to_parquet(path)
    np.testing.assert_array_equal(read_raw(path, axes=("n", "m")), VALUES)
    table.assign(vit=list(VALUES + 1)).to_parquet(path)
    with refused("a.parquet", f"2: clip, vit: pass {OPTION}"):
        read_array(path, key_option=OPTION)
    np.testing.assert_array_equal(read_raw(path, key="vit", axes=("n", "m")), VALUES + 1)
    with refused("a.parquet", "pass one of: clip, vit"):
        read_array(path, key="id")
    pd.DataFrame({"clip": [[1.0, 2.0], [3.0]]}).to_parquet(path)
    with refused("a.parquet", "vectors of one length in 'clip', found 2 lengths"):
        read_array(path)
    pd.DataFrame({"clip": [[1.0, 2.0], None]}).to_parquet(path)
    with refused("a.parquet", "an empty one"):
        read_array(path)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ".parquet"])
def test_such_features_make_the_dataset_that_npy_makes(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path, suffix)
    np.save(tmp_path / "responses.npy", np.random.default_rng(1).normal(size=(30, 6)))
    np.save(tmp_path / "same.npy", VALUES)
    responses = tmp_path / "responses.npy"
    same = read_arrays_dataset(ArrayFiles(features=tmp_path / "same.npy", responses=responses))
    key = "embedding" if suffix == ".safetensors" else None
    given = ArrayFiles(features=path, features_key=key, responses=responses)
    for found in (read_arrays_dataset(given), read_dataset(tmp_path)):
        np.testing.assert_array_equal(found.features, same.features)
