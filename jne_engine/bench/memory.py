"""Peak memory of streamed JNE with JNE-SS kept, each size in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys

from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.sizes import Sizes
from jne_engine.dispersion import MemorySink, stream_dispersion

GOALS = {20_484: Goal(at_most=1.5), 327_684: Goal(at_most=4.0)}
COMPUTED_STIMULI = 32
"""Stimuli computed; the others' deviations are there from the start, as when resuming, so that
everything that a whole run holds is held, without its hours."""


def measure_peak(n_voxels: int) -> Row:
    """Measure the peak resident memory of a child process, in GB."""
    command = [sys.executable, "-m", "jne_engine.bench.memory", str(n_voxels)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    how = (
        f"peak resident GB, {Sizes().n_test} stimuli × {n_voxels} voxels with JNE-SS kept, "
        f"{COMPUTED_STIMULI} stimuli computed and the rest resumed"
    )
    return Row(f"peak_rss_gb_{n_voxels}", float(output), GOALS[n_voxels], how)


class _ResumedSink(MemorySink):
    """A sink that has all but the first stimuli already."""

    def has(self, rows: slice) -> bool:
        """Tell that later blocks are there."""
        return int(rows.start) >= COMPUTED_STIMULI


def _stream_resumed(n_voxels: int) -> float:
    """Stream with everything in memory and return the peak, in GB."""
    sizes = Sizes()
    sink = _ResumedSink(sizes.n_test, n_voxels)
    sink.values.uniform_(1, 2)
    stream_dispersion(sizes.build(n_voxels), sizes.draw(sizes.n_test), sink=sink)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    sys.stdout.write(f"{_stream_resumed(int(sys.argv[1]))}\n")
