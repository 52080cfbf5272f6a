"""Looking at data for a page: in a process of its own, with limits.

Reading headers and a few blocks takes seconds, and somebody's broken file may take all memory or
never end. So a page asks here: ``python -m jne_engine.datasets.previewing`` reads one request from
its standard input and answers in JSON.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from jne_engine.core.errors import InputError, JneError, StoreError, UnsafeFileError
from jne_engine.core.resources import find_dashboard

SECONDS: Final = 120
"""Longest that a look may take."""

MEMORY_BYTES: Final = 16 * 2**30
"""Most address space that a look may take; mapped files count."""

AT_ONCE: Final = 2
GEMM_SIZE: Final = 1024
GEMM_ROUNDS: Final = 3

_ERRORS: Final = {kind.__name__: kind for kind in (InputError, UnsafeFileError, StoreError)}


class Previewer:
    """Answers requests in child processes, a few at once."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="preview")

    def submit(self, what: str, request: Mapping[str, Any]) -> Future[dict[str, Any]]:
        """Ask for a look.

        Parameters
        ----------
        what : {"source", "run"}
            Preview of an import, or what a run will take.
        request : mapping
            As :func:`~jne_engine.datasets.registry.preview_source` or :func:`expect_run` takes it.

        Returns
        -------
        concurrent.futures.Future
            Of plain values; it raises :class:`JneError` where the look does.
        """
        return self._pool.submit(ask_child, what, request)

    def close(self) -> None:
        """Let nothing more begin."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def ask_child(what: str, request: Mapping[str, Any], *, seconds: float = SECONDS) -> dict[str, Any]:
    """Answer one request in a process of its own.

    Raises
    ------
    InputError
        If the data are refused, or the look crashes or exceeds a limit; always one line.
    """
    asked = json.dumps({"what": what, "request": dict(request)})
    process = subprocess.Popen(
        [sys.executable, "-m", "jne_engine.datasets.previewing", str(int(seconds))],
        cwd=find_dashboard(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    try:
        out, _ = process.communicate(asked, timeout=seconds + 30)
    except subprocess.TimeoutExpired:
        out = ""
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return _open_answer(out, process.returncode)


def _open_answer(text: str, code: int) -> dict[str, Any]:
    if not text:
        late = -code in (signal.SIGALRM, signal.SIGKILL, signal.SIGXCPU)
        found = "one that takes longer" if late else "one that ends its reader"
        fix = "choose less, or check where the files come from"
        raise InputError("preview", f"data that are looked at within {SECONDS} s", found, fix)
    answer = json.loads(text)
    if "error" in answer:
        kind, *words = answer["error"]
        raise _ERRORS.get(kind, InputError)(*words)
    return dict(answer["answer"])


def expect_run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what a run will take, from its sizes and the speed of matrix products here and now.

    Parameters
    ----------
    request : mapping
        ``n_train, n_test, n_images, n_features, n_voxels`` and ``n_hidden, n_blocks, max_epochs``.

    Returns
    -------
    dict
        ``seconds_epoch`` of one encoder; ``seconds_jacobians``; ``seconds_most``, should neither
        fit stop early; ``memory_bytes``.

    Notes
    -----
    A step of a fit takes 6 operations a weight and stimulus (2 forward, 4 backward). The
    streamed Jacobians take, a stimulus and pass, 2 h f v operations for the last product and
    2 h² f for each block; there are two passes.
    """
    f, h, v = (int(request[name]) for name in ("n_features", "n_hidden", "n_voxels"))
    weights = f * h + request["n_blocks"] * h * h + h * v
    speed = _measure_speed()
    epoch = 6 * weights * request["n_train"] / speed
    jacobians = 2 * request["n_test"] * 2 * h * f * (v + request["n_blocks"] * h) / speed
    data = 4 * (request["n_images"] * (f + v) + 2 * request["n_test"] * v)
    return {
        "seconds_epoch": epoch,
        "seconds_jacobians": jacobians,
        "seconds_most": 2 * request["max_epochs"] * epoch + jacobians,
        "memory_bytes": int(600e6 + 2 * data + 4 * 5 * weights + 4 * v * f * 3),
    }


def _measure_speed() -> float:
    """Return the operations a second of a float32 matrix product."""
    import numpy as np

    a = np.ones((GEMM_SIZE, GEMM_SIZE), np.float32)
    a @ a
    start = time.perf_counter()
    for _ in range(GEMM_ROUNDS):
        a @ a
    return float(2 * GEMM_SIZE**3 * GEMM_ROUNDS / (time.perf_counter() - start))


def _answer(asked: Mapping[str, Any]) -> dict[str, Any]:
    if asked["what"] == "run":
        return expect_run(asked["request"])
    from jne_engine.datasets.registry import preview_source

    return preview_source(asked["request"]).to_dict()


def main(seconds: int) -> None:
    """Answer the request of the standard input under limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    try:
        told: dict[str, Any] = {"answer": _answer(json.load(sys.stdin))}
    except JneError as error:
        words = [error.what, error.expected, error.found, error.fix]
        told = {"error": [type(error).__name__, *words]}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
