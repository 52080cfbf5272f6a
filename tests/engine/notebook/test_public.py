"""What is public: docs/api.md lists it all, it is typed, and importing it costs next to nothing."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import jne_engine as jne

ROOT = Path(__file__).resolve().parents[3]
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")

CLIENT = """
import numpy as np
import pandas as pd
from nilearn.surface import SurfaceImage

import jne_engine as jne

run: jne.StoredRun = jne.fit(np.zeros((9, 2)), np.zeros((9, 3)), n_hidden=8, progress=False)
share: np.ndarray = run.map("nonlinear_share")
table: pd.DataFrame = run.to_dataframe()
view: jne.BrainView = run.plot_brain(threshold=0.1)
view.save("brain.html")
encoder = jne.NonlinearEncoder(n_hidden=8).fit(np.zeros((9, 2)), np.zeros((9, 3)))
predicted: np.ndarray = encoder.predict(np.zeros((9, 2)))
names: list[str] = [each.path.name for each in jne.list_runs()]
"""


def section(name: str) -> str:
    """Return what the docs say under one public name."""
    found = re.search(rf"^### `jne\.{name}\b.*?(?=^##|\Z)", API, re.MULTILINE | re.DOTALL)
    assert found, name
    return found.group()


def list_own(kind: type) -> set[str]:
    return {n for n in vars(kind) if not n.startswith("_")}


def test_the_docs_list_what_is_public_and_nothing_else():
    listed = re.findall(r"^### `jne\.(\w+)", API, re.MULTILINE)
    assert sorted(listed) == sorted(jne.__all__)
    assert set(jne.__all__) <= set(dir(jne))
    for name in jne.__all__:
        assert getattr(jne, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'compute'"):
        _ = jne.compute


@pytest.mark.parametrize("name", ["StoredRun", "BrainView"])
def test_the_docs_list_every_member(name):
    told = set(re.findall(r"`\.(\w+)", section(name)))
    assert told == list_own(getattr(jne, name))


def test_the_docs_list_the_estimators_settings_and_results():
    told = section("NonlinearEncoder")
    settings = inspect.signature(jne.NonlinearEncoder).parameters
    assert set(settings) <= set(re.findall(r"`(\w+)`", told))
    rng = np.random.default_rng(0)
    fitted = jne.NonlinearEncoder(n_hidden=4, max_epochs=2, n_resamples=5).fit(
        rng.standard_normal((40, 3)), rng.standard_normal((40, 2))
    )
    results = {n for n in vars(fitted) if n.endswith("_") and not n.startswith("_")}
    assert set(re.findall(r"`\.(\w+_)`", told)) == results


def test_the_docs_list_the_arguments_of_fit():
    names = set(inspect.signature(jne.fit).parameters)
    heading = section("fit").splitlines()[0]
    assert set(re.findall(r"\w+", heading.split("(", 1)[1].rsplit(")", 1)[0])) == names


def test_a_typed_client_passes(tmp_path):
    client = tmp_path / "client.py"
    client.write_text(CLIENT)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", ROOT / "pyproject.toml",
               "--cache-dir", ROOT / ".mypy_cache", client]  # fmt: skip
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, jne_engine; heavy = {'torch', 'numpy', 'pandas', 'plotly', 'zarr', 'nilearn'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_ten_lines_of_the_readme_go_from_two_arrays_to_a_map(tmp_path, monkeypatch):
    """As printed, but for sizes: a coarser surface, a smaller encoder, few epochs."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split("## From Python", 1)[1]
    code = readme.split("```python\n", 1)[1].split("```", 1)[0]
    assert len(code.strip().splitlines()) <= 10
    small = "n_hidden=8, max_epochs=20"
    for printed, taken in (('"fsaverage5")', f'"fsaverage3", progress=False, {small})'),
                           ("NonlinearEncoder()", f"NonlinearEncoder({small})")):  # fmt: skip
        assert printed in code
        code = code.replace(printed, taken)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 4))
    np.save(tmp_path / "features.npy", x)
    np.save(tmp_path / "responses.npy", np.abs(x @ rng.standard_normal((4, 1284))))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JNE_RUNS", raising=False)
    names: dict = {}
    exec(code, names)
    assert names["share"].shape == (1284,)
    assert names["image"].mesh.parts["left"].n_vertices == 642
    assert names["encoder"].jne_.shape == (1284,)
    assert len(jne.list_runs()) == 1
