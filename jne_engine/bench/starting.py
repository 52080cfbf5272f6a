"""What a person waits for before anything is computed: importing, the help, a notebook's brain."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.timing import compare, time_work
from jne_engine.datasets.arrays.memory import ArrayPlaces, build_dataset
from jne_engine.model.spec import RunSpec
from jne_engine.report.export.brain import export_run_html
from jne_engine.report.notebook.stored import StoredRun
from jne_engine.runs.pipeline import compute_run
from jne_engine.runs.store import Run

SURFACE, N_VERTICES = "fsaverage5", 20_484
ROUNDS = 5


def measure_start(name: str, sizes: Sizes, *, code: str, against: str, goal: Goal) -> Row:
    """Time a fresh interpreter's statement against another's.

    Parameters
    ----------
    name : str
        Name of the row.
    sizes : Sizes
        Not used: imports have no size.
    code, against : str
        Statements; what both interpreters need to start is counted in neither.
    goal : Goal
        What the ratio should reach.
    """
    del sizes
    first, second = (statistics.median(_time(c) for _ in range(ROUNDS)) for c in (code, against))
    how = f"`{code}` against `{against}`, each in an interpreter of its own, median of {ROUNDS}"
    return Row(name, first / second, goal, how)


def _time(code: str) -> float:
    timed = f"import time; t = time.process_time(); {code}; print(time.process_time() - t)"
    done = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def measure_plot_brain(name: str, sizes: Sizes, goal: Goal) -> Row:
    """Time a brain as a notebook's result against writing the same run's HTML file."""
    with tempfile.TemporaryDirectory() as folder:
        run = _fit_noise(Path(folder))
        target = Path(folder) / "brain.html"
        ratio = compare(
            lambda: StoredRun(run).plot_brain("jne", significant=False)._repr_html_(),
            lambda: export_run_html(run, target, chosen="jne", significant=False),
            rounds=sizes.rounds,
            clock=time_work,
        )
    how = f"processor's time of plot_brain's HTML against export --to html, {N_VERTICES:,} vertices"
    return Row(name, ratio, goal, how)


def _fit_noise(folder: Path) -> Run:
    """Store a run of seeded noise at every vertex."""
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((60, n), dtype=np.float32) for n in (4, N_VERTICES))
    dataset = build_dataset(x, y, places=ArrayPlaces(surface=SURFACE), simulated=True)
    return compute_run(dataset, RunSpec(n_hidden=4, max_epochs=1, n_resamples=5), folder)
