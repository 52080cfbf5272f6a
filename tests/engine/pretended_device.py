"""A device that is not there: tensors lie in memory, and nothing may mix them with the CPU's.

Real numbers are computed, so that results can be compared; what a GPU would refuse is refused.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten

DEVICE = torch.device("cuda")
CROSSING = {"copy_", "__set__", "_has_compatible_shallow_copy_type"}
"""Functions that take tensors of two devices, besides those that index."""


class PretendedDevice(TorchFunctionMode):
    """Keeps which storages lie on the device, and refuses operations over two devices."""

    def __init__(self) -> None:
        super().__init__()
        self.storages: dict[int, Any] = {}
        self.n_operations = 0

    def holds(self, tensor: Tensor) -> bool:
        return tensor.untyped_storage().data_ptr() in self.storages

    def put(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage.data_ptr():
            self.storages[storage.data_ptr()] = storage  # kept, so that no other takes its place

    def __torch_function__(self, func, types, args=(), kwargs=None):
        del types
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if func == Tensor.device.__get__:
            return DEVICE if self.holds(args[0]) else func(*args)
        if name in ("to", "cpu"):
            return self._move(func, name, args, kwargs)
        asked = kwargs.get("device")
        is_asked = asked is not None and torch.device(asked).type == DEVICE.type
        if is_asked:
            kwargs["device"] = "cpu"
        tensors = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, Tensor)]
        there = [tensor for tensor in tensors if self.holds(tensor)]
        if there:
            self._check(name, args, tensors)
        result = func(*args, **kwargs)
        if there or is_asked:
            self.n_operations += 1
            for leaf in tree_flatten(result)[0]:
                if isinstance(leaf, Tensor):
                    self.put(leaf)
        return result

    def _check(self, name: str, args: tuple[Any, ...], tensors: list[Tensor]) -> None:
        if name in ("numpy", "__array__"):
            raise TypeError("a tensor of the device is not numpy's to read")
        if name in CROSSING:
            return
        if name in ("__getitem__", "__setitem__"):  # an index may lie on the CPU
            tensors = [leaf for leaf in (args[0], *args[2:]) if isinstance(leaf, Tensor)]
        places = {self.holds(tensor) for tensor in tensors if tensor.ndim}
        if len(places) > 1:
            raise RuntimeError(f"{name}: expected all tensors on one device, found two")

    def _move(self, func, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        source, is_there = args[0], self.holds(args[0])
        wanted = is_there if name == "to" else False
        rest = []
        for value in (*args[1:], *kwargs.values()):
            if isinstance(value, Tensor):
                wanted = self.holds(value)
            elif isinstance(value, str | torch.device):
                wanted = torch.device(value).type == DEVICE.type
                if torch.device(value).type == "meta":
                    return func(*args, **kwargs)
            if isinstance(value, torch.dtype):
                rest.append(value)
            elif isinstance(value, Tensor):
                rest.append(value.dtype)
        moved = source.to(rest[0]) if rest else source
        if wanted == is_there and (moved is source or not wanted):
            return source.clone() if kwargs.get("copy") and moved is source else moved
        moved = moved.clone() if moved is source else moved
        if wanted:
            self.n_operations += 1
            self.put(moved)
        return moved
