"""Arrays named by the hash of their content, and the container that they travel in.

The container is a little-endian u32 header length, the header as JSON, zero bytes up to a
multiple of 8, then the arrays, each on a multiple of 8. Truth values travel as bits, the first
one in the lowest bit of the first byte.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from jne_engine.core.arrays import AnyArray
from jne_engine.core.checks import check_choice

_DTYPE_CODES: Mapping[str, str] = MappingProxyType(
    {"f4": "<f4", "f2": "<f2", "u4": "<u4", "u2": "<u2", "u1": "|u1", "b1": "|u1"}
)
_ALIGN = 8


@dataclass(frozen=True, eq=False)
class Blob:
    """Arrays that travel together, named by the hash of their content."""

    hash: str
    kind: str
    arrays: Mapping[str, AnyArray]
    meta: Mapping[str, Any]

    @classmethod
    def of(cls, kind: str, arrays: Mapping[str, AnyArray], meta: Mapping[str, Any]) -> Blob:
        """Name arrays and facts by their content."""
        digest = hashlib.blake2b(digest_size=9)
        digest.update(json.dumps([kind, meta], sort_keys=True).encode())
        for name, array in arrays.items():
            digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return cls(digest.hexdigest(), kind, arrays, meta)

    @property
    def n_bytes(self) -> int:
        """Bytes that all arrays take on their way."""
        return sum(len(_as_bytes(a)) for a in self.arrays.values())


def pack(header: Mapping[str, Any], blobs: Collection[Blob]) -> bytes:
    """Pack a header and blobs into one container.

    Parameters
    ----------
    header : mapping
        Plain values that JSON can hold.
    blobs : collection of Blob
        What the receiver does not have yet.

    Returns
    -------
    bytes
    """
    entries, chunks, at = [], [], 0
    for blob in blobs:
        listed = []
        for name, array in blob.arrays.items():
            data = _as_bytes(array)
            count = int(array.size)
            listed.append({"name": name, "dtype": _code(array), "offset": at, "count": count})
            chunks.append(data + bytes(-len(data) % _ALIGN))
            at += len(chunks[-1])
        entry = {"hash": blob.hash, "kind": blob.kind, "meta": dict(blob.meta), "arrays": listed}
        packing = blob.meta.get("packing")
        entries.append(entry | ({"packing": packing} if packing else {}))
    text = json.dumps({**header, "blobs": entries}, separators=(",", ":"), allow_nan=False)
    head = text.encode()
    return b"".join([struct.pack("<I", len(head)), head, bytes(-(4 + len(head)) % _ALIGN), *chunks])


def unpack(container: bytes) -> tuple[dict[str, Any], dict[str, Blob]]:
    """Take a container apart again; the reverse of :func:`pack`.

    Returns
    -------
    tuple of dict and dict
        The header and the blobs by hash.
    """
    (length,) = struct.unpack_from("<I", container)
    header: dict[str, Any] = json.loads(container[4 : 4 + length])
    base = 4 + length + (-(4 + length) % _ALIGN)
    blobs = {}
    for entry in header.pop("blobs"):
        arrays = {
            a["name"]: _from_bytes(container, a["dtype"], a["count"], base + a["offset"])
            for a in entry["arrays"]
        }
        blobs[entry["hash"]] = Blob(entry["hash"], entry["kind"], arrays, entry["meta"])
    return header, blobs


def _as_bytes(array: AnyArray) -> bytes:
    code = _code(array)
    if code == "b1":
        return np.packbits(array, bitorder="little").tobytes()
    return np.ascontiguousarray(array, dtype=_DTYPE_CODES[code]).tobytes()


def _from_bytes(container: bytes, code: str, count: int, at: int) -> AnyArray:
    if code == "b1":
        packed = np.frombuffer(container, np.uint8, (count + 7) // 8, at)
        return np.unpackbits(packed, count=count, bitorder="little").astype(bool)
    return np.frombuffer(container, _DTYPE_CODES[code], count, at)


def _code(array: AnyArray) -> str:
    code = f"{array.dtype.kind}{array.dtype.itemsize}"
    check_choice("array type", code, tuple(_DTYPE_CODES))
    return code
