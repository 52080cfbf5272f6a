"""A file is looked at before it is believed."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import numpy as np
import pytest

from jne_engine.core.errors import InputError, JneError, UnsafeFileError
from jne_engine.formats.guard import (
    BROKEN_FILE_ERRORS,
    check_claim,
    check_file,
    check_inside,
    hash_file,
    printable,
    read_gzip,
    read_text,
    readable_size,
    reading,
)
from tests.engine.readers.files import cuts, refused

CONTENT = np.random.default_rng(0).integers(0, 9, 6000).astype(np.uint8).tobytes()


def test_missing_folder_and_empty_files_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.npy").touch()
    with refused("none.npy", "nothing at"):
        check_file(tmp_path / "none.npy")
    with refused(tmp_path.name, "a folder"):
        check_file(tmp_path)
    with refused("empty.npy", "0 bytes"):
        check_file(tmp_path / "empty.npy")


def test_pipes_and_devices_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    with refused("pipe.npy", "regular file", error=UnsafeFileError):
        check_file(tmp_path / "pipe.npy")
    with refused("null", "regular file", error=UnsafeFileError):
        check_file("/dev/null")


@pytest.mark.parametrize("path", ["a\0b.npy", "x" * 5000, "loop", ""])
def test_odd_paths_are_one_line(tmp_path: Path, path: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError) as caught:
        check_file(tmp_path / path)
    assert str(caught.value).isprintable()


def test_size_limit(tmp_path: Path) -> None:
    path = tmp_path / "large.npy"
    path.write_bytes(bytes(1001))
    assert check_file(path, max_bytes=1001) == path
    with refused("large.npy", "at most 1 kB", error=UnsafeFileError):
        check_file(path, max_bytes=1000)


def test_links_may_not_lead_out_of_a_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("x")
    (root / "link").symlink_to(tmp_path / "secret")
    assert check_inside(root / "a" / ".." / "b", root)
    for path in (root / "link", root / ".." / "secret", tmp_path / "secret"):
        with refused(path.name, "outside", error=UnsafeFileError):
            check_inside(path, root)


@pytest.mark.parametrize("error", [*BROKEN_FILE_ERRORS, KeyError, IndexError, EOFError])
def test_reading_names_file_expectation_and_reason(error: type[Exception]) -> None:
    expected = f"an HDF5 file, found {error.__name__} \\('?two"
    with refused("a.h5", expected), reading(Path("/x/a.h5"), expected="an HDF5 file"):
        raise error("two\nlines")


def test_reading_chains_the_cause_and_lets_our_errors_through() -> None:
    with pytest.raises(InputError) as caught, reading(Path("a"), expected="b"):
        raise zlib.error("bad")
    assert isinstance(caught.value.__cause__, zlib.error)
    own = InputError("x", "y", "z", "w")
    with pytest.raises(InputError) as caught, reading(Path("a"), expected="b"):
        raise own
    assert caught.value is own


@pytest.mark.parametrize("mistake", [AttributeError, AssertionError, NameError, ImportError])
def test_reading_does_not_hide_our_own_mistakes(mistake: type[Exception]) -> None:
    with pytest.raises(mistake), reading(Path("a"), expected="b"):
        raise mistake


@pytest.mark.parametrize("shape", [(2**62,), (2**62, 2**62), (2**31, 2**31), (5, 2), (-1, 4)])
def test_claims_beyond_the_file_are_refused(shape: tuple[int, ...]) -> None:
    with refused("a.npy", error=UnsafeFileError):
        check_claim(Path("a.npy"), shape, 4, available=39)


def test_claims_beyond_the_limit_are_refused() -> None:
    assert check_claim(Path("a"), (5, 2), 4, available=40, max_bytes=40) == 40
    with refused("a", "at most 39 B", error=UnsafeFileError):
        check_claim(Path("a"), (5, 2), 4, available=40, max_bytes=39)


def test_names_from_files_become_one_harmless_line() -> None:
    assert printable("a\x1b[31m\nb\u202e") == "a?[31m b?"
    assert len(printable("x" * 10_000)) == 200


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1400, "1.4 kB"), (4 * 10**12, "4 TB"), (2**62, "4.61 EB"),
     (2**90, "1.24e+09 EB")],
)  # fmt: skip
def test_sizes_read_as_people_write_them(n_bytes: int, text: str) -> None:
    assert readable_size(n_bytes) == text


def test_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_file(path) == known


def test_text_is_utf8_with_or_without_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeffid é".encode())
    assert read_text(path) == "id é"
    path.write_bytes(b"caf\xe9")
    with refused("a.csv", "UTF-8"):
        read_text(path)


def test_gzip_reads_to_the_end_and_keeps_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(CONTENT))
    assert read_gzip(path) == CONTENT
    assert read_gzip(path, max_bytes=len(CONTENT)) == CONTENT
    with refused("a.gz", "once expanded", error=UnsafeFileError):
        read_gzip(path, max_bytes=len(CONTENT) - 1)


def test_gzip_bomb_is_refused_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.nii.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000)))
    assert path.stat().st_size < 50_000
    with refused("bomb.nii.gz", "at most 2 MB", error=UnsafeFileError):
        read_gzip(path, max_bytes=2_000_000)


def test_gzip_cut_short_is_refused(tmp_path: Path) -> None:
    path, whole = tmp_path / "cut.mgz", gzip.compress(CONTENT)
    for length in cuts(len(whole)):
        path.write_bytes(whole[:length])
        with refused("cut.mgz"):
            read_gzip(path)


def test_no_bit_flip_in_gzip_passes_silently(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    path, whole = tmp_path / "flip.gz", gzip.compress(CONTENT)
    noticed = 0
    for position in rng.integers(0, 8 * len(whole), 1000):
        flipped = bytearray(whole)
        flipped[position // 8] ^= 1 << position % 8
        path.write_bytes(flipped)
        try:
            assert read_gzip(path) == CONTENT
        except JneError:
            noticed += 1
    assert noticed > 950
