"""Order and ids of images, and one line for each that is broken."""

from __future__ import annotations

import tracemalloc

import h5py
import numpy as np
import pytest
from PIL import Image

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.features.extraction import decoding
from jne_engine.features.extraction.decoding import read_image
from jne_engine.features.extraction.images import open_images
from jne_engine.features.extraction.spec import FeatureSpec
from tests.engine.extraction.pictures import random_pixels, write_brick, write_folder
from tests.engine.readers.files import refused


def opened(source, **choices):
    return open_images(FeatureSpec(str(source), **choices))


def pixels_of(images, rows) -> np.ndarray:
    return np.stack([np.asarray(image) for image in images.load(rows)])


def test_plain_files_follow_their_names_and_count_rows(tmp_path):
    folder = write_folder(tmp_path, ["b.png", "a.png", "c.bmp"])
    (folder / "notes.txt").write_text("not an image")
    (folder / ".hidden.png").write_bytes(b"")
    images = opened(folder)
    assert images.names == ("a.png", "b.png", "c.bmp")
    assert images.image_ids.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(pixels_of(images, [0, 1, 2]), random_pixels(3)[[1, 0, 2]])


def test_algonauts_files_follow_their_number_and_carry_zero_based_ids(tmp_path):
    names = ["train-0002_nsd-00013.png", "train-0010_nsd-00007.png", "train-0001_nsd-72999.png"]
    images = opened(write_folder(tmp_path, names))
    assert images.image_ids.tolist() == [72999, 13, 7]
    np.testing.assert_array_equal(pixels_of(images, [0, 1, 2]), random_pixels(3)[[2, 0, 1]])


def test_shared1000_files_count_from_one(tmp_path):
    names = ["shared0001_nsd02951.png", "shared0002_nsd02991.png"]
    assert opened(write_folder(tmp_path, names)).image_ids.tolist() == [2950, 2990]


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (["train-0001_nsd-00013.png", "photo.png"], "a name like the others"),
        (["train-0001_nsd-00013.png", "test-0001_nsd-00014.png"], "training or test images"),
        (["train-0001_nsd-00013.png", "train-0002_nsd-00013.png"], "unique"),
        (["shared0001_nsd00000.png"], "nsd ids from 1"),
        ([], "expected images"),
    ],
)
def test_names_that_mislead_are_refused(tmp_path, names, match):
    write_folder(tmp_path, names)
    with pytest.raises(InputError, match=match):
        opened(tmp_path)


@pytest.mark.parametrize("options", [{}, {"chunks": (3, 7, 20, 3), "compression": "gzip"}])
def test_brick_rows_are_ids_and_can_be_chosen(tmp_path, options):
    pixels = random_pixels(9)
    path = write_brick(tmp_path / "stimuli.hdf5", pixels, **options)
    images = opened(path)
    assert images.image_ids.tolist() == list(range(9))
    np.testing.assert_array_equal(pixels_of(images, range(2, 7)), pixels[2:7])
    np.save(tmp_path / "ids.npy", np.array([8, 3, 4, 5, 0]))
    chosen = opened(path, ids=str(tmp_path / "ids.npy"))
    assert chosen.image_ids.tolist() == [8, 3, 4, 5, 0]
    np.testing.assert_array_equal(pixels_of(chosen, range(5)), pixels[[8, 3, 4, 5, 0]])
    assert chosen.fingerprint != images.fingerprint


def test_ids_choose_files_of_a_folder(tmp_path):
    names = [f"train-000{i}_nsd-000{i}3.png" for i in (1, 2, 3)]
    folder = write_folder(tmp_path / "images", names)
    np.save(tmp_path / "ids.npy", np.array([33, 13]))
    images = opened(folder, ids=str(tmp_path / "ids.npy"))
    assert images.names == (names[2], names[0])
    np.save(tmp_path / "ids.npy", np.array([14]))
    with refused("ids.npy", "1 others, the first 14", error=InputError):
        opened(folder, ids=str(tmp_path / "ids.npy"))


@pytest.mark.parametrize(
    ("pixels", "match"),
    [
        (random_pixels(3)[0], "n_images, height, width, 3"),
        (random_pixels(3).astype(np.float32), "uint8"),
        (random_pixels(3)[..., :2], "uint8"),
    ],
)
def test_bricks_of_another_kind_are_refused(tmp_path, pixels, match):
    with refused("x.h5", match, error=InputError):
        opened(write_brick(tmp_path / "x.h5", pixels))


def test_a_brick_that_links_elsewhere_is_refused(tmp_path):
    write_brick(tmp_path / "other.h5", random_pixels(2))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["imgBrick"] = h5py.ExternalLink("other.h5", "imgBrick")
    with refused("x.h5", "a link elsewhere", error=UnsafeFileError):
        opened(tmp_path / "x.h5")


def test_reading_a_brick_takes_the_memory_of_a_batch(tmp_path):
    pixels = random_pixels(400, height=100, width=100)
    images = opened(write_brick(tmp_path / "x.h5", pixels))
    total, batch = pixels.nbytes, pixels[:8].nbytes
    del pixels
    tracemalloc.start()
    for start in range(0, 400, 8):
        images.load(range(start, start + 8))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * batch < total / 10


@pytest.mark.parametrize("source", ["nothing", "notes.txt"])
def test_a_source_that_is_no_source_is_named(tmp_path, source):
    (tmp_path / "notes.txt").write_text("hello")
    with refused(source, "a folder or HDF5 file of images", error=InputError):
        opened(tmp_path / source)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0x55]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [cut, flip, lambda _: b"", lambda _: b"GIF89a no image"])
def test_a_broken_image_is_named_in_one_line(tmp_path, damage):
    folder = write_folder(tmp_path, ["a.png", "b.png"])
    content = (folder / "b.png").read_bytes()
    (folder / "b.png").write_bytes(damage(content))
    with refused("b.png", error=InputError):
        opened(folder).load([0, 1])


def test_sixteen_bits_and_too_many_pixels_are_refused(tmp_path, monkeypatch):
    Image.fromarray(np.full((4, 4), 60000, np.uint16)).save(tmp_path / "deep.png")
    with refused("deep.png", "8 bits a channel", error=InputError):
        read_image(tmp_path / "deep.png")
    Image.new("RGB", (30, 30)).save(tmp_path / "wide.png")
    monkeypatch.setattr(decoding, "MAX_PIXELS", 800)
    with refused("wide.png", "at most 800 pixels, found 30 × 30", error=UnsafeFileError):
        read_image(tmp_path / "wide.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with refused("wide.png", "at most 800 pixels", error=UnsafeFileError):
        read_image(tmp_path / "wide.png")


def test_grey_palette_and_transparent_images_become_rgb(tmp_path):
    grey = random_pixels(1)[0, ..., 0]
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(
        np.asarray(read_image(tmp_path / "grey.png")), np.repeat(grey[..., None], 3, axis=2)
    )
    clear = np.zeros((4, 4, 4), np.uint8)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    assert (np.asarray(read_image(tmp_path / "clear.png")) == 255).all()


def test_the_fingerprint_notices_another_image(tmp_path):
    folder = write_folder(tmp_path, ["a.png", "b.png"])
    before = opened(folder).fingerprint
    assert opened(folder).fingerprint == before
    write_folder(tmp_path, ["b.png"], seed=5)
    assert opened(folder).fingerprint != before
