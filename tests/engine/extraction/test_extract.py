"""Extraction as a whole, by the Gabor pyramid: files, crashes, locks, full disks."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections import namedtuple
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from filelock import FileLock
from PIL import Image

from jne_engine.cli.main import main
from jne_engine.core.errors import InputError, StoreError
from jne_engine.features.extraction import FeatureSpec, extract_features
from jne_engine.features.extraction.batches import BatchFolder
from jne_engine.features.extraction.extract import run_extraction
from jne_engine.features.extraction.extractors import GaborExtractor
from jne_engine.features.extraction.images import open_images
from jne_engine.features.extraction.read_ahead import BATCHES_AHEAD, read_ahead
from jne_engine.features.gabor import extract_gabor_features
from jne_engine.formats.hdf5 import read_hdf5
from tests.engine.extraction.pictures import random_pixels, read_features, write_brick, write_folder
from tests.engine.readers.files import refused

ROOT = Path(__file__).parents[3]
N_IMAGES = 23


@pytest.fixture(scope="module")
def brick(tmp_path_factory) -> Path:
    return write_brick(tmp_path_factory.mktemp("brick") / "x.hdf5", random_pixels(N_IMAGES))


@pytest.fixture
def spec(brick) -> FeatureSpec:
    return FeatureSpec(str(brick), "gabor", batch_size=4)


class CountingExtractor(GaborExtractor):
    """The pyramid, with a note of every batch that it computes."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def compute(self, images):
        self.batches.append(len(images))
        return super().compute(images)


def test_the_pyramid_comes_out_as_from_arrays(spec, tmp_path):
    found = read_features(extract_features(spec, tmp_path / "features.h5"))
    expected = extract_gabor_features(random_pixels(N_IMAGES))
    np.testing.assert_allclose(found[:, 0], expected, atol=2e-5)


def test_images_of_several_sizes_are_taken(tmp_path):
    shapes = {"a.png": (30, 40), "b.png": (64, 64), "c.png": (425, 300)}
    pixels = {n: random_pixels(1, height=h, width=w) for n, (h, w) in shapes.items()}
    for name, image in pixels.items():
        Image.fromarray(image[0]).save(tmp_path / name)
    out = extract_features(FeatureSpec(str(tmp_path), "gabor"), tmp_path / "out.h5")
    expected = np.concatenate([extract_gabor_features(image) for image in pixels.values()])
    np.testing.assert_allclose(read_features(out)[:, 0], expected, atol=2e-5)


def test_the_file_says_what_it_is_and_our_reader_takes_it(tmp_path):
    names = ["train-0002_nsd-00013.png", "train-0001_nsd-00042.png"]
    folder = write_folder(tmp_path / "training_images", names)
    out = extract_features(FeatureSpec(str(folder), "gabor"), tmp_path / "features.h5")
    assert read_hdf5(out, "image_ids").tolist() == [42, 13]
    assert read_hdf5(out, "features", at=(1, 0)).shape == (2, 492)
    with h5py.File(out) as file:
        assert file["image_ids"].dtype == np.int64
        assert file["names"].asstr()[:].tolist() == names[::-1]
        assert np.isnan(file["features"].fillvalue)
        attributes = dict(file.attrs)
    assert attributes["complete"]
    assert attributes["model"] == "gabor"
    assert attributes["source"] == "training_images"
    assert attributes["standardisation"] == "none"
    assert attributes["layers"].tolist() == [0]
    assert json.loads(attributes["preprocessing"]) == {"pixels": 64}


KILLED = """
import os, signal, sys
from jne_engine.features.extraction import FeatureSpec, extract_features
source, out, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
import jne_engine.features.extraction.batches as batches
write, written = batches.write_atomically, []
def dying(path, content):
    if len(written) == calls:
        path.with_name("." + path.name + ".tmp").write_bytes(content[:100])
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, content)
    written.append(path)
batches.write_atomically = dying
extract_features(FeatureSpec(source, "gabor", batch_size=4), out)
"""


def test_kill_9_costs_only_the_batches_in_flight(brick, spec, tmp_path):
    out = tmp_path / "features.h5"
    # Three runs die: after the plan, and each time after some more batches.
    done = []
    for calls in (1, 3, 1):
        command = [sys.executable, "-c", KILLED, str(brick), str(out), str(calls)]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
        assert not out.exists()
        done.append(len(list(tmp_path.glob("features.h5.partial/rows-*.npy"))))
    assert done == [0, 3, 4]
    extractor = CountingExtractor()
    run_extraction(open_images(spec), extractor, out, batch_size=4)
    assert extractor.batches == [4, 3]
    whole = read_features(extract_features(spec, tmp_path / "whole.h5"))
    np.testing.assert_array_equal(read_features(out), whole)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["features.h5", "whole.h5"]


def test_a_crash_while_gathering_leaves_no_file(spec, tmp_path, monkeypatch):
    out = tmp_path / "features.h5"
    with monkeypatch.context() as patch:
        patch.setattr(BatchFolder, "read", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        with refused("features.h5", "a writable disk.*full", error=StoreError):
            extract_features(spec, out)
    assert [p.name for p in tmp_path.iterdir()] == ["features.h5.partial"]
    extractor = CountingExtractor()
    run_extraction(open_images(spec), extractor, out)
    assert extractor.batches == []
    assert np.isfinite(read_features(out)).all()


def test_other_images_are_not_mixed_with_finished_batches(spec, brick, tmp_path):
    mine = tmp_path / "mine.h5"
    shutil.copy(brick, mine)
    own = FeatureSpec(str(mine), "gabor", batch_size=4)
    out = extract_features(own, tmp_path / "features.h5")
    write_brick(mine, random_pixels(N_IMAGES, seed=9))
    with refused("features.h5", "name another file, or delete", error=StoreError):
        extract_features(own, out)
    (tmp_path / "taken.h5").write_bytes(b"something else")
    with refused("taken.h5", "no file, or features", error=StoreError):
        extract_features(spec, tmp_path / "taken.h5")
    assert (tmp_path / "taken.h5").read_bytes() == b"something else"


def test_an_altered_batch_is_noticed(spec, tmp_path, monkeypatch):
    out = tmp_path / "features.h5"
    extractor = CountingExtractor()
    images = open_images(spec)
    with monkeypatch.context() as patch:
        patch.setattr(BatchFolder, "remove", lambda _: None)
        run_extraction(images, extractor, out, batch_size=4)
    out.unlink()
    batch = out.with_name("features.h5.partial") / "rows-00000004-00000008.npy"
    np.save(batch, np.zeros((3, 1, 492), np.float32))
    with refused(batch.name, "expected float32", error=StoreError):
        run_extraction(images, extractor, out, batch_size=4)


def test_two_at_once_do_not_meet(spec, tmp_path):
    folder = tmp_path / "features.h5.partial"
    folder.mkdir()
    with (
        FileLock(folder / "lock"),
        refused("features.h5", "one at work", error=StoreError),
    ):
        extract_features(spec, tmp_path / "features.h5")
    assert read_features(extract_features(spec, tmp_path / "features.h5")).shape[0] == N_IMAGES


def test_too_little_room_is_said_before_anything_is_computed(spec, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 1000))
    extractor = CountingExtractor()
    with refused("features.h5.partial", "free for batches and file", error=StoreError):
        run_extraction(open_images(spec), extractor, tmp_path / "features.h5")
    assert extractor.batches == []


def test_reading_never_runs_far_ahead():
    class Images:
        loaded = 0
        lock = threading.Lock()

        def load(self, rows):
            with self.lock:
                self.loaded += len(rows)
            return [Image.new("RGB", (64, 64)) for _ in rows]

    images = Images()
    batches = [range(start, start + 20) for start in range(0, 400, 20)]
    for taken, (rows, pixels) in enumerate(read_ahead(images, GaborExtractor(), batches), start=1):
        assert rows == batches[taken - 1]
        assert len(pixels) == 20
        assert images.loaded <= (taken + BATCHES_AHEAD) * 20
    assert images.loaded == 400


def test_specs_survive_json_and_refuse_nonsense(tmp_path):
    spec = FeatureSpec("images", "vit-b16", ids="ids.npy", batch_size=8, revision="main")
    assert FeatureSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    for values, match in [
        ({"source": "x", "layers": 3}, "expected one of source"),
        ({"model": "gabor"}, "a source"),
        ({"source": "x", "device": "tpu"}, "one of auto, cpu, cuda"),
        ({"source": "x", "batch_size": 0}, "above 0"),
        ({"source": "x", "model": "folder", "revision": "main"}, "none for a local model"),
    ]:
        with pytest.raises(InputError, match=match):
            FeatureSpec.from_dict(values)
    with refused("features.npy", "ends in .h5", error=InputError):
        extract_features(spec, tmp_path / "features.npy")


def test_the_command_line_writes_resumes_and_tells_mistakes(brick, tmp_path):
    out = tmp_path / "features.h5"
    arguments = ["features", "extract", str(brick), "--model", "gabor", "--out", str(out)]
    first = CliRunner().invoke(main, arguments)
    assert first.exit_code == 0, first.output
    assert first.stdout.strip() == str(out)
    assert f"{N_IMAGES}/{N_IMAGES}" in first.stderr
    assert "images/s" in first.stderr
    changed = out.stat().st_mtime_ns
    assert CliRunner().invoke(main, [*arguments, "--quiet"]).exit_code == 0
    assert out.stat().st_mtime_ns == changed
    wrong = CliRunner().invoke(main, [*arguments[:3], "--key", "no", "--model", "gabor"])
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("error: x.hdf5: expected dataset 'no'")


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys, jne_engine.cli.features, jne_engine.features.extraction; "
        "sys.exit(bool({'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
