"""Files that were uploaded are read in a process of their own, with limits.

What a file library does on a crafted file (crash, loop, take all memory) ends that process and
is one line here. Run as ``python -m jne_engine.readers.child KIND PATH OPTIONS FOLDER SECONDS
MEMORY``.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from jne_engine.checks import check_choice
from jne_engine.errors import InputError, JneError, StoreError, UnsafeFileError
from jne_engine.readers.arrays import read_array
from jne_engine.readers.guard import check_file, printable, read_text, reading
from jne_engine.readers.labels import read_labels
from jne_engine.readers.meshes import read_mesh
from jne_engine.readers.parcels import RESULT, read_parcel, write_parcel
from jne_engine.readers.surface_values import read_surface_values
from jne_engine.readers.tables import read_table
from jne_engine.readers.volumes import read_volume

MEMORY_BYTES: Final = 4 * 2**30
"""Most memory that a reader may take."""
SECONDS: Final = 10.0
"""Longest that a reader may take once it has started."""

READERS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "array": read_array,
        "labels": read_labels,
        "mesh": read_mesh,
        "surface-values": read_surface_values,
        "table": read_table,
        "volume": read_volume,
    }
)
"""What can be read in a child process, by name."""

_STARTING_SECONDS: Final = 60.0
_ERROR: Final = "error.json"
_TIMEOUTS: Final = (signal.SIGALRM, signal.SIGXCPU, signal.SIGKILL)
_ERRORS: Final = {kind.__name__: kind for kind in (InputError, UnsafeFileError, StoreError)}
_KEPT_VARIABLES: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")
_FIX: Final = "check where the file comes from, or import it from a folder on the server"


def read_in_child(
    kind: str,
    path: str | Path,
    *,
    options: Mapping[str, str | int] | None = None,
    memory: int = MEMORY_BYTES,
    seconds: float = SECONDS,
) -> Any:
    """Read a file that nobody vouches for.

    Parameters
    ----------
    kind : str
        One of :data:`READERS`.
    path : str or pathlib.Path
        The file.
    options : mapping, optional
        Further keyword arguments of the reader, for instance ``{"hemi": "left"}``.
    memory : int
        Most bytes of address space that the reader may take.
    seconds : float
        Longest that it may take once it has started.

    Returns
    -------
    object
        What the reader returns.

    Raises
    ------
    InputError
        If the reader refuses the file, crashes, or exceeds a limit; always one line.
    """
    check_choice("kind of file", kind, tuple(READERS))
    path = check_file(path).absolute()
    with tempfile.TemporaryDirectory(prefix="jne-reader-") as name:
        folder = Path(name)
        asked = json.dumps(dict(options or {}))
        code = _run([kind, str(path), asked, name, str(seconds), str(memory)], seconds)
        if (folder / _ERROR).exists():
            raise _told_error(folder / _ERROR)
        if code != 0 or not (folder / RESULT).exists():
            expected = f"a file that is read within {seconds:g} s and {memory / 2**30:g} GiB"
            raise InputError(printable(path.name), expected, _reason(code), _FIX)
        return read_parcel(folder, max_bytes=memory)


def main(kind: str, path: str, options: str, folder: str, *limits: str) -> None:
    """Read one file under limits and leave the result, or the error, in a folder."""
    _limit(float(limits[0]), int(limits[1]))
    try:
        with reading(Path(path), expected="a file that fits the memory of its reader"):
            write_parcel(Path(folder), READERS[kind](Path(path), **json.loads(options)))
    except JneError as error:
        told = [type(error).__name__, error.what, error.expected, error.found, error.fix]
        (Path(folder) / _ERROR).write_text(json.dumps(told), encoding="utf-8")


def _limit(seconds: float, memory: int) -> None:
    """End this process when it takes too long or too much, without a core dump."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _run(arguments: list[str], seconds: float) -> int:
    """Run the child and return its exit code; kill it and its children when it is late."""
    environment = {key: os.environ[key] for key in _KEPT_VARIABLES if key in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "jne_engine.readers.child", *arguments],
        cwd=Path(__file__).parents[2],
        env={**environment, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(_STARTING_SECONDS + seconds)
    except subprocess.TimeoutExpired:
        return -signal.SIGKILL
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _reason(code: int) -> str:
    """Say how a child ended."""
    if -code in _TIMEOUTS:
        return "one that takes longer"
    if code < 0:
        return f"one that ends its reader with {signal.Signals(-code).name}"
    return "one that its reader fails on"


def _told_error(path: Path) -> JneError:
    """Return the error that a child left."""
    with reading(path, expected="an error of a reader"):
        kind, *words = json.loads(read_text(path))
        what, expected, found, fix = map(str, words)
        return _ERRORS.get(str(kind), InputError)(what, expected, found, fix)


if __name__ == "__main__":
    main(*sys.argv[1:])
