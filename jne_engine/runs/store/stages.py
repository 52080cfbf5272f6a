"""One stage of a run: arrays, tables and weights, each verified when read."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import zarr
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from zarr.codecs import Crc32cCodec, ZstdCodec

from jne_engine.core.arrays import AnyArray
from jne_engine.core.disk import sha256
from jne_engine.core.errors import StoreError
from jne_engine.runs.store.chunks import ChunkedMatrix, open_matrix

ARRAYS = "arrays.zarr"
CHUNK_STIMULI = 32
CHUNK_VOXELS = 4096


class StageWriter:
    """Writes the arrays, tables and weights of one stage into its hidden folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._group = zarr.open_group(folder / ARRAYS, mode="w", zarr_format=3)

    def create_array(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Any:
        """Create an array to be filled block by block; what is not written reads as NaN.

        Matrices are cut into 32 stimuli × 4096 voxels, so that one stimulus's map and one
        voxel's stimuli both come from few chunks.
        """
        kind = np.dtype(dtype)
        sizes = (CHUNK_STIMULI, CHUNK_VOXELS) if len(shape) == 2 else (CHUNK_VOXELS,)
        chunks = tuple(max(1, min(n, c)) for n, c in zip(shape, sizes, strict=False))
        return self._group.create_array(
            name,
            shape=shape,
            dtype=kind,
            chunks=chunks + tuple(max(1, n) for n in shape[len(chunks) :]),
            fill_value=np.nan if kind.kind == "f" else 0,
            compressors=[ZstdCodec(level=1), Crc32cCodec()],
        )

    def write_array(self, name: str, values: AnyArray) -> None:
        """Write a whole array."""
        self.create_array(name, values.shape, values.dtype)[...] = values

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Write a table as parquet, its index included."""
        table.to_parquet(self.folder / f"{name}.parquet")

    def write_weights(self, name: str, weights: Mapping[str, AnyArray]) -> None:
        """Write named weights as safetensors."""
        contiguous = {k: np.ascontiguousarray(v) for k, v in weights.items()}
        (self.folder / f"{name}.safetensors").write_bytes(save_tensors(contiguous))

    def write_json(self, name: str, values: Any) -> None:
        """Write plain values as JSON."""
        text = json.dumps(values, indent=1, ensure_ascii=False)
        (self.folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


class StageReader:
    """Reads one complete stage, verifying whatever it reads.

    Parameters
    ----------
    folder : pathlib.Path
        The stage's folder.
    files : mapping of str to str, optional
        SHA-256 by file name ``stage/file``; None while the run has no manifest yet.
    """

    def __init__(self, folder: Path, *, files: Mapping[str, str] | None) -> None:
        self.folder = folder
        self._files = files

    def array(self, name: str) -> Any:
        """Open an array without reading it.

        Raises
        ------
        StoreError
            If the stage has no such array.
        """
        try:
            return zarr.open_array(self.folder / ARRAYS / name, mode="r", zarr_format=3)
        except (OSError, KeyError, ValueError) as error:
            raise self._broken(name, "an array of that name", error) from error

    def has_array(self, name: str) -> bool:
        """Tell whether the stage holds an array of that name."""
        return (self.folder / ARRAYS / name).is_dir()

    def array_names(self) -> list[str]:
        """Return the names of the stage's arrays."""
        return sorted(p.name for p in (self.folder / ARRAYS).iterdir() if p.is_dir())

    def read_array(self, name: str, selection: Any = ...) -> AnyArray:
        """Read an array or a selection of it into memory.

        Raises
        ------
        StoreError
            If it is missing or a chunk's checksum does not hold.
        """
        return self._verified(name, lambda array: array[selection])

    def read_columns(self, name: str, columns: npt.NDArray[np.int64]) -> AnyArray:
        """Read some columns of a matrix, shape (n_rows, n_columns), from their chunks only.

        Raises
        ------
        StoreError
            If it is missing or a chunk's checksum does not hold.
        """
        return self._verified(name, lambda array: array.oindex[:, columns])

    def read_row(self, name: str, row: int) -> AnyArray:
        """Read one row of a matrix, from its chunks only, on several threads.

        Raises
        ------
        StoreError
            If it is missing or a chunk's checksum does not hold.
        """
        return self._read_matrix(name, lambda matrix: matrix.read_row(row))

    def sum_rows(self, name: str, members: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Sum groups of a matrix's rows; see :meth:`ChunkedMatrix.sum_rows`.

        Raises
        ------
        StoreError
            If it is missing or a chunk's checksum does not hold.
        """
        return self._read_matrix(name, lambda matrix: matrix.sum_rows(members))

    def sum_columns(self, name: str, masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Sum groups of a matrix's columns; see :meth:`ChunkedMatrix.sum_columns`.

        Raises
        ------
        StoreError
            If it is missing or a chunk's checksum does not hold.
        """
        return self._read_matrix(name, lambda matrix: matrix.sum_columns(masks))

    def _read_matrix(self, name: str, read: Callable[[ChunkedMatrix], AnyArray]) -> AnyArray:
        """Read from a matrix chunk by chunk; each verifies itself."""
        folder = self.folder / ARRAYS / name
        return self._telling(name, lambda: read(open_matrix(folder)))

    def _verified(self, name: str, read: Callable[[Any], Any]) -> AnyArray:
        """Read from an array; its chunks verify themselves."""
        array = self.array(name)
        return self._telling(name, lambda: np.asarray(read(array)))

    def _telling(self, name: str, read: Callable[[], AnyArray]) -> AnyArray:
        try:
            return read()
        except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise self._broken(name, "whole chunks", error) from error

    def read_table(self, name: str) -> pd.DataFrame:
        """Read a parquet table.

        Raises
        ------
        StoreError
            If it is missing or altered.
        """
        try:
            return pd.read_parquet(io.BytesIO(self._read(f"{name}.parquet")))
        except (OSError, ValueError) as error:
            raise self._broken(name, "a parquet table", error) from error

    def read_weights(self, name: str) -> dict[str, AnyArray]:
        """Read named weights.

        Raises
        ------
        StoreError
            If they are missing or altered.
        """
        try:
            return load_tensors(self._read(f"{name}.safetensors"))
        except SafetensorError as error:
            raise self._broken(name, "safetensors", error) from error

    def read_json(self, name: str) -> Any:
        """Read plain values.

        Raises
        ------
        StoreError
            If they are missing or altered.
        """
        try:
            return json.loads(self._read(f"{name}.json"))
        except ValueError as error:
            raise self._broken(name, "JSON", error) from error

    def _read(self, name: str) -> bytes:
        try:
            content = (self.folder / name).read_bytes()
        except OSError as error:
            raise self._broken(name, "a file of that name", error) from error
        relative = f"{self.folder.name}/{name}"
        if self._files is not None and self._files.get(relative) != sha256(content):
            found = "other content"
            fix = "delete the folder and compute the run again"
            raise StoreError(str(self.folder / name), "the manifest's SHA-256", found, fix)
        return content

    def _broken(self, name: str, expected: str, error: Exception) -> StoreError:
        fix = "delete the folder and compute the run again"
        return StoreError(str(self.folder / name), expected, str(error), fix)
