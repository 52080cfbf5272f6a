"""A volume gives what nibabel gives, block by block, and nothing before its checksum."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from jne_engine.core.errors import JneError, UnsafeFileError
from jne_engine.formats.volumes import open_volume, read_volume, read_voxels
from tests.engine.readers.files import cuts, refused
from tests.engine.readers.image_files import AFFINE, VOLUME, mgh, mgh_maps, nifti, packed

FILES = {"a.nii": nifti(), "a.nii.gz": packed(nifti()), "a.mgh": mgh(), "a.mgz": packed(mgh())}


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "f4"])
def test_values_and_affine_are_nibabels(tmp_path: Path, name: str, dtype: str) -> None:
    values = np.abs(VOLUME).astype(dtype)
    kind = nib.MGHImage if ".mg" in name else nib.Nifti1Image
    nib.save(kind(values, AFFINE), tmp_path / name)
    volume = read_volume(tmp_path / name)
    known = nib.load(tmp_path / name)
    np.testing.assert_array_equal(volume.values, np.asarray(known.dataobj))
    np.testing.assert_allclose(volume.affine, known.affine)
    assert volume.values.dtype == np.dtype(dtype)


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("dtype", ["i2", "f4", "f8"])
def test_scaled_values_are_nibabels(tmp_path: Path, dtype: str, two: bool) -> None:
    path = write(tmp_path, "a.nii", nifti(VOLUME.astype(dtype), slope=2.5, two=two))
    found = read_volume(path).values
    np.testing.assert_allclose(found, nib.load(path).get_fdata(), rtol=1e-12)
    assert found.dtype == open_volume(path).dtype == np.float64


def test_big_endian_files_are_read(tmp_path: Path) -> None:
    header = nib.Nifti1Header(endianness=">")
    nib.save(nib.Nifti1Image(VOLUME.astype(">i2"), AFFINE, header), tmp_path / "a.nii.gz")
    values = read_volume(tmp_path / "a.nii.gz").values
    np.testing.assert_array_equal(values, VOLUME)
    assert values.dtype.isnative


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("n_times", [None, 1, 3, 4, 9])
def test_blocks_are_the_whole_in_order(tmp_path: Path, name: str, n_times: int | None) -> None:
    volume = open_volume(write(tmp_path, name, FILES[name]))
    blocks = list(volume.blocks(n_times))
    np.testing.assert_array_equal(np.concatenate(blocks, axis=3), VOLUME)
    assert (volume.shape, volume.n_times, volume.dtype) == (VOLUME.shape, 4, np.int16)
    assert max(block.shape[3] for block in blocks) <= (n_times or 4)


@pytest.mark.parametrize("name", FILES)
def test_voxels_are_those_of_the_whole(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, FILES[name])
    voxels = np.array([[4, 5, 6], [0, 0, 0], [1, 2, 3], [0, 5, 0], [1, 2, 3]])
    expected = VOLUME[tuple(voxels.T)].T
    np.testing.assert_array_equal(read_voxels(path, voxels), expected)
    for outside in ([[5, 0, 0]], [[0, 0, -1]]):
        with refused(name, "on the grid"):
            read_voxels(path, np.array(outside))
    with refused(name, "at most 39 B", error=UnsafeFileError):
        read_voxels(path, voxels, max_bytes=39)
    assert read_voxels(path, voxels, max_bytes=40).shape == (4, 5)


def test_three_dimensional_files_are_one_time_point(tmp_path: Path) -> None:
    path = write(tmp_path, "a.nii", nifti(VOLUME[..., 0]))
    volume = open_volume(path)
    assert (volume.shape, volume.n_times) == (VOLUME.shape[:3], 1)
    np.testing.assert_array_equal(read_volume(path).values, VOLUME[..., 0])
    assert read_voxels(path, np.array([[1, 2, 3]])) == VOLUME[1, 2, 3, 0]


def test_maps_over_vertices_keep_their_axes(tmp_path: Path) -> None:
    assert open_volume(write(tmp_path, "lh.a.mgh", mgh_maps())).shape == (40, 1, 1, 3)


def test_one_byte_more_than_the_header_says_is_refused(tmp_path: Path) -> None:
    for name in ("a.nii", "a.nii.gz"):
        content = nifti() + b"\0"
        path = write(tmp_path, name, packed(content) if "gz" in name else content)
        with refused(name, "more values than the header says", error=UnsafeFileError):
            read_volume(path)


def test_what_follows_the_values_of_mgh_files_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "a.mgz", packed(mgh() + bytes(5000)))
    np.testing.assert_array_equal(read_volume(path).values, VOLUME)
    path = write(tmp_path, "b.mgz", packed(mgh() + bytes(2**20)))
    with refused("b.mgz", "more values", error=UnsafeFileError):
        read_volume(path)


@pytest.mark.parametrize(("name", "content"), [
    ("a.nii", nifti(VOLUME.astype(np.complex64))), ("a.nii", nifti(VOLUME[None, None])),
    ("a.nii", b"\x5c\x01\0\0" + bytes(400)), ("a.nii", nifti()[:344] + b"ni1\0" + nifti()[348:]),
    ("a.mgh", b"\0" * 400), ("a.mnc", nifti()), ("a.nii.gz", b"\x1f\x8b" + bytes(50)),
    ("a.nii", nifti(np.zeros((2, 0, 3), "f4"))), ("a.nii", b"x"), ("a.mgz", packed(b"")),
    ("a.nii", nifti()[:280] + b"\0\0\xc0\x7f" * 12 + nifti()[328:]),
])  # fmt: skip
def test_what_is_no_volume_of_numbers_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    with refused(name):
        read_volume(write(tmp_path, name, content))


@pytest.mark.parametrize("name", FILES)
def test_files_cut_short_are_refused(tmp_path: Path, name: str) -> None:
    whole = FILES[name]
    end = len(whole) - (20 if name == "a.mgh" else 0)  # a footer, which may be missing
    for length in cuts(end):
        with refused(name):
            read_volume(write(tmp_path, name, whole[:length]))


@pytest.mark.parametrize("name", ["a.nii.gz", "a.mgz"])
def test_no_bit_flip_passes_silently(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(1)
    whole = FILES[name]
    noticed = 0
    for position in rng.integers(0, 8 * len(whole), 200):
        flipped = bytearray(whole)
        flipped[position // 8] ^= 1 << position % 8
        path = write(tmp_path, name, bytes(flipped))
        try:
            np.testing.assert_array_equal(read_volume(path).values, VOLUME)
        except JneError:
            noticed += 1
    assert noticed > 180


def test_the_flip_that_nibabel_overlooks_is_noticed(tmp_path: Path) -> None:
    """The last block of a stream is where a reader that stops early sees no checksum."""
    stored = bytearray(gzip.compress(nifti(), compresslevel=0, mtime=0))
    stored[-200] ^= 4
    path = write(tmp_path, "a.nii.gz", bytes(stored))
    assert not np.array_equal(np.asarray(nib.load(path).dataobj), VOLUME)
    with refused("a.nii.gz", "CRC"):
        read_volume(path)
    with refused("a.nii.gz", "CRC"):
        list(open_volume(path).blocks())
