"""An HDF5 file gives its own values and nothing else."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from jne_engine.core.errors import InputError, JneError, UnsafeFileError
from jne_engine.formats.hdf5 import MAX_LISTED, list_hdf5_keys, open_hdf5_dataset, read_hdf5
from tests.engine.readers.files import (
    SECRET,
    OpenWatch,
    cuts,
    link_recipes,
    refused,
    write_hdf5,
    write_secret,
)

VALUES = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
RECIPES = sorted(link_recipes(Path("/tmp/a"), Path("/tmp/outside/secret.h5")))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[tuple[Path, OpenWatch]]:
    """Write a file that nobody may open, beside what tells whether somebody did."""
    secret = write_secret(tmp_path / "outside")
    watch = OpenWatch(secret.parent)
    yield secret, watch
    watch.close()


def craft(folder: Path, recipe: str, secret: Path) -> tuple[Path, str]:
    folder.mkdir()
    path = folder / "crafted.h5"
    with h5py.File(path, "w") as file:
        key = link_recipes(folder, secret)[recipe](file)
    return path, key


@pytest.mark.parametrize("recipe", RECIPES)
def test_crafted_links_open_nothing_else(
    tmp_path: Path, outside: tuple[Path, OpenWatch], recipe: str
) -> None:
    secret, watch = outside
    path, key = craft(tmp_path / "inside", recipe, secret)
    watch.opened()
    with refused("crafted.h5", error=UnsafeFileError):
        read_hdf5(path, key)
    list_hdf5_keys(path)
    assert not watch.opened()


def test_the_watch_sees_what_plain_h5py_opens(
    tmp_path: Path, outside: tuple[Path, OpenWatch]
) -> None:
    secret, watch = outside
    path, key = craft(tmp_path / "inside", "external-absolute-0", secret)
    watch.opened()
    with h5py.File(path) as file:
        assert file[key][0, 0] == SECRET
    assert watch.opened()
    assert len(RECIPES) == 40


def test_soft_links_inside_a_file_are_refused_and_not_listed(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "a.h5", data=VALUES)
    with h5py.File(path, "a") as file:
        file["soft"] = h5py.SoftLink("/data")
        file["hard"] = file["data"]
    with refused("a.h5", "a link elsewhere", error=UnsafeFileError):
        read_hdf5(path, "soft")
    np.testing.assert_array_equal(read_hdf5(path, "hard"), VALUES)
    assert set(list_hdf5_keys(path)) <= {"data", "hard"}


@pytest.mark.parametrize("options", [
    {}, {"chunks": True}, {"compression": "gzip", "shuffle": True}, {"compression": "lzf"},
    {"compression": "gzip", "fletcher32": True}, {"chunks": (3, 2, 1), "compression": "gzip"},
])  # fmt: skip
def test_every_layout_reads_the_same_values(tmp_path: Path, options: dict[str, object]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("group/data", data=VALUES, **options)
    np.testing.assert_array_equal(read_hdf5(tmp_path / "a.h5", "group/data"), VALUES)
    slab = read_hdf5(tmp_path / "a.h5", "/group/data", at=(1, 2))
    np.testing.assert_array_equal(slab, VALUES[:, 2])


def test_a_slab_is_not_charged_for_the_rest(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "a.h5", data=VALUES)
    assert read_hdf5(path, "data", at=(1, 0), max_bytes=32).shape == (4, 2)
    with refused("a.h5", "at most 31 B", error=UnsafeFileError):
        read_hdf5(path, "data", at=(1, 0), max_bytes=31)
    for at in ((1, 3), (3, 0), (1, -1)):
        with refused("a.h5", "position", error=InputError):
            read_hdf5(path, "data", at=at)


def test_wrong_keys_name_the_right_ones(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "a.h5", **{"group/data": VALUES, "other": VALUES})
    for key in ("daat", "group/none", "group/data/deeper", "../a"):
        with refused("a.h5", "no such key"):
            read_hdf5(path, key)
    with refused("a.h5", "group, other"):
        read_hdf5(path, "none")
    for key in ("group", "", "/", "."):
        with refused("a.h5", "a dataset, found a group or type"):
            read_hdf5(path, key)


def test_keys_are_listed_up_to_a_limit_even_in_cycles(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "a.h5", **{f"k{i:03d}": np.ones(1) for i in range(150)})
    with h5py.File(path, "a") as file:
        file["loop/again"] = file["/"]
    assert len(list_hdf5_keys(path)) == MAX_LISTED


@pytest.mark.parametrize("values", [
    np.array([b"text"]), np.ones(2, complex), np.zeros(2, [("a", "f4")]), h5py.Empty("f4"),
])  # fmt: skip
def test_what_is_no_real_number_is_refused(tmp_path: Path, values: object) -> None:
    path = write_hdf5(tmp_path / "a.h5", data=values)
    with refused("a.h5", "real numbers"):
        read_hdf5(path, "data")


def test_odd_floats_are_refused(tmp_path: Path) -> None:
    odd = h5py.h5t.IEEE_F32LE.copy()
    odd.set_ebias(64)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        space = h5py.h5s.create_simple((24,))
        data = h5py.h5d.create(file.id, b"data", odd, space)
        data.write(h5py.h5s.ALL, h5py.h5s.ALL, VALUES.ravel())
    with refused("a.h5", "an odd float"):
        read_hdf5(tmp_path / "a.h5", "data")


def test_variable_length_text_and_references_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("text", data=["a", "b"], dtype=h5py.string_dtype())
        file.create_dataset("refs", data=[file["text"].ref], dtype=h5py.ref_dtype)
        file["type"] = np.dtype("f4")
    for key in ("text", "refs"):
        with refused("a.h5", "real numbers"):
            read_hdf5(tmp_path / "a.h5", key)
    with refused("a.h5"):
        read_hdf5(tmp_path / "a.h5", "type")


@pytest.mark.parametrize("options", [{}, {"chunks": (1000, 1000)}, {"compression": "gzip"}])
def test_a_tiny_file_that_claims_terabytes_is_refused(
    tmp_path: Path, options: dict[str, object]
) -> None:
    path = tmp_path / "claim.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("data", shape=(1_000_000, 1_000_000), dtype="f4", **options)
    assert path.stat().st_size < 10_000
    with refused("claim.h5", "claims 4 TB", error=UnsafeFileError):
        read_hdf5(path, "data")
    assert list_hdf5_keys(path) == ("data",)


@pytest.mark.parametrize("options", [{}, {"chunks": (2, 5)}, {"chunks": (2, 5), "compression": 1}])
def test_values_that_were_never_written_are_not_read_as_zero(
    tmp_path: Path, options: dict[str, object]
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["padding"] = np.ones(1000)
        data = file.create_dataset("data", shape=(4, 5), dtype="f4", **options)
        if options:
            data[:2] = 1
    with refused("a.h5", "never written"):
        read_hdf5(tmp_path / "a.h5", "data")


def test_unknown_filters_are_refused_before_a_plugin_is_looked_for(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", data=VALUES.astype("i4"), scaleoffset=0)
    with refused("a.h5", "filter number 6", error=UnsafeFileError):
        read_hdf5(tmp_path / "a.h5", "data")


def test_a_chunk_that_expands_beyond_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("data", (64, 64), "f4", chunks=(64, 64), compression="gzip")
        data.id.write_direct_chunk((0, 0), zlib.compress(bytes(50_000_000), 9))
    with refused(
        "bomb.h5", "expected 16.4 kB in every chunk, found 16.4 kB or more", error=UnsafeFileError
    ):
        read_hdf5(path, "data")


@pytest.mark.parametrize(("raw", "skipped"), [
    (zlib.compress(bytes(100)), 0), (bytes(100), 1), (zlib.compress(bytes(64))[:-1], 0),
    (b"nonsense", 0), (zlib.compress(bytes(64)), 2),
])  # fmt: skip
def test_a_chunk_that_is_not_a_chunk_is_refused(tmp_path: Path, raw: bytes, skipped: int) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("data", (4, 4), "f4", chunks=(4, 4), compression="gzip")
        data.id.write_direct_chunk((0, 0), raw, filter_mask=skipped)
    with refused("a.h5"):
        read_hdf5(tmp_path / "a.h5", "data")


def test_a_chunk_that_gzip_could_not_shrink_is_read(tmp_path: Path) -> None:
    values = np.arange(16, dtype="f4").reshape(4, 4)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("data", (4, 4), "f4", chunks=(4, 4), compression="gzip")
        data.id.write_direct_chunk((0, 0), values.tobytes(), filter_mask=1)
    np.testing.assert_array_equal(read_hdf5(tmp_path / "a.h5", "data"), values)


@pytest.mark.parametrize("options", [{}, {"fletcher32": True}])
def test_no_bit_flip_in_gzip_values_passes_silently(
    tmp_path: Path, options: dict[str, object]
) -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(30, 8)).astype("f4")
    path = tmp_path / "flip.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("data", data=values, compression=9, shuffle=True, **options)
        chunk = data.id.get_chunk_info(0)
    whole = path.read_bytes()
    noticed = 0
    for position in 8 * chunk.byte_offset + rng.integers(0, 8 * chunk.size, 500):
        flipped = bytearray(whole)
        flipped[position // 8] ^= 1 << position % 8
        path.write_bytes(flipped)
        try:
            np.testing.assert_array_equal(read_hdf5(path, "data"), values)
        except JneError:
            noticed += 1
    assert noticed > 450


@pytest.mark.parametrize("options", [{}, {"compression": "gzip", "chunks": (2, 3, 2)}])
def test_files_cut_short_are_refused(tmp_path: Path, options: dict[str, object]) -> None:
    path = tmp_path / "cut.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=VALUES, **options)
    whole = path.read_bytes()
    for length in cuts(len(whole)):
        path.write_bytes(whole[:length])
        with refused("cut.h5"), open_hdf5_dataset(path, "data") as dataset:
            np.asarray(dataset)
