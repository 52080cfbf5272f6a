"""The numbers of a tiny run stay what they were, or the algorithm's version is raised.

``python -m tests.engine.test_golden`` writes them anew.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jne_engine.model.spec import RunSpec
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.store import Run
from jne_engine.runs.version import ALGORITHM
from tests.engine.datasets import make_dataset

GOLDEN = Path(__file__).with_name("golden.json")
SPEC = RunSpec(n_hidden=16, batch_size=16, max_epochs=25, learning_rate=0.01)
N_SAMPLES = 5
RTOL = 1e-3
"""Of what was fitted: processors add up in different orders, and the epochs carry that on."""
STEP = 2.5 / SPEC.n_resamples
"""Of p and q: two resamples may come to lie on the other side of a limit."""
WANTED = (
    "If the same choices now give other numbers, and that is meant: raise ALGORITHM in"
    " jne_engine/runs/version.py, so that runs are computed anew. If a choice has another default,"
    " or more is stored, no number of the same choices has changed. In both cases write golden.json"
    " by `python -m tests.engine.test_golden`. If nothing was meant to change, the change is wrong."
)


def describe(values: np.ndarray) -> dict[str, Any]:
    """Return what is kept of an array: its shape and type, mean, spread and a few values."""
    flat = values.astype(np.float64).ravel()
    finite = flat[np.isfinite(flat)]
    places = np.linspace(0, flat.size - 1, N_SAMPLES).astype(int)
    return {
        "shape": list(values.shape),
        "dtype": str(values.dtype),
        "n_finite": int(finite.size),
        "mean": float(finite.mean()),
        "std": float(finite.std()),
        "sample": [float(x) if np.isfinite(x) else None for x in flat[places]],
    }


def describe_run(run: Run) -> dict[str, dict[str, Any]]:
    """Return what is kept of every array and weight of a run, by stage and name."""
    arrays = {
        f"{name}/{array.split('-')[0]}": run.stage(name).read_array(array)  # a digest follows
        for name in Run.STAGES
        for array in run.stage(name).array_names()
    }
    weights = {
        f"{name}/{key}": values
        for name in ("linear", "nonlinear")
        for key, values in run.stage(name).read_weights("encoder").items()
    }
    return {name: describe(values) for name, values in (arrays | weights).items()}


def compute_golden(root: Path) -> dict[str, Any]:
    """Compute the tiny run, and return what is kept of it."""
    run = compute_run(make_dataset(), SPEC, root)
    return {"algorithm": ALGORITHM, "arrays": describe_run(run)}


def numbers(kept: dict[str, Any]) -> np.ndarray:
    """Return mean, spread and sample as one array, NaN where a value is not finite."""
    return np.array([kept["mean"], kept["std"], *kept["sample"]], dtype=np.float64)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return compute_golden(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="module")
def golden():
    return json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_the_kept_numbers_are_those_of_this_algorithm(golden):
    assert golden["algorithm"] == ALGORITHM, WANTED


def test_a_tiny_run_stores_the_same_arrays(found, golden):
    def shapes(kept):
        return {k: (v["shape"], v["dtype"], v["n_finite"]) for k, v in kept["arrays"].items()}

    assert shapes(found) == shapes(golden), WANTED


def test_what_is_not_fitted_is_the_same_to_the_bit(found, golden):
    names = [name for name in golden["arrays"] if name.startswith("dataset/")]
    assert len(names) > 3
    for name in names:
        assert found["arrays"][name]["sample"] == golden["arrays"][name]["sample"], name


def test_what_is_fitted_is_the_same_up_to_rounding(found, golden):
    for name, kept in golden["arrays"].items():
        counted = name.split("/")[-1].startswith(("p_", "q_"))
        np.testing.assert_allclose(
            numbers(found["arrays"][name]),
            numbers(kept),
            rtol=RTOL,
            atol=STEP if counted else RTOL * kept["std"],
            err_msg=f"{name}: {WANTED}",
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps(compute_golden(Path(folder)), indent=1)
    GOLDEN.write_text(f"{text}\n", encoding="utf-8")
