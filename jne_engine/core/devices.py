"""Where tensors are computed: which devices are there, and what to do when their memory ends."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar, get_args

from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError

if TYPE_CHECKING:  # pages offer devices and wait for no torch
    import torch
    from torch import nn

Result = TypeVar("Result")
Device = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: Final[tuple[Device, ...]] = get_args(Device)
VARIABLE: Final = "JNE_DEVICE"
"""Environment variable that says what ``auto`` is."""
DRIVERS: Final = ("/dev/nvidiactl", "/dev/dxg")
"""Files of a GPU's driver: of Linux, and of Linux within Windows."""

_told: ContextVar[list[str] | None] = ContextVar("_told", default=None)


def find_device(asked: Device = "auto") -> torch.device:
    """Return the device to compute on.

    Parameters
    ----------
    asked : {"auto", "cpu", "cuda", "mps"}
        ``"auto"``: what the environment variable ``JNE_DEVICE`` says, else CUDA where there is a
        GPU, else the CPU.

    Raises
    ------
    InputError
        If the device is unknown or not there.
    """
    import torch

    check_choice("device", asked, DEVICES)
    name = os.environ.get(VARIABLE, "auto") if asked == "auto" else asked
    check_choice(VARIABLE, name, DEVICES)
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device("cuda" if there["cuda"] else "cpu")
    if not there.get(name, True):
        found = f"none that torch {torch.__version__} can use"
        fix = f"choose cpu or auto, or install a torch that has {name}"
        raise InputError("device", f"a {name} device", found, fix)
    return torch.device(name)


def find_exact(device: torch.device) -> torch.device:
    """Return the device itself where it computes in float64, else the CPU."""
    import torch

    return torch.device("cpu") if device.type == "mps" else device


def device_of(module: nn.Module) -> torch.device:
    """Return where a module's parameters are; the CPU if it has none."""
    import torch

    return next((p.device for p in module.parameters()), torch.device("cpu"))


def tell_device(device: torch.device) -> str:
    """Return a device's name for a run's record."""
    import torch

    if device.type != "cuda":
        return device.type
    return f"cuda ({torch.cuda.get_device_name(device)})"


def list_devices() -> tuple[Device, ...]:
    """Return the devices that this machine seems to have, found without waiting for torch.

    Whoever computes looks again, and refuses in one line.
    """
    is_cpu_build = importlib.metadata.version("torch").endswith("+cpu")
    if any(Path(file).exists() for file in DRIVERS) and not is_cpu_build:
        return ("auto", "cpu", "cuda")
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return ("auto", "cpu", "mps")
    return ("auto", "cpu")


class Blocks:
    """How much is handled at once: less from the moment that a device's memory runs out.

    Parameters
    ----------
    what : str
        What a block is made of, for the record: ``"voxels of a product"``.
    size : int
        Size to begin with.
    """

    def __init__(self, what: str, size: int) -> None:
        self.what, self.size = what, size

    def run(self, work: Callable[[int], Result]) -> Result:
        """Return ``work(size)``; where memory runs out, begin it again with half the size.

        Parameters
        ----------
        work : callable
            Gives the same result however often it is begun.

        Raises
        ------
        InputError
            If memory runs out with blocks of one.
        """
        import torch

        while True:
            try:
                return work(self.size)
            except torch.OutOfMemoryError as error:
                self._halve(error)

    def each(self, total: int, work: Callable[[slice], None]) -> None:
        """Call ``work(block)`` for consecutive blocks that cover ``range(total)``."""
        start = 0
        while start < total:
            block = partial(_work_once, work, start, total)
            start = self.run(block)

    def _halve(self, error: Exception) -> None:
        import torch

        if self.size <= 1:
            found = "too little for one"
            fix = "choose the device cpu, or fewer hidden units"
            raise InputError("memory of the device", self.what, found, fix) from error
        whole, self.size = self.size, self.size // 2
        told = _told.get()
        if told is not None:
            told.append(f"Memory ran out at {whole:,} {self.what}; {self.size:,} were taken.")
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


@contextmanager
def noting_halved() -> Iterator[list[str]]:
    """Collect a line for each time that a block was halved."""
    lines: list[str] = []
    token = _told.set(lines)
    try:
        yield lines
    finally:
        _told.reset(token)


def _work_once(work: Callable[[slice], None], start: int, total: int, size: int) -> int:
    stop = min(start + size, total)
    work(slice(start, stop))
    return stop
