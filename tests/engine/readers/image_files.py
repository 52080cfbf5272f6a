"""Small neuroimaging files of every format that is read, written by nibabel."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.gifti import GiftiDataArray, GiftiImage, GiftiLabel, GiftiLabelTable

N_VERTICES = 40
AFFINE = np.array([[-1.8, 0, 0, 70], [0, 1.8, 0.1, -90], [0, -0.1, 1.8, -60], [0, 0, 0, 1.0]])

_rng = np.random.default_rng(0)
VOLUME = _rng.integers(-3000, 3000, (5, 6, 7, 4)).astype(np.int16)
MAPS = _rng.normal(size=(3, N_VERTICES)).astype(np.float32)
POINTS = _rng.normal(size=(N_VERTICES, 3)).astype(np.float32)
FACES = _rng.integers(0, N_VERTICES, (60, 3))
INDEX = _rng.integers(0, 4, N_VERTICES)
NAMES = ("unknown", "V1", "hV4", "FFA-1")
COLOURS = np.array([[0, 0, 1, 0], [200, 0, 0, 0], [0, 200, 0, 0], [9, 8, 200, 0]])
VOLUME_INFO = {
    "head": np.array([2, 0, 20]), "valid": "1  # volume info valid", "filename": "orig.mgz",
    "volume": np.full(3, 256), "voxelsize": np.ones(3), "xras": np.array([-1.0, 0, 0]),
    "yras": np.array([0, 0, -1.0]), "zras": np.array([0, 1.0, 0]),
    "cras": np.array([1.0, -20.0, 3.5]),
}  # fmt: skip


def nifti(
    values: np.ndarray = VOLUME, *, slope: float | None = None, two: bool = False, **options: Any
) -> bytes:
    """Return an uncompressed NIfTI-1 or NIfTI-2 file."""
    kind = nib.Nifti2Image if two else nib.Nifti1Image
    image = kind(values, AFFINE, **options)
    if slope is not None:
        image.header.set_slope_inter(slope, 1.0)
    return image.to_bytes()


def mgh(values: np.ndarray = VOLUME) -> bytes:
    """Return an uncompressed MGH file."""
    return nib.MGHImage(values, AFFINE).to_bytes()


def mgh_maps(maps: np.ndarray = MAPS) -> bytes:
    """Return an MGH file of (n_vertices, 1, 1, n_maps)."""
    values = maps.T[:, None, None, :]
    return mgh(values if len(maps) > 1 else values[..., 0])


def packed(content: bytes) -> bytes:
    """Return gzip of some bytes, the same every time."""
    return gzip.compress(content, mtime=0)


def gifti(arrays: list[GiftiDataArray], **options: Any) -> bytes:
    """Return a GIFTI file of some arrays."""
    return GiftiImage(darrays=arrays, **options).to_bytes()


def array(values: np.ndarray, intent: str, *, encoding: str = "B64GZ", **meta: str) -> Any:
    """Return one GIFTI array with its metadata."""
    dtype = "float32" if values.dtype.kind == "f" else "int32"
    about = nib.gifti.GiftiMetaData(meta)
    return GiftiDataArray(
        values.astype(dtype), intent=intent, datatype=dtype, encoding=encoding, meta=about
    )


def gifti_maps(encoding: str = "B64GZ") -> bytes:
    """Return a ``.func.gii`` of the left hemisphere with three named maps."""
    meta = nib.gifti.GiftiMetaData({"AnatomicalStructurePrimary": "CortexLeft"})
    maps = [
        array(row, "NIFTI_INTENT_NONE", encoding=encoding, Name=f"map {i}")
        for i, row in enumerate(MAPS)
    ]
    return gifti(maps, meta=meta)


def gifti_mesh(encoding: str = "B64GZ", points: np.ndarray = POINTS, faces: Any = FACES) -> bytes:
    """Return a ``.surf.gii``."""
    return gifti([
        array(points, "NIFTI_INTENT_POINTSET", encoding=encoding),
        array(np.asarray(faces), "NIFTI_INTENT_TRIANGLE", encoding=encoding),
    ])  # fmt: skip


def gifti_labels(encoding: str = "B64GZ", n_maps: int = 1) -> bytes:
    """Return a ``.label.gii`` whose keys are ten times the index."""
    table = GiftiLabelTable()
    for i, name in enumerate(NAMES):
        label = GiftiLabel(key=10 * i, red=0.5, green=0.5, blue=0.5, alpha=1.0)
        label.label = name
        table.labels.append(label)
    labels = [array(10 * INDEX, "NIFTI_INTENT_LABEL", encoding=encoding) for _ in range(n_maps)]
    return gifti(labels, labeltable=table)


def brain_models() -> Any:
    """Return grayordinates: some vertices of each hemisphere and three voxels below."""
    left, right = np.zeros(N_VERTICES, bool), np.zeros(N_VERTICES, bool)
    left[5:30], right[::2] = True, True
    axis = nib.cifti2.BrainModelAxis
    below = np.zeros((4, 4, 4), bool)
    below[1, 1, :3] = True
    return (
        axis.from_mask(left, name="CortexLeft")
        + axis.from_mask(right, name="CortexRight")
        + axis.from_mask(below, name="ThalamusLeft", affine=np.eye(4))
    )


GRAYORDINATES = _rng.normal(size=(2, 25 + 20 + 3)).astype(np.float32)


def cifti(values: np.ndarray = GRAYORDINATES, axis: Any = None) -> bytes:
    """Return a ``.dscalar.nii``, or whatever another first axis makes of it."""
    axis = axis or nib.cifti2.ScalarAxis(["one", "two"][: len(values)])
    return nib.Cifti2Image(values, (axis, brain_models())).to_bytes()


def cifti_labels() -> bytes:
    """Return a ``.dlabel.nii`` whose keys are ten times the index."""
    table = {10 * i: (name, (0.5, 0.5, 0.5, 1.0)) for i, name in enumerate(NAMES)}
    axis = nib.cifti2.LabelAxis(["atlas"], [table])
    index = 10 * (np.arange(48, dtype=np.float32)[None] % 4)
    return cifti(index, axis)


def written(write: Any, *arguments: Any, **options: Any) -> bytes:
    """Return what a function of nibabel's ``freesurfer`` module writes to a file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path, *arguments, **options)
        return path.read_bytes()


def morph() -> bytes:
    """Return a file such as ``lh.curv``."""
    return written(nib.freesurfer.write_morph_data, MAPS[0])


def geometry(volume_info: Any = None) -> bytes:
    """Return a file such as ``lh.white``."""
    return written(
        nib.freesurfer.write_geometry, POINTS, FACES, create_stamp="by a test",
        volume_info=volume_info,
    )  # fmt: skip


def annot(index: np.ndarray = INDEX) -> bytes:
    """Return an ``.annot`` file; an index of -1 is no label."""
    return written(nib.freesurfer.write_annot, index, COLOURS, list(NAMES))


def old_annot() -> bytes:
    """Return an ``.annot`` file with a colour table of version 1."""
    codes = COLOURS[INDEX] @ [1, 2**8, 2**16, 0]
    content = io.BytesIO()

    def number(*values: int) -> None:
        content.write(np.array(values, ">i4").tobytes())

    def text(letters: str) -> None:
        number(len(letters) + 1)
        content.write(letters.encode() + b"\0")

    number(N_VERTICES, *np.column_stack([np.arange(N_VERTICES), codes]).ravel(), 1, len(NAMES))
    text("table.txt")
    for name, colour in zip(NAMES, COLOURS, strict=True):
        text(name)
        number(*colour)
    return content.getvalue()


def ctab() -> str:
    """Return a colour table as NSD writes it, with FreeSurfer's extra columns."""
    return "".join(f"{i}  {name}  1 2 3 0\n" for i, name in enumerate(NAMES))


def patch(numbers: np.ndarray | None = None, count: int | None = None) -> bytes:
    """Return a FreeSurfer patch of every vertex but the first, the last one on its border."""
    numbers = np.arange(2, N_VERTICES + 1) if numbers is None else numbers
    rows = np.zeros(len(numbers), dtype=[("number", ">i4"), ("point", ">f4", 3)])
    rows["number"] = np.where(numbers == N_VERTICES, -numbers, numbers)
    rows["point"] = 2 * POINTS[np.clip(numbers, 1, N_VERTICES) - 1]
    head = np.array([-1, len(rows) if count is None else count], dtype=">i4")
    return head.tobytes() + rows.tobytes()
