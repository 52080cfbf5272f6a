"""Peak memory of each way to the same numbers, each in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch

from jne_engine.bench.calibration import CALIBRATED, draw_arrays
from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import FSAVERAGE_VOXELS, Sizes
from jne_engine.model.dispersion import MemorySink, stream_dispersion
from jne_engine.model.nonlinearity import measure_nonlinearity
from jne_engine.model.scoring import compute_bootstrap_pvalues
from jne_engine.model.spec import RunSpec

COMPUTED_STIMULI = 32
"""Stimuli computed; the others' deviations are there from the start, as when resuming, so that
everything that a whole run holds is held, without its hours."""
N_RESAMPLES = 200


def measure_memory(name: str, sizes: Sizes, goal: Goal | None = None) -> Row:
    """Measure one of :data:`TASKS` in a child process, in GB, always at full size."""
    del sizes
    command = [sys.executable, "-m", "jne_engine.bench.memory", name]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Row(name, float(output), goal, TASKS[name].__doc__ or "")


class _ResumedSink(MemorySink):
    """A sink that has all but the first stimuli already."""

    def has(self, rows: slice) -> bool:
        """Tell that later blocks are there."""
        return int(rows.start) >= COMPUTED_STIMULI


def _stream_fsaverage5() -> float:
    """Peak resident GB of 1000 stimuli × 20,484 voxels with JNE-SS kept; 32 stimuli computed."""
    return _stream_resumed(Sizes())


def _stream_fsaverage() -> float:
    """Peak resident GB of 1000 stimuli × 327,684 voxels with JNE-SS kept; 32 stimuli computed."""
    return _stream_resumed(Sizes().widen())


def _stream_resumed(sizes: Sizes) -> float:
    sink = _ResumedSink(sizes.n_test, sizes.n_voxels)
    sink.values.uniform_(1, 2)
    stream_dispersion(sizes.build(), sizes.draw(sizes.n_test), sink=sink)
    return _peak_gb()


def _differentiate_backward() -> float:
    """Peak resident GB of one backward pass a voxel over 1000 stimuli, Jacobians not kept."""
    sizes = Sizes()
    inputs = sizes.draw(sizes.n_test).requires_grad_(True)
    predictions = sizes.build()(inputs)
    for voxel in range(2):
        torch.autograd.grad(predictions[:, voxel].sum(), inputs, retain_graph=True)
    return _peak_gb()


def _differentiate_jacrev() -> float:
    """Peak resident GB of torch.func.jacrev of one stimulus in chunks of 64 voxels."""
    sizes = Sizes()
    encoder = sizes.build()
    torch.func.jacrev(lambda x: encoder(x.unsqueeze(0)).squeeze(0), chunk_size=64)(sizes.draw(1)[0])
    return _peak_gb()


def _bootstrap_fsaverage() -> float:
    """GB that the bootstrap adds to its inputs, 200 resamples, 1000 stimuli × 327,684 voxels."""
    rng = np.random.default_rng(0)
    shape = (Sizes().n_test, FSAVERAGE_VOXELS)
    responses = rng.standard_normal(shape, dtype=np.float32)
    predictions = rng.standard_normal(shape, dtype=np.float32)
    before = _peak_gb()
    compute_bootstrap_pvalues(responses, predictions, N_RESAMPLES)
    return _peak_gb() - before


def _calibrate_fsaverage() -> float:
    """GB that share and test add to their inputs, 3000 stimuli × 327,684 voxels, 256 units."""
    arrays, encoder = draw_arrays(replace(CALIBRATED, n_voxels=FSAVERAGE_VOXELS))
    before = _peak_gb()
    measure_nonlinearity(encoder, arrays, RunSpec())
    return _peak_gb() - before


def _peak_gb() -> float:
    """Return this process's peak resident memory so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


TASKS: Mapping[str, Callable[[], float]] = MappingProxyType(
    {
        "peak_rss_gb_20484": _stream_fsaverage5,
        "peak_rss_gb_327684": _stream_fsaverage,
        "peak_rss_gb_backward_20484": _differentiate_backward,
        "peak_rss_gb_jacrev_20484": _differentiate_jacrev,
        "growth_gb_bootstrap_327684": _bootstrap_fsaverage,
        "growth_gb_calibration_327684": _calibrate_fsaverage,
    }
)

if __name__ == "__main__":
    sys.stdout.write(f"{TASKS[sys.argv[1]]()}\n")
