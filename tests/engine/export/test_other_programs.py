"""Exports read by the programs of others, where they are installed; docs/exports.md says how."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jne_engine.analysis import maps
from jne_engine.cortex.spaces import SurfaceSpace
from jne_engine.report.export.exporting import export_run
from tests.engine.export.test_exporting import (
    in_volume,
    loop_over_mesh,
    make_run,
    numeric,
    on_fsaverage5,
)

NIIVUE = "NIIVUE"
"""Environment variable that names NiiVue's ``dist/index.js``."""
READ_BY_NIIVUE = """
import fs from 'fs';
const [, , niivue, file, structure, out] = process.argv;
const { NVMeshLoaders } = await import(niivue);
const { buffer, byteOffset, byteLength } = fs.readFileSync(file);
const whole = buffer.slice(byteOffset, byteOffset + byteLength);
const read = await NVMeshLoaders.readNII2(whole, 32492, structure);
fs.writeFileSync(out, Buffer.from(Float32Array.from(read).buffer));
"""


def find_program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def find_niivue() -> list[str]:
    node = find_program("node")
    if not os.environ.get(NIIVUE):
        pytest.skip(f"NiiVue is not installed: {NIIVUE} names no dist/index.js")
    return [node, os.environ[NIIVUE]]


def ask(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("runs"))


SPACES = {"fs_LR": None, "fsaverage5": on_fsaverage5(), "volume": in_volume()}


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("simulated", [True, False])
def test_the_bids_validator_finds_no_error(tmp_path, space, simulated):
    validator = find_program("bids-validator-deno")
    one = make_run(tmp_path / "runs", SPACES[space], simulated=simulated)
    folder = export_run(one, "bids", tmp_path / "out")
    done = subprocess.run([validator, "--format", "json", folder],
                          capture_output=True, text=True, check=False)  # fmt: skip
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [i for i in issues if i.get("severity") == "error"] == []
    assert done.returncode == 0


def test_niivue_reads_every_value_of_cifti(run, tmp_path):
    node, niivue = find_niivue()
    folder = export_run(run, "cifti", tmp_path / "out")
    script, out = tmp_path / "read.mjs", tmp_path / "values.bin"
    script.write_text(READ_BY_NIIVUE)
    path = folder / "SIMULATED-maps.dscalar.nii"
    for hemi in ("left", "right"):
        ask(node, script, niivue, path, f"CORTEX_{hemi.upper()}", out)
        read = np.fromfile(out, dtype=np.float32).reshape(-1, 32492)
        assert len(read) == len(numeric(run))
        for row, info in zip(read, numeric(run), strict=True):
            expected = loop_over_mesh(run, maps.read_map(run, info.name), hemi, 32492)
            np.testing.assert_array_equal(row, expected)


def test_workbench_reads_every_value_of_cifti_and_gifti(run, tmp_path):
    workbench = find_program("wb_command")
    cifti = export_run(run, "cifti", tmp_path / "cifti") / "SIMULATED-maps.dscalar.nii"
    gifti = export_run(run, "gifti", tmp_path / "gifti")
    text = tmp_path / "values.txt"
    ask(workbench, "-cifti-convert", "-to-text", cifti, text)
    read = np.loadtxt(text)
    for column, info in enumerate(numeric(run)):
        values = maps.read_map(run, info.name)
        sides = [loop_over_mesh(run, values, hemi, 32492) for hemi in ("left", "right")]
        np.testing.assert_allclose(read[:, column], np.concatenate(sides), rtol=1e-5)
        one = gifti / f"hemi-L_SIMULATED-{info.name}.shape.gii"
        largest = float(ask(workbench, "-metric-stats", one, "-reduce", "MAX",
                            "-roi", gifti / "hemi-L_SIMULATED-significant.shape.gii"))  # fmt: skip
        mask = maps.read_significant(run)[:144]
        np.testing.assert_allclose(largest, values[:144][mask].max(), rtol=1e-5)


@pytest.mark.parametrize("form", ["gifti", "cifti"])
def test_the_readmes_command_leaves_nan_out(run, tmp_path, form):
    workbench = find_program("wb_command")
    folder = export_run(run, form, tmp_path / "out")
    said = " ".join((folder / "README.txt").read_text().split())
    command = said.partition("wb_command ")[2].split()
    given = command[:6]
    assert given[4] == "-roi"
    names = {word for word in given if word.endswith((".gii", ".nii"))}
    answer = ask(workbench, *(str(folder / w) if w in names else w for w in given))
    significant, jne = maps.read_significant(run), maps.read_map(run, "jne")
    if form == "gifti":
        significant, jne = significant[:144], jne[:144]
    told = float(answer.splitlines()[0].split()[-1])
    assert np.isclose(told, jne[significant].astype(np.float64).mean(), rtol=1e-5)
    bare = ask(workbench, *(str(folder / w) if w in names else w for w in given[:4]))
    assert np.isnan(float(bare.split()[0]))


def test_cifti_has_a_line_feed_between_tags(run, tmp_path):
    folder = export_run(run, "cifti", tmp_path / "out")
    for path in folder.glob("*.nii"):
        assert b"><" not in path.read_bytes().partition(b"</CIFTI>")[0]


def test_bids_labels_lie_in_anat_and_densities_are_told(tmp_path):
    own = SurfaceSpace("fsaverage6", np.arange(144), np.arange(144))
    folder = export_run(make_run(tmp_path / "runs", own), "bids", tmp_path / "out")
    subject = folder / "sub-sim01"
    assert {p.name.partition(".")[0].rpartition("_")[2] for p in (subject / "anat").iterdir()} == {
        "dseg"
    }
    assert not list((subject / "func").glob("*_dseg*"))
    for path in subject.rglob("*_den-41k_*.json"):
        assert "40,962 vertices" in json.loads(path.read_text())["Density"]
    lines = (folder / "descriptions.tsv").read_text().splitlines()[1:]
    assert all(line.startswith("desc-") for line in lines)
    ids = [line.split("\t")[0] for line in lines]
    assert all(any(f"_{i}_" in p.name for p in subject.rglob("*")) for i in ids)
