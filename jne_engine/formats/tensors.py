"""Tensors by name, of ``.safetensors`` files and of what ``torch.save`` wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from jne_engine.core.errors import InputError
from jne_engine.formats.guard import MAX_ARRAY_BYTES, check_claim, check_file, printable, reading
from jne_engine.formats.torch_files import load_torch

if TYPE_CHECKING:
    from torch import Tensor

SAFETENSORS: Final = ".safetensors"
TENSOR_SUFFIXES: Final = (".pt", ".pth", SAFETENSORS)
ALONE: Final = ""
"""Key of the tensor of a file that holds just one, without a name."""

_SAVE_AGAIN: Final = "save it with torch.save(tensor, path), or numpy.save(path, tensor.numpy())"


def list_tensor_keys(path: str | Path) -> tuple[str, ...]:
    """Return the names of a file's tensors; those of nested dictionaries are joined by dots.

    Raises
    ------
    InputError
        If the file is cut short, altered or another format.
    UnsafeFileError
        If it asks for more than plain tensors.
    """
    path = check_file(path)
    if path.suffix.lower() == SAFETENSORS:
        with open_safetensors(path) as file:
            return tuple(file.keys())
    return tuple(_name_tensors(load_torch(path, fix=_SAVE_AGAIN)))


def read_tensor(
    path: str | Path, key: str, *, max_bytes: int = MAX_ARRAY_BYTES
) -> npt.NDArray[Any]:
    """Read one tensor of real numbers.

    Parameters
    ----------
    path : str or pathlib.Path
        A file that ends as one of :data:`TENSOR_SUFFIXES`.
    key : str
        One of :func:`list_tensor_keys`.
    max_bytes : int
        Most bytes that the tensor may take.

    Returns
    -------
    numpy.ndarray
        With the type that the file gives it; bfloat16, which NumPy lacks, as float32.

    Raises
    ------
    InputError
        If the key is missing, the values are not real numbers, or the file is broken.
    UnsafeFileError
        If the file asks for more than plain tensors, or claims more than it holds.
    """
    path = check_file(path)
    if path.suffix.lower() != SAFETENSORS:
        tensors = _name_tensors(load_torch(path, fix=_SAVE_AGAIN))
        _check_key(path, key, tuple(tensors))
        return _to_numpy(path, tensors[key], max_bytes)
    with open_safetensors(path) as file:
        _check_key(path, key, tuple(file.keys()))
        shape = file.get_slice(key).get_shape()
        check_claim(path, shape, 1, available=path.stat().st_size, max_bytes=max_bytes)
        return _to_numpy(path, file.get_tensor(key), max_bytes)


@contextmanager
def open_safetensors(path: Path) -> Iterator[Any]:
    """Open a safetensors file, whose tensors are read as they are asked for.

    Raises
    ------
    InputError
        If the file is cut short, altered or another format.
    """
    with (
        reading(path, expected="an intact safetensors file", also=(SafetensorError,)),
        safe_open(path, framework="pt") as file,
    ):
        yield file


def _name_tensors(held: object) -> dict[str, Tensor]:
    from torch import Tensor

    if isinstance(held, Tensor):
        return {ALONE: held}
    found: dict[str, Tensor] = {}
    for name, value in held.items() if isinstance(held, Mapping) else ():
        for inner, tensor in _name_tensors(value).items():
            found[f"{name}.{inner}" if inner else str(name)] = tensor
    return found


def _check_key(path: Path, key: str, keys: tuple[str, ...]) -> None:
    if key not in keys:
        known = ", ".join(map(printable, keys[:20])) or "none"
        fix = f"pass one of the keys it has: {known}" if keys != (ALONE,) else "pass no key"
        raise InputError(printable(path.name), f"tensor {key!r}", "no such key", fix)


def _to_numpy(path: Path, tensor: Tensor, max_bytes: int) -> npt.NDArray[Any]:
    import torch

    name = printable(path.name)
    if tensor.layout != torch.strided or tensor.is_complex() or tensor.is_quantized:
        found = f"{tensor.dtype}, {tensor.layout}"
        raise InputError(name, "a dense tensor of real numbers", found, _SAVE_AGAIN)
    size = path.stat().st_size
    check_claim(path, tensor.shape, tensor.element_size(), available=size, max_bytes=max_bytes)
    with reading(path, expected="a tensor of real numbers", fix=_SAVE_AGAIN):
        single = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
        return np.array(single.detach().numpy())
