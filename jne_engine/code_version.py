"""Which code makes a run's numbers: a part of every run's key."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from jne_engine import __version__

NUMBER_MAKERS = (
    "checks", "spec", "encoders", "training", "scoring", "jacobian", "deviations", "precision",
    "dispersion", "deviation_blocks", "run_stages",
)  # fmt: skip
"""Modules whose source decides a run's numbers, and so its key."""


@functools.cache
def code_version() -> str:
    """Return the package version and a digest of the modules that make numbers."""
    here = Path(__file__).parent
    sources = b"".join((here / f"{name}.py").read_bytes() for name in NUMBER_MAKERS)
    return f"{__version__}+{hashlib.sha256(sources).hexdigest()[:12]}"
