"""A child process that answers requests, bytes for bytes, under limits.

What a page asks for and must not do itself, because it takes seconds, needs torch, or reads
somebody's file that may be broken. ``multiprocessing`` would run the page's own script again in the
child, for under Streamlit that script is ``__main__``.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from jne_engine.core.errors import InputError, JneError, StoreError, UnsafeFileError
from jne_engine.core.resources import find_dashboard

_HEAD: Final = struct.Struct(">?Q")
"""Before each message: whether it is an answer and no error, and its length."""
_LONGEST: Final = 2**31
_ERRORS: Final = {kind.__name__: kind for kind in (InputError, UnsafeFileError, StoreError)}


class ChildEndedError(Exception):
    """The child ended, by itself or by a limit, before it had answered.

    Parameters
    ----------
    is_late : bool
        Whether it was ended because it took too long.
    """

    def __init__(self, *, is_late: bool) -> None:
        super().__init__("took too long" if is_late else "ended")
        self.is_late = is_late


class Child:
    """A process that answers requests one after another.

    Parameters
    ----------
    function : str
        ``"module:name"`` of a function of bytes to bytes; the child imports it.
    seconds : float, optional
        Longest that an answer may take, and the child's start; the system ends it after that.
    memory_bytes : int, optional
        Most address space that it may take; mapped files count.
    """

    def __init__(
        self, function: str, *, seconds: float | None = None, memory_bytes: int = 0
    ) -> None:
        limits = str(memory_bytes), str(seconds or 0)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jne_engine.core.child", function, *limits],
            cwd=find_dashboard(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        """Return the child; it ends with the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the child."""
        self.close()

    @property
    def process_id(self) -> int:
        """Its process id, which is its group's too."""
        return self._process.pid

    def ask(self, request: bytes) -> bytes:
        """Send a request and wait for its answer.

        Raises
        ------
        ChildEndedError
            If the child ends first; it answers nothing any more.
        JneError
            Whatever the function raised of this family.
        """
        sink, source = self._process.stdin, self._process.stdout
        if sink is None or source is None:  # they are pipes; mypy cannot know
            raise ChildEndedError(is_late=False)
        try:
            _send(sink, request, is_answer=True)
            is_answer, answer = _receive(source)
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise ChildEndedError(is_late=-self._process.returncode == signal.SIGALRM) from error
        if not is_answer:
            kind, *words = json.loads(answer)
            raise _ERRORS.get(kind, JneError)(*words)
        return answer

    def close(self) -> None:
        """End the child and what it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # what nobody has read is of no use
                    pipe.close()


def _send(sink: BinaryIO | Any, content: bytes, *, is_answer: bool) -> None:
    sink.write(_HEAD.pack(is_answer, len(content)))
    sink.write(content)
    sink.flush()


def _receive(source: BinaryIO | Any) -> tuple[bool, bytes]:
    is_answer, size = _HEAD.unpack(_read(source, _HEAD.size))
    if size > _LONGEST:
        raise EOFError
    return is_answer, _read(source, size)


def _read(source: BinaryIO | Any, size: int) -> bytes:
    content: bytes = source.read(size)
    if len(content) < size:
        raise EOFError
    return content


def _serve(
    function: Callable[[bytes], bytes], source: BinaryIO, sink: BinaryIO, seconds: float
) -> None:
    """Answer requests until there are no more; the system ends an answer that takes too long."""
    while True:
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            _, request = _receive(source)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            _send(sink, function(request), is_answer=True)
        except JneError as error:
            words = [error.what, error.expected, error.found, error.fix]
            told = json.dumps([type(error).__name__, *words]).encode()
            _send(sink, told, is_answer=False)


def _main(target: str, memory_bytes: int, seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)  # importing may take too long too
    if memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not write between the answers
    module, name = target.split(":")
    _serve(getattr(import_module(module), name), sys.stdin.buffer, answers, seconds)


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
