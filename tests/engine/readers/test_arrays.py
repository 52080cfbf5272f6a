"""Any array file becomes single precision, or one line that says what to pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jne_engine.core.errors import UnsafeFileError
from jne_engine.formats.arrays import cast_note, read_array, read_indices, read_vector
from tests.engine.readers.files import refused, write_hdf5

VALUES = np.random.default_rng(0).normal(size=(6, 4))


def write(folder: Path, suffix: str, values: np.ndarray) -> Path:
    path = folder / f"values{suffix}"
    if suffix == ".npy":
        np.save(path, values)
    elif suffix == ".npz":
        np.savez(path, only=values)
    else:
        write_hdf5(path, only=values)
    return path


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".h5", ".hdf5"])
@pytest.mark.parametrize("dtype", ["f8", "f4", ">f8", "i4", "u1", "?"])
def test_every_format_gives_the_same_single_precision(
    tmp_path: Path, suffix: str, dtype: str
) -> None:
    values = (VALUES * 3).astype(dtype)
    read = read_array(write(tmp_path, suffix, values))
    assert read.dtype == np.float32
    assert read.flags.c_contiguous
    np.testing.assert_array_equal(read, values.astype(np.float32))


def test_casts_are_told() -> None:
    assert cast_note("a.npy", VALUES) == ("a.npy: float64 cast to float32",)
    assert cast_note("a.npy", VALUES.astype(np.float32)) == ()


def test_values_beyond_single_precision_become_infinite(tmp_path: Path) -> None:
    assert np.isinf(read_array(write(tmp_path, ".npy", np.full((1, 1), 1e300)))).all()


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_several_arrays_need_a_key(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".npz":
        np.savez(path, betas=VALUES, other=VALUES)
    else:
        write_hdf5(path, betas=VALUES, other=VALUES)
    with refused(path.name, "2: betas, other: pass --responses-key"):
        read_array(path, key_option="--responses-key")
    assert read_array(path, key="betas").shape == VALUES.shape
    with refused(path.name, "no such key: .*betas, other"):
        read_array(path, key="beta")


def test_files_without_arrays_and_keys_without_need(tmp_path: Path) -> None:
    write_hdf5(tmp_path / "a.h5")
    with refused("a.h5", "found none"):
        read_array(tmp_path / "a.h5")
    path = write(tmp_path, ".npy", VALUES)
    with refused("values.npy", "drop --features-key"):
        read_array(path, key="x", key_option="--features-key")


def test_wrong_axes_name_the_right_ones(tmp_path: Path) -> None:
    for values in (VALUES[0], VALUES[None], VALUES[:0]):
        with refused("values.h5", r"\(n_stimuli, n_voxels\)"):
            read_array(write(tmp_path, ".h5", values), axes=("n_stimuli", "n_voxels"))


@pytest.mark.parametrize("name", ["a.txt", "a", "a.pkl", "a.NPY.exe"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x" * 99)
    with refused(name, ".npy, .npz, .h5"):
        read_array(tmp_path / name)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".h5", ".mat"])
def test_what_is_another_format_inside_is_one_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    for content in (b"x", b"x" * 5000, b"PK\x05\x06" + bytes(18), b"\x89HDF\r\n\x1a\n" * 9):
        path.write_bytes(content)
        with refused(path.name):
            read_array(path)
    with refused(path.name, "nothing at"):
        path.unlink()
        read_array(path)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".h5"])
def test_the_limit_holds_for_every_format(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path, suffix, VALUES)
    assert read_array(path, max_bytes=VALUES.nbytes).shape == VALUES.shape
    with refused(path.name, "at most 191 B", error=UnsafeFileError):
        read_array(path, max_bytes=VALUES.nbytes - 1)


def test_vectors_have_one_value_an_item(tmp_path: Path) -> None:
    path = write(tmp_path, ".npy", VALUES[0])
    assert read_vector(path, 4, unit="voxels").shape == (4,)
    with refused("values.npy", "5 voxels"):
        read_vector(path, 5, unit="voxels")


def test_indices_are_whole_numbers_or_a_mask(tmp_path: Path) -> None:
    assert read_indices(write(tmp_path, ".npy", np.array([3, 1], "u2"))).tolist() == [3, 1]
    assert read_indices(write(tmp_path, ".npy", np.array([0, 1, 1], "?"))).tolist() == [1, 2]
    with refused("values.npy", "zero-based"):
        read_indices(write(tmp_path, ".npy", np.array([1.0, 2.0])))
