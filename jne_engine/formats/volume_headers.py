"""What the first bytes of a NIfTI or MGH file claim, weighed before it is believed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from nibabel.freesurfer.mghformat import MGHHeader
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header

from jne_engine.core.errors import InputError
from jne_engine.formats.guard import COPY_AGAIN, printable
from jne_engine.formats.images import reading_image

HEADER_BYTES: Final = 540
"""Bytes that hold any of the headers."""

NIFTI_SUFFIXES: Final = (".nii", ".nii.gz")
MGH_SUFFIXES: Final = (".mgh", ".mgz", ".mgh.gz")

_MGH_OFFSET: Final = 284
_MGH_TRAILING: Final = 2**20
_CONVERT: Final = "save it as single-file NIfTI (.nii or .nii.gz) with real values"


@dataclass(frozen=True, eq=False)
class VolumeHeader:
    """What a volume's header says of its values.

    Parameters
    ----------
    shape : tuple of int
        (x, y, z), or (x, y, z, n_times).
    dtype : numpy.dtype
        Type of the stored values, byte order included.
    affine : numpy.ndarray of float64, shape (4, 4)
        Zero-based voxel index to millimetres; x to the right, y forward, z up.
    offset : int
        Bytes before the first value.
    trailing : int
        Most bytes that may follow the last value.
    slope, intercept : float
        Stored values times ``slope`` plus ``intercept`` are the values.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    affine: npt.NDArray[np.float64]
    offset: int
    trailing: int = 0
    slope: float = 1.0
    intercept: float = 0.0

    @property
    def scaled(self) -> bool:
        """Whether the values differ from what is stored."""
        return (self.slope, self.intercept) != (1.0, 0.0)


def parse_header(path: Path, block: bytes) -> VolumeHeader:
    """Read the header of a volume from its first bytes.

    Parameters
    ----------
    path : pathlib.Path
        The file: its ending decides between NIfTI and MGH.
    block : bytes
        The first :data:`HEADER_BYTES` of the expanded file.

    Raises
    ------
    InputError
        If it is neither, its values are not real numbers, or it is not three- or
        four-dimensional.
    """
    name = printable(path.name)
    lower = path.name.lower()
    if lower.endswith(NIFTI_SUFFIXES):
        with reading_image(path, expected="a NIfTI header"):
            header = _parse_nifti(path, block)
    elif lower.endswith(MGH_SUFFIXES):
        with reading_image(path, expected="an MGH header"):
            header = _parse_mgh(block)
    else:
        expected = f"one of {', '.join((*NIFTI_SUFFIXES, *MGH_SUFFIXES))}"
        raise InputError(name, expected, printable(path.suffix) or "no ending", _CONVERT)
    if header.dtype.kind not in "fiu" or header.dtype.itemsize > 8:
        raise InputError(name, "real numbers of at most 64 bits", f"{header.dtype}", _CONVERT)
    if not np.isfinite(header.affine).all():
        raise InputError(name, "a finite affine", "NaN or Inf", COPY_AGAIN)
    return header


def _parse_nifti(path: Path, block: bytes) -> VolumeHeader:
    """Read a single-file NIfTI-1 or NIfTI-2 header."""
    if block[4:8] == b"n+2\0":
        header = Nifti2Header(block[:540])
    elif block[344:348] == b"n+1\0":
        header = Nifti1Header(block[:348])
    else:
        found = "a header whose values lie in another file, or none"
        raise InputError(printable(path.name), "single-file NIfTI", found, _CONVERT)
    slope, intercept = header.get_slope_inter()
    offset = int(header.get_data_offset())
    if offset < header.sizeof_hdr:
        found = f"values at byte {offset}, inside the header"
        raise InputError(printable(path.name), "values after the header", found, COPY_AGAIN)
    return VolumeHeader(
        shape=_axes(path, header.get_data_shape()),
        dtype=header.get_data_dtype(),
        affine=np.asarray(header.get_best_affine(), dtype=np.float64),
        offset=offset,
        slope=1.0 if slope is None else float(slope),
        intercept=0.0 if intercept is None else float(intercept),
    )


def _parse_mgh(block: bytes) -> VolumeHeader:
    """Read an MGH header; scan parameters and tags may follow the values."""
    header = MGHHeader(block[:_MGH_OFFSET])
    return VolumeHeader(
        shape=tuple(int(n) for n in header.get_data_shape()),
        dtype=header.get_data_dtype().newbyteorder(">"),
        affine=np.asarray(header.get_affine(), dtype=np.float64),
        offset=_MGH_OFFSET,
        trailing=_MGH_TRAILING,
    )


def _axes(path: Path, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return three or four axes; missing ones count 1, and further ones must."""
    axes = tuple(int(n) for n in shape)
    while len(axes) > 3 and axes[-1] == 1:
        axes = axes[:-1]
    if len(axes) > 4:
        found = str(axes)
        raise InputError(printable(path.name), "(x, y, z) or (x, y, z, n_times)", found, _CONVERT)
    return axes + (1,) * (3 - len(axes))
