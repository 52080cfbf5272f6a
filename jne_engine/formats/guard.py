"""What must hold before a file that someone else wrote is believed.

A file may claim to be larger than it is, may point at other files, may be cut short or
altered. Each of these ends in one line that names the file, never in a library's traceback
and never in memory that the file does not earn.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import math
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from jne_engine.core.errors import InputError, UnsafeFileError

MAX_FILE_BYTES: Final = 256 * 2**30
"""Largest file that is opened at all; a whole subject of single-precision data is far smaller."""

MAX_ARRAY_BYTES: Final = 64 * 2**30
"""Largest array that is read into memory."""

MAX_TEXT_BYTES: Final = 64 * 2**20
"""Largest table or description that is read."""

MAX_EXPANSION: Final = 1100
"""Most bytes that one compressed byte may become; DEFLATE itself reaches 1032."""

BROKEN_FILE_ERRORS: Final = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    struct.error,
    csv.Error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the file libraries raise on broken files; anything else is a mistake of ours."""

COPY_AGAIN: Final = "check that the file was written and copied completely, or write it again"

MAY_READ: Final = "give yourself the right to read it, or close the program that has it locked"

_ANNEX: Final = "/annex/objects/"
"""What links and pointers of git-annex to contents lead through."""

_ENCRYPTED: Final = 0x1
_PIECE: Final = 2**20
_USUAL_EXPANSION: Final = 100
_LONGEST_POINTER: Final = 2**12
_SHOWN: Final = 200


@contextmanager
def reading(
    path: Path,
    *,
    expected: str,
    fix: str = COPY_AGAIN,
    also: tuple[type[Exception], ...] = (),
) -> Iterator[None]:
    """Turn what a file library raises on a broken file into one :class:`InputError`.

    Parameters
    ----------
    path : pathlib.Path
        The file that is being read; its name opens the message.
    expected : str
        What the file should have been, for instance ``"an HDF5 file"``.
    fix : str
        What the user can do about it.
    also : tuple of exception types
        What the library at hand raises besides.

    Raises
    ------
    InputError
        For every exception of :data:`BROKEN_FILE_ERRORS` and ``also``, as its cause.
        Errors that already say what is wrong pass through.
    """
    known = BROKEN_FILE_ERRORS + also
    try:
        yield
    except known as error:
        reason = printable(str(error)) or "no reason given"
        found = f"{type(error).__name__} ({reason})"
        if isinstance(error, PermissionError | BlockingIOError):
            fix = MAY_READ
        raise InputError(printable(path.name), expected, found, fix) from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put a file's name before an error that only knows what the content means."""
    try:
        yield
    except InputError as error:
        what = f"{printable(path.name)}, {error.what}"
        raise type(error)(what, error.expected, error.found, error.fix) from error


def printable(text: str, *, limit: int = _SHOWN) -> str:
    """Return text from a file as one line without control characters, cut to some letters."""
    line = " ".join(text.split())
    clean = "".join(letter if letter.isprintable() else "?" for letter in line)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def check_file(path: str | Path, *, max_bytes: int = MAX_FILE_BYTES) -> Path:
    """Require a regular, non-empty file of at most ``max_bytes``.

    Returns
    -------
    pathlib.Path
        The same path.

    Raises
    ------
    InputError
        If there is no such file, it is empty, or it may not be read.
    UnsafeFileError
        If it is a device, a pipe or a socket, or larger than the limit.
    """
    path = Path(path)
    name = printable(path.name) or printable(str(path))
    with reading(path, expected="a path that can be opened", fix="check the path and its rights"):
        found = path.stat() if path.exists() else None
    if not is_fetched(path):
        raise InputError(name, "a file with content", "not fetched", f"run datalad get {name}")
    if found is None:
        where = f"nothing at {printable(str(path))}"
        raise InputError(name, "a file", where, "check the path for typing mistakes")
    if stat.S_ISDIR(found.st_mode):
        raise InputError(name, "a file", "a folder", "name a file inside it")
    if not stat.S_ISREG(found.st_mode):
        raise UnsafeFileError(name, "a regular file", "a device or pipe", "copy it to a file")
    if found.st_size == 0:
        raise InputError(name, "a file with content", "0 bytes", COPY_AGAIN)
    if found.st_size > max_bytes:
        size = readable_size(found.st_size)
        fix = "split the file, or raise the limit if you trust it"
        raise UnsafeFileError(name, f"at most {readable_size(max_bytes)}", size, fix)
    with reading(path, expected="a file that you may read"):
        path.open("rb").close()
    return path


def is_fetched(path: Path) -> bool:
    """Tell whether a path is anything but git-annex's stand-in for a content that is not there."""
    if path.is_symlink() and not path.exists():
        return _ANNEX not in path.readlink().as_posix()
    if not path.is_file() or path.stat().st_size > _LONGEST_POINTER:
        return True
    with reading(path, expected="a file that you may read"):
        return not path.read_bytes().startswith(_ANNEX.encode())


def find_absent(path: Path) -> str:
    """Say that a file is not found, or not fetched; empty where it is there."""
    if not is_fetched(path):
        return f"not fetched: run datalad get {printable(path.name)}"
    return "" if path.exists() else "not found"


def keep_name(path: Path) -> Path:
    """Return the absolute path, links of its folders followed but not its own.

    A file of git-annex is a link to a hash; what people call it is the link.
    """
    return path.parent.resolve() / path.name


def check_inside(path: Path, root: Path) -> Path:
    """Require that a path, with its links followed, stays inside a folder.

    Raises
    ------
    UnsafeFileError
        If the path leads out of ``root``.
    """
    real = path.resolve()
    if not real.is_relative_to(root.resolve()):
        fix = "copy the file into the folder of the dataset"
        raise UnsafeFileError(printable(path.name), f"a file in {root.name}", "one outside", fix)
    return path


def check_claim(
    path: Path,
    shape: Sequence[int],
    itemsize: int,
    *,
    available: int,
    max_bytes: int = MAX_ARRAY_BYTES,
) -> int:
    """Compare the size that a header claims with what the file can hold.

    Parameters
    ----------
    path : pathlib.Path
        The file, for the message.
    shape : sequence of int
        Claimed shape.
    itemsize : int
        Bytes a value.
    available : int
        Most bytes that the file can expand to.
    max_bytes : int
        Most bytes that are read at all.

    Returns
    -------
    int
        The claimed number of bytes.

    Raises
    ------
    UnsafeFileError
        If an axis is negative, or the claim exceeds what the file holds or the limit.
    """
    name = printable(path.name)
    if any(length < 0 for length in shape):
        raise UnsafeFileError(name, "axes of 0 or more", printable(str(tuple(shape))), COPY_AGAIN)
    claimed = math.prod(shape) * itemsize
    if claimed > available:
        expected = f"at most {readable_size(available)} of values in this file"
        found = f"a header that claims {readable_size(claimed)}"
        raise UnsafeFileError(name, expected, found, COPY_AGAIN)
    if claimed > max_bytes:
        expected = f"an array of at most {readable_size(max_bytes)}"
        fix = "select fewer voxels or stimuli before writing the file"
        raise UnsafeFileError(name, expected, readable_size(claimed), fix)
    return claimed


def is_plain_member(info: zipfile.ZipInfo) -> bool:
    """Tell whether a file in a zip is stored or deflated, and not encrypted."""
    known = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    return known and not info.flag_bits & _ENCRYPTED


def expansion_limit(n_bytes: int, *, small: int) -> int:
    """Return the most bytes that a gzip or zlib stream of ``n_bytes`` may claim to become.

    A mask shrinks a thousandfold, measured values three- to tenfold: what stays ``small`` may
    expand as far as DEFLATE can, what is larger a hundredfold.
    """
    return min(n_bytes * MAX_EXPANSION, max(n_bytes * _USUAL_EXPANSION, small))


def readable_size(n_bytes: int) -> str:
    """Return a byte count as a person reads it, for instance ``"1.4 kB"``."""
    if n_bytes < 1000:
        return f"{n_bytes} B"
    exponent = min((len(str(n_bytes)) - 1) // 3, 6)
    return f"{n_bytes / 1000**exponent:.3g} {'kMGTPE'[exponent - 1]}B"


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as hexadecimal text."""
    with reading(path, expected="a readable file"), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_text(path: str | Path, *, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Read a UTF-8 text file, with or without a byte-order mark.

    Raises
    ------
    InputError
        If the file is missing, empty, too large or not UTF-8.
    """
    path = check_file(path, max_bytes=max_bytes)
    with reading(path, expected="UTF-8 text", fix="save the file as UTF-8"):
        return path.read_text(encoding="utf-8-sig")


def read_gzip(path: str | Path, *, max_bytes: int = MAX_ARRAY_BYTES) -> bytes:
    """Expand a gzip file to its very end, so that its checksum is compared.

    Libraries that stop at the last value they need never see the checksum, and a flipped
    bit then becomes wrong data.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.gz`` or ``.mgz`` file.
    max_bytes : int
        Most bytes it may expand to.

    Returns
    -------
    bytes
        The expanded content, whose CRC-32 and length match the file's.

    Raises
    ------
    InputError
        If the file is cut short, altered or not gzip.
    UnsafeFileError
        If it expands beyond the limit.
    """
    path = check_file(path)
    content = io.BytesIO()
    with reading(path, expected="an intact gzip file"), gzip.open(path, "rb") as stream:
        while piece := stream.read(_PIECE):
            if content.tell() + len(piece) > max_bytes:
                expected = f"at most {readable_size(max_bytes)} once expanded"
                fix = "raise the limit if you trust the file"
                raise UnsafeFileError(printable(path.name), expected, "more", fix)
            content.write(piece)
    return content.getvalue()
