"""A header is weighed before it is believed, and pickles are never loaded."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from jne_engine.core.errors import JneError, UnsafeFileError
from jne_engine.formats.numpy_files import list_npz_keys, read_npy, read_npz
from tests.engine.readers.files import cuts, npy_bytes, npy_claiming, npz_bytes, refused

VALUES = np.random.default_rng(0).normal(size=(12, 7)).astype(np.float32)


class RunsCode:
    """Creates a file while it is unpickled."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.sentinel}",)


def saved(values: np.ndarray, **options: bool) -> bytes:
    content = io.BytesIO()
    np.save(content, values, **options)
    return content.getvalue()


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f4", "f8", "i1", "i8", "u2", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_values_come_back_as_saved(tmp_path: Path, dtype: str, order: str) -> None:
    values = np.asarray(VALUES > 0 if dtype == "?" else VALUES * 10, dtype=dtype, order=order)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "a.npz", a=values)
    np.savez_compressed(tmp_path / "b.npz", a=values, b=VALUES)
    np.testing.assert_array_equal(read_npy(tmp_path / "a.npy"), values)
    np.testing.assert_array_equal(read_npz(tmp_path / "a.npz", "a"), values)
    np.testing.assert_array_equal(read_npz(tmp_path / "b.npz", "a"), values)
    assert list_npz_keys(tmp_path / "b.npz") == ("a", "b")


@pytest.mark.parametrize("shape", [
    f"({2**62},)", f"({2**62}, {2**62})", f"({2**31}, {2**31})", "(17,)", "(-1,)", "(-2, -2)",
])  # fmt: skip
@pytest.mark.parametrize("dtype", ["<f4", "<f8", "|i1"])
def test_absurd_claims_are_refused_without_memory(tmp_path: Path, shape: str, dtype: str) -> None:
    (tmp_path / "a.npy").write_bytes(npy_claiming(shape, dtype))
    (tmp_path / "a.npz").write_bytes(npz_bytes({"a": npy_claiming(shape, dtype)}))
    tracemalloc.start()
    with refused("a.npy", error=UnsafeFileError):
        read_npy(tmp_path / "a.npy")
    with refused("a.npz", error=UnsafeFileError):
        read_npz(tmp_path / "a.npz", "a")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_more_or_fewer_values_than_the_header_says_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(npy_claiming("(3,)"))
    with refused("a.npy", "16 bytes of values where the header says 12"):
        read_npy(tmp_path / "a.npy")


@pytest.mark.parametrize("header", [
    "", "{", "{'descr': '<f4'}", "[]", "{'descr': '<f4', 'fortran_order': 3, 'shape': (4,)}",
    "{'descr': 'nonsense', 'fortran_order': False, 'shape': (4,)}", "(" * 500, "\x00" * 40,
    "{'descr': '<f4', 'fortran_order': False, 'shape': ('4',)}", "__import__('os').system('x')",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4L,)}{", "-" * 9000, "'" * 31,
])  # fmt: skip
def test_broken_headers_are_one_line(tmp_path: Path, header: str) -> None:
    (tmp_path / "a.npy").write_bytes(npy_bytes(header, bytes(16)))
    with refused("a.npy"):
        read_npy(tmp_path / "a.npy")


@pytest.mark.parametrize("dtype", ["<U4", "|S4", "<c8", "<M8[s]", "|V4"])
def test_what_is_no_real_number_is_refused(tmp_path: Path, dtype: str) -> None:
    np.save(tmp_path / "a.npy", np.zeros(4, dtype))
    with refused("a.npy", "real numbers"):
        read_npy(tmp_path / "a.npy")


def test_records_and_object_arrays_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(4, [("a", "f4")]))
    with refused("a.npy", "real numbers"):
        read_npy(tmp_path / "a.npy")
    np.save(tmp_path / "b.npy", np.array([[1], [1, 2]], dtype=object), allow_pickle=True)
    with refused("b.npy", "numpy.save", error=UnsafeFileError):
        read_npy(tmp_path / "b.npy")


def test_pickles_never_run(tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    values = np.empty(1, dtype=object)
    values[0] = RunsCode(sentinel)
    evil = saved(values, allow_pickle=True)
    (tmp_path / "a.npy").write_bytes(evil)
    (tmp_path / "a.npz").write_bytes(npz_bytes({"a": evil}))
    (tmp_path / "b.npy").write_bytes(evil[evil.index(b"\n") + 1 :])
    for name in ("a.npy", "b.npy"):
        with refused(name):
            read_npy(tmp_path / name)
    with refused("a.npz", error=UnsafeFileError):
        read_npz(tmp_path / "a.npz", "a")
    assert not sentinel.exists()
    np.load(tmp_path / "a.npy", allow_pickle=True)
    assert sentinel.exists()


def test_zip_bombs_are_refused(tmp_path: Path) -> None:
    header = npy_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (25000000,)}")
    path = tmp_path / "bomb.npz"
    path.write_bytes(npz_bytes({"a": header + bytes(100_000_000)}))
    assert path.stat().st_size < 200_000
    with refused("bomb.npz", "at most 10 MB", error=UnsafeFileError):
        read_npz(path, "a", max_bytes=10_000_000)


def test_a_member_may_not_claim_more_than_deflate_can_give(tmp_path: Path) -> None:
    whole = npz_bytes({"a": saved(VALUES)})
    size = len(saved(VALUES)).to_bytes(4, "little")
    place = whole.rindex(size)
    path = tmp_path / "claim.npz"
    path.write_bytes(whole[:place] + (2**31).to_bytes(4, "little") + whole[place + 4 :])
    with refused("claim.npz", "claim of 2.15 GB", error=UnsafeFileError):
        read_npz(path, "a")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(tmp_path: Path, compression: int) -> None:
    (tmp_path / "a.npz").write_bytes(npz_bytes({"a": saved(VALUES)}, compression))
    with refused("a.npz", "numpy.savez"):
        read_npz(tmp_path / "a.npz", "a")


def test_wrong_keys_name_the_right_ones(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", left=VALUES, right=VALUES)
    with refused("a.npz", "left, right"):
        read_npz(tmp_path / "a.npz", "top")


def test_files_cut_short_are_refused(tmp_path: Path) -> None:
    plain, zipped = saved(VALUES), npz_bytes({"a": saved(VALUES), "b": saved(VALUES)})
    for length in cuts(len(plain)):
        (tmp_path / "cut.npy").write_bytes(plain[:length])
        with refused("cut.npy"):
            read_npy(tmp_path / "cut.npy")
    for length in cuts(len(zipped)):
        (tmp_path / "cut.npz").write_bytes(zipped[:length])
        with refused("cut.npz"):
            read_npz(tmp_path / "cut.npz", "a")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_no_bit_flip_in_npz_passes_silently(tmp_path: Path, compression: int) -> None:
    rng = np.random.default_rng(2)
    whole = npz_bytes({"a": saved(VALUES)}, compression)
    path = tmp_path / "flip.npz"
    noticed = 0
    for position in rng.integers(0, 8 * len(whole), 1000):
        flipped = bytearray(whole)
        flipped[position // 8] ^= 1 << position % 8
        path.write_bytes(flipped)
        try:
            np.testing.assert_array_equal(read_npz(path, "a"), VALUES)
        except JneError:
            noticed += 1
    assert noticed > 600
