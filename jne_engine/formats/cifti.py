"""CIFTI-2 files with one value a grayordinate: a matrix whose XML is weighed before it is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from nibabel.cifti2 import BrainModelAxis, LabelAxis, ScalarAxis, SeriesAxis
from nibabel.cifti2.parse_cifti2 import Cifti2Parser
from nibabel.nifti2 import Nifti2Header

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.cortex.spaces import HEMISPHERES, Hemisphere, VolumeSpace
from jne_engine.formats.guard import COPY_AGAIN, check_claim, check_file, printable, reading
from jne_engine.formats.images import MAX_VERTICES, reading_image
from jne_engine.formats.xml_guard import scan_xml

Maps: TypeAlias = ScalarAxis | LabelAxis | SeriesAxis
"""What the rows of a dense file may be."""

_HEADER: Final = 540
_EXTENSION_CODE: Final = 32
_MAX_XML: Final = 2**27
_REWRITE: Final = "write it again with Connectome Workbench or nibabel"


@dataclass(frozen=True, eq=False)
class Grayordinates:
    """The cortical part of a dense CIFTI-2 file; what lies below the cortex is left out.

    Parameters
    ----------
    maps : ScalarAxis, LabelAxis or SeriesAxis
        What each row is.
    values : mapping of hemisphere to numpy.ndarray, shape (n_maps, n_grayordinates)
        Values of each hemisphere's grayordinates.
    vertices : mapping of hemisphere to numpy.ndarray of int64, shape (n_grayordinates,)
        Their vertices.
    n_vertices : mapping of hemisphere to int
        Vertices of each hemisphere's surface.
    n_below : int
        Grayordinates below the cortex, which are left out.
    """

    maps: Maps
    values: Mapping[Hemisphere, npt.NDArray[Any]]
    vertices: Mapping[Hemisphere, IntArray]
    n_vertices: Mapping[Hemisphere, int]
    n_below: int = 0

    def spread(self, missing: float) -> Mapping[Hemisphere, npt.NDArray[Any]]:
        """Return (n_maps, n_vertices) of each hemisphere; ``missing`` where the file has none."""
        parts: dict[Hemisphere, npt.NDArray[Any]] = {}
        for hemi, values in self.values.items():
            shape = (len(values), self.n_vertices[hemi])
            parts[hemi] = np.full(shape, missing, dtype=np.result_type(values, np.float32))
            parts[hemi][:, self.vertices[hemi]] = values
        return MappingProxyType(parts)


def read_grayordinates(path: str | Path) -> Grayordinates:
    """Read the cortex of a ``.dscalar.nii``, ``.dtseries.nii`` or ``.dlabel.nii`` file.

    Raises
    ------
    InputError
        If the file cannot be read, is cut short or altered, or names no cortical vertices.
    UnsafeFileError
        If it declares entities or claims more than it holds.
    """
    path = check_file(path)
    return _cortex(path, *_read_dense(path))


def read_subcortex(path: str | Path) -> tuple[npt.NDArray[Any], VolumeSpace]:
    """Read what lies below the cortex: (n_maps, n_voxels), and where the voxels are.

    Raises
    ------
    InputError
        As :func:`read_grayordinates`; or if the file holds no voxels.
    """
    path = check_file(path)
    _, models, values = _read_dense(path)
    if not models.volume_mask.any():
        fix = "choose a file with voxels, or take its cortex"
        raise InputError(printable(path.name), "voxels below the cortex", "none", fix)
    with reading_image(path, expected="a grid of the voxels"):
        x, y, z = (int(n) for n in models.volume_shape)
        voxels = models.voxel[models.volume_mask].astype(np.int64)
        affine = np.asarray(models.affine, dtype=np.float64)
    return values[:, models.volume_mask], VolumeSpace((x, y, z), affine, voxels)


def _read_dense(path: Path) -> tuple[Maps, BrainModelAxis, npt.NDArray[Any]]:
    with reading_image(path, expected="a CIFTI-2 file"):
        with path.open("rb") as stream:
            header = Nifti2Header(stream.read(_HEADER), check=False)
        offset = int(header.get_data_offset())
        shape = tuple(int(n) for n in header.get_data_shape())
        dtype = header.get_data_dtype()
    held = max(0, path.stat().st_size - offset)
    if len(shape) != 6 or shape[:4] != (1, 1, 1, 1) or dtype.kind not in "fiu" or 0 in shape:
        found = f"{dtype} values of shape {shape}"
        raise InputError(printable(path.name), "a CIFTI-2 matrix", printable(found), _REWRITE)
    if check_claim(path, shape, dtype.itemsize, available=held) != held:
        found = f"{held} bytes of values for shape {shape[4:]}"
        raise InputError(printable(path.name), "all values and no more", found, COPY_AGAIN)
    maps, models = _read_axes(path, _read_xml(path, offset), shape[4:])
    return maps, models, _read_values(path, header, shape[4:])


def _read_xml(path: Path, end: int) -> bytes:
    if not _HEADER <= end <= _MAX_XML:
        found = f"values from byte {end} on"
        raise UnsafeFileError(printable(path.name), "a description before them", found, _REWRITE)
    with reading(path, expected="a readable file"), path.open("rb") as stream:
        content = stream.read(end)
    at = _HEADER + 4
    while at + 8 <= end:
        size = int.from_bytes(content[at : at + 4], _byte_order(content))
        code = int.from_bytes(content[at + 4 : at + 8], _byte_order(content))
        if size < 8 or at + size > end:
            break
        if code == _EXTENSION_CODE:
            return content[at + 8 : at + size].rstrip(b"\0")
        at += size
    raise InputError(printable(path.name), "a CIFTI-2 description", "none", _REWRITE)


def _byte_order(content: bytes) -> Literal["little", "big"]:
    """Return the byte order of a NIfTI-2 header, which begins with its own size."""
    return "little" if content[:4] == _HEADER.to_bytes(4, "little") else "big"


def _read_axes(path: Path, xml: bytes, shape: tuple[int, ...]) -> tuple[Maps, BrainModelAxis]:
    _weigh(path, xml, shape[1])
    with reading_image(path, expected="a CIFTI-2 description"):
        parser = Cifti2Parser()
        parser.parse(string=xml)
        maps, models = (parser.header.matrix.get_axis(i) for i in range(2))
    if not isinstance(maps, Maps) or not isinstance(models, BrainModelAxis):
        found = f"{type(maps).__name__} by {type(models).__name__}"
        fix = "choose a .dscalar.nii, .dtseries.nii or .dlabel.nii file"
        raise InputError(printable(path.name), "maps by grayordinates", found, fix)
    if (len(maps), len(models)) != shape:
        found = f"{shape} values for {len(maps)} maps of {len(models)} grayordinates"
        raise InputError(printable(path.name), "a value for each", found, COPY_AGAIN)
    return maps, models


def _weigh(path: Path, xml: bytes, n_grayordinates: int) -> None:
    left = n_grayordinates

    def start(element: str, attributes: dict[str, str]) -> None:
        nonlocal left
        if element == "CIFTI" and not attributes.get("Version", "").startswith("2"):
            fix = "convert it: wb_command -file-convert -cifti-version-convert FILE 2 NEW"
            raise InputError(printable(path.name), "CIFTI-2", "CIFTI-1", fix)
        if element == "BrainModel":
            with reading(path, expected="whole numbers in every BrainModel"):
                count, offset = (int(attributes[f"Index{key}"]) for key in ("Count", "Offset"))
                surface = int(attributes.get("SurfaceNumberOfVertices", 0))
            left -= count
            if count < 0 or left < 0 or offset < 0 or not 0 <= surface <= MAX_VERTICES:
                expected = f"models of {n_grayordinates} grayordinates"
                found = f"one of {count} from {offset} on, of {surface} vertices"
                raise UnsafeFileError(printable(path.name), expected, found, COPY_AGAIN)

    scan_xml(path, xml, start=start)


def _read_values(path: Path, header: Nifti2Header, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """Read the matrix (n_maps, n_grayordinates), scaled as the header says."""
    with reading_image(path, expected="intact values"):
        slope, intercept = header.get_slope_inter()
        values = np.fromfile(
            path, header.get_data_dtype(), math.prod(shape), offset=header.get_data_offset()
        ).reshape(shape, order="F")
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
        return values if slope is None else values * float(slope) + float(intercept)


def _cortex(
    path: Path, maps: Maps, models: BrainModelAxis, values: npt.NDArray[Any]
) -> Grayordinates:
    parts: dict[Hemisphere, npt.NDArray[Any]] = {}
    vertices: dict[Hemisphere, IntArray] = {}
    sizes: dict[Hemisphere, int] = {}
    for hemi in HEMISPHERES:
        structure = f"CIFTI_STRUCTURE_CORTEX_{hemi.upper()}"
        columns = np.flatnonzero(models.name == structure)
        if not columns.size:
            continue
        sizes[hemi] = int(models.nvertices.get(structure) or 0)
        vertices[hemi] = models.vertex[columns].astype(np.int64)
        if np.unique(vertices[hemi]).size < columns.size:
            raise InputError(printable(path.name), "each vertex once", "repeats", COPY_AGAIN)
        if vertices[hemi].min() < 0 or vertices[hemi].max() >= sizes[hemi]:
            expected = f"{hemi} vertices in 0..{sizes[hemi] - 1}"
            raise InputError(printable(path.name), expected, "others", COPY_AGAIN)
        parts[hemi] = values[:, columns]
    if not parts:
        fix = "choose a file with cortical surfaces"
        raise InputError(printable(path.name), "cortical vertices", "none", fix)
    n_below = int(models.volume_mask.sum())
    return Grayordinates(maps, parts, vertices, sizes, n_below)
