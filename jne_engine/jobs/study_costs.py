"""What a study will take, from a few blocks that are computed by the code that will compute it."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jne_engine.core.progress import ignore_stages
from jne_engine.jobs.kinds.run import open_dataset
from jne_engine.jobs.records import JobSpec
from jne_engine.model.spec import RunSpec

if TYPE_CHECKING:
    from jne_engine.datasets.dataset import EncodingDataset
    from jne_engine.runs.store import Run

SAMPLE_FIT = 512
"""Stimuli that the encoders are fitted to, for the measurement."""
SAMPLE_TEST = 64
"""Test stimuli of the measurement: two blocks."""
SAMPLE_EPOCHS = 2


@dataclass(frozen=True)
class StudyCosts:
    """What the runs of a study take at most, should no fit stop early.

    Parameters
    ----------
    n_runs, n_measured : int
        Runs of the study, and kinds of them of which one was measured.
    core_hours : float
        Hours times threads.
    disk_bytes : int
        Of the results.
    """

    n_runs: int
    n_measured: int
    core_hours: float
    disk_bytes: int

    def __str__(self) -> str:
        """Return the costs and how they were found, in two lines."""
        from jne_engine.formats.guard import readable_size

        return (
            f"at most {self.core_hours:.3g} core hours, about {readable_size(self.disk_bytes)}\n"
            f"measured on this machine: {self.n_measured} runs of at most {SAMPLE_FIT} training"
            f" and {SAMPLE_TEST} test stimuli, all voxels, {SAMPLE_EPOCHS} epochs, taken to full"
            " size in proportion to stimuli and epochs; fits mostly stop early, reading is left out"
        )


def measure_costs(specs: Sequence[JobSpec]) -> StudyCosts:
    """Compute a few blocks of one run of each dataset and encoder, and multiply.

    Layers and seeds of one dataset and encoder count as equal.

    Parameters
    ----------
    specs : sequence of JobSpec
        The study's runs; what is stored of them already counts all the same.
    """
    alike = {_name_kind(spec): spec for spec in specs}
    counts = Counter(map(_name_kind, specs))
    seconds, size = 0.0, 0.0
    for name, spec in alike.items():
        each_seconds, each_size = _measure_one(spec)
        seconds += counts[name] * each_seconds
        size += counts[name] * each_size
    return StudyCosts(len(specs), len(alike), seconds / 3600, round(size))


def _name_kind(spec: JobSpec) -> str:
    """Return what two runs of equal costs have in common."""
    payload = json.loads(spec.payload_json())
    payload["spec"].pop("seed")
    payload.pop("layer", None)
    payload.get("features", {}).pop("layer", None)
    payload.get("demo", {}).pop("layer", None)
    payload.get("demo", {}).pop("seed", None)
    payload.get("demo", {}).pop("subject", None)
    return json.dumps(payload, sort_keys=True)


def _measure_one(spec: JobSpec) -> tuple[float, float]:
    """Return core seconds and bytes of a whole run, from a run of a few blocks."""
    import torch

    from jne_engine.runs.pipeline import compute_run

    dataset, choices = (
        open_dataset(spec.payload, ignore_stages),
        RunSpec.from_dict(spec.payload["spec"]),
    )
    few = replace(choices, max_epochs=min(SAMPLE_EPOCHS, choices.max_epochs))
    with tempfile.TemporaryDirectory() as folder:
        run = compute_run(_cut(dataset), few, Path(folder))
        seconds = _scale_times(run, dataset, choices.max_epochs / few.max_epochs)
        return seconds * torch.get_num_threads(), _scale_sizes(run, dataset)


def _cut(dataset: EncodingDataset) -> EncodingDataset:
    """Return a dataset with the first stimuli of each split; repeats are left out."""
    splits = dataset.splits
    few = replace(
        splits,
        train=splits.train[:SAMPLE_FIT],
        validation=splits.validation[:SAMPLE_FIT],
        test=splits.test[:SAMPLE_TEST],
    )
    return replace(dataset, splits=few, test_repeats=None)


def _scale_times(run: Run, dataset: EncodingDataset, epochs: float) -> float:
    """Return the seconds of a whole run: fits by stimuli and epochs, the rest by test stimuli."""
    counts, took = run.manifest.counts, run.manifest.timings_s
    fitted = dataset.splits.train.size + dataset.splits.validation.size
    fits = epochs * fitted / (counts["n_train"] + counts["n_validation"])
    tests = dataset.splits.test.size / counts["n_test"]
    factors: dict[str, float] = {"dataset": 1.0, "linear": fits, "nonlinear": fits}
    # The test of nonlinearity fits ridges to the training stimuli and streams the test stimuli.
    factors["calibration"] = max(tests, dataset.splits.train.size / counts["n_train"])
    return float(sum(factors.get(name, tests) * s for name, s in took.items()))


def _scale_sizes(run: Run, dataset: EncodingDataset) -> float:
    """Return the bytes of a whole run: JNE-SS and what it is of by test stimuli, weights as is."""
    tests = dataset.splits.test.size / run.manifest.counts["n_test"]
    grows = {"dataset", "dispersion"}
    total = 0.0
    for file in (f for f in run.path.rglob("*") if f.is_file()):
        stage = file.relative_to(run.path).parts[0]
        total += file.stat().st_size * (tests if stage in grows else 1.0)
    return total
