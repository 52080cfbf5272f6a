"""The notebooks of the docs run as they are printed, and show what they promise."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import jne_engine as jne

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "notebooks"
ROOT = FOLDER.parents[1]


def run_notebook(name: str, folder: Path, runs: Path, monkeypatch) -> list:
    """Run a notebook in a folder and return what its cells show."""
    monkeypatch.setenv("JNE_RUNS", str(runs))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # importing Streamlit sets it for all
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "keep outputs out of the docs"
    NotebookClient(
        notebook,
        timeout=240,
        iopub_timeout=240,  # on a busy machine outputs come late; by default they are then left out
        raise_on_iopub_timeout=True,
        startup_timeout=240,
        resources={"metadata": {"path": folder}},
    ).execute()
    shown = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    assert not [o for o in shown if o.output_type == "error"]
    return [o.data for o in shown if "data" in o]


def fit_whole_surface(runs: Path) -> None:
    """Store a run with a value at every vertex: nilearn draws no triangle with a gap."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 6))
    y = np.abs(x @ rng.standard_normal((6, 1284))) + 0.3 * rng.standard_normal((300, 1284))
    first = np.arange(1284) % 642 < 300
    jne.fit(x, y, surface="fsaverage3", rois={"V1": first, "FFA": ~first}, simulated=True,
            out=runs, progress=False, n_hidden=16, n_blocks=1, max_epochs=30)  # fmt: skip


def as_text(shown: list) -> str:
    return "\n".join(data.get("text/plain", "") for data in shown)


def test_first_look(tmp_path, monkeypatch):
    fit_whole_surface(tmp_path / "runs")
    shown = run_notebook("first_look", tmp_path, tmp_path / "runs", monkeypatch)
    assert any("<iframe" in data.get("text/html", "") for data in shown)
    assert any("application/vnd.plotly.v1+json" in data for data in shown)
    assert any("image/png" in data for data in shown)
    assert "predicted voxels are nonlinear" in as_text(shown)


@pytest.mark.parametrize("name", ["own_data", "own_encoder"])
def test_planted_voxels_are_found(tmp_path, monkeypatch, name):
    shown = run_notebook(name, tmp_path, tmp_path / "runs", monkeypatch)
    told = as_text(shown)
    rates = {line.split("'")[1]: int(line.split("'")[3].rstrip("%"))
             for line in told.replace("{", "\n").replace(",", "\n").splitlines()
             if "'bending voxels found'" in line or "'linear voxels called" in line}  # fmt: skip
    assert rates["bending voxels found"] > 50
    assert rates["linear voxels called nonlinear"] < 10
    if name == "own_data":
        assert "SIMULATED" in told
        assert any("<iframe" in data.get("text/html", "") for data in shown)
