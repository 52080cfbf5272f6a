"""Looking at data for a page: in a process of its own, with limits.

Reading headers and a few blocks takes seconds, and somebody's broken file may take all memory or
never end. So a page asks here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from jne_engine.core.child import Child, ChildEndedError
from jne_engine.core.errors import InputError

SECONDS: Final = 120
"""Longest that a look may take."""

MEMORY_BYTES: Final = 16 * 2**30
"""Most address space that a look may take; mapped files count."""

AT_ONCE: Final = 2
GEMM_SIZE: Final = 1024
GEMM_ROUNDS: Final = 3


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
    asked = json.dumps({"what": what, "request": dict(request)}).encode()
    with Child(f"{__name__}:answer", seconds=seconds, memory_bytes=MEMORY_BYTES) as child:
        try:
            return dict(json.loads(child.ask(asked)))
        except ChildEndedError as ended:
            found = "one that takes longer" if ended.is_late else "one that ends its reader"
            fix = "choose less, or check where the files come from"
            expected = f"data that are looked at within {seconds:g} s"
            raise InputError("preview", expected, found, fix) from ended


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


def answer(request: bytes) -> bytes:
    """Answer one request of :func:`ask_child`, as JSON: what a child read is never unpickled."""
    asked = json.loads(request)
    if asked["what"] == "run":
        return json.dumps(expect_run(asked["request"])).encode()
    from jne_engine.datasets.registry import preview_source

    return json.dumps(preview_source(asked["request"]).to_dict()).encode()
