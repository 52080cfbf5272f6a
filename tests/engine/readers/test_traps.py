"""Crafted files are refused in one line, at once, in little memory, and open nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.readers.files import OpenWatch, check_message, npz_bytes, write_hdf5
from tests.engine.readers.image_files import (
    MAPS,
    annot,
    cifti,
    cifti_labels,
    geometry,
    gifti_labels,
    gifti_maps,
    gifti_mesh,
    mgh_maps,
    morph,
    nifti,
    packed,
)
from tests.engine.readers.mutants import npy
from tests.engine.readers.traps import traps

ROOT = Path(__file__).parents[3]
MEGABYTES_100 = 100 * 10**6


def write_whole_files(folder: Path) -> list[tuple[str, str, str]]:
    """Write one whole file of each format, so that reading it imports what it needs."""
    folder.mkdir()
    contents = {
        "lh.a.func.gii": (gifti_maps(), "values"),
        "lh.b.func.gii": (gifti_maps("ASCII"), "values"),
        "a.surf.gii": (gifti_mesh(), "mesh"),
        "lh.a.label.gii": (gifti_labels(), "labels"),
        "a.dscalar.nii": (cifti(), "values"),
        "a.dlabel.nii": (cifti_labels(), "labels"),
        "a.nii.gz": (packed(nifti()), "voxels"),
        "a.nii": (nifti(two=True), "volume"),
        "lh.a.mgz": (packed(mgh_maps()), "values"),
        "lh.curv": (morph(), "values"),
        "lh.white": (geometry(), "mesh"),
        "lh.a.annot": (annot(), "labels"),
        "a.npy": (npy(), "array"),
        "a.npz": (npz_bytes({"a": npy()}), "array"),
    }
    for name, (content, _) in contents.items():
        (folder / name).write_bytes(content)
    write_hdf5(folder / "a.h5", data=MAPS)
    readers = {**{name: reader for name, (_, reader) in contents.items()}, "a.h5": "array"}
    return [(name, str(folder / name), reader) for name, reader in readers.items()]


def spring(folder: Path, whole: list[Any], tasks: list[Any]) -> dict[str, Any]:
    """Read files in a child process and return what came of each."""
    (folder / "traps.json").write_text(json.dumps({"whole": whole, "traps": tasks}))
    finished = subprocess.run(
        [sys.executable, "-m", "tests.engine.readers.trap_reader", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr[-2000:]
    outcomes: dict[str, Any] = json.loads(finished.stdout)
    return outcomes


@dataclass(frozen=True)
class Sprung:
    """What came of every trap, and what happened beside."""

    outcomes: dict[str, dict[str, Any]]
    opened: bool
    ran: bool
    folder: Path


@pytest.fixture(scope="module")
def sprung(tmp_path_factory: pytest.TempPathFactory) -> Sprung:
    """Spring every trap in one child process."""
    folder = tmp_path_factory.mktemp("traps")
    tasks = []
    for name, (file, content, reader) in traps(folder).items():
        path = folder / "inside" / name / file
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        tasks.append((name, str(path), reader))
    whole = write_whole_files(folder / "whole")
    watch = OpenWatch(folder / "outside")
    outcomes = spring(folder, whole, tasks)
    opened = watch.opened()
    watch.close()
    return Sprung(outcomes, opened, (folder / "ran").exists(), folder)


def test_every_trap_is_refused_in_one_line_that_names_its_file(sprung: Sprung) -> None:
    assert len(sprung.outcomes) > 50
    for name, outcome in sprung.outcomes.items():
        (file,) = (sprung.folder / "inside" / name).iterdir()
        assert outcome["message"], f"{name} was read"
        check_message(outcome["message"], file.name)


def test_every_trap_is_refused_at_once_and_in_little_memory(sprung: Sprung) -> None:
    """Seconds of the processor, so that other work on the machine does not count."""
    slow = {name: x["seconds"] for name, x in sprung.outcomes.items() if x["seconds"] >= 1}
    assert not slow
    assert sum(outcome["grown"] for outcome in sprung.outcomes.values()) < MEGABYTES_100


def test_no_trap_opens_another_file_or_runs_anything(sprung: Sprung) -> None:
    foreign = {name: x["foreign"] for name, x in sprung.outcomes.items() if x["foreign"]}
    assert not foreign
    assert not sprung.opened
    assert not sprung.ran


def test_the_logs_see_what_plain_libraries_do(sprung: Sprung) -> None:
    """Nibabel follows an external name, h5py a link, and numpy runs a pickle: all are noticed."""
    code = (
        "import sys, json, h5py, numpy, nibabel; from pathlib import Path\n"
        "from tests.engine.readers.trap_reader import OpenLog\n"
        "log = OpenLog(); folder = Path(sys.argv[1]) / 'inside'\n"
        "nibabel.load(folder / 'gifti external encoding/lh.a.func.gii')\n"
        "numpy.load(folder / 'npy pickle/a.npy', allow_pickle=True)\n"
        "noted = log.noted.copy()\n"
        "h5py.File(folder / 'hdf5 link/a.h5')['data'][0]\n"
        "print(json.dumps(noted))\n"
    )
    watch = OpenWatch(sprung.folder / "outside")
    finished = subprocess.run(
        [sys.executable, "-c", code, str(sprung.folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    noted = json.loads(finished.stdout)
    assert str(sprung.folder / "outside/secret.h5") in noted
    assert "os.system" in noted
    assert (sprung.folder / "ran").exists()
    assert watch.opened()
    watch.close()


def test_the_measure_sees_what_a_trap_could_take(tmp_path: Path) -> None:
    np.save(tmp_path / "large.npy", np.ones((1000, 30_000), np.float32))
    task = [("large", str(tmp_path / "large.npy"), "array")]
    outcome = spring(tmp_path, [], task)["large"]
    assert outcome["message"] == ""
    assert outcome["grown"] > MEGABYTES_100
