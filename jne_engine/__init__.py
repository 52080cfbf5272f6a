"""Compute engine of JNE Explorer: encoding models, their Jacobians, and JNE.

From a notebook: ``import jne_engine as jne``, then ``jne.fit(features, responses)`` or
``jne.open_run("runs/RUN")``; docs/api.md lists all that is public. The engine never imports
Streamlit; the dashboard, the command line (``python -m jne_engine``) and Python use it alike.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from jne_engine.core.version import VERSION

if TYPE_CHECKING:
    from jne_engine.core.errors import InputError, JneError, StoreError
    from jne_engine.model.dispersion import Dispersion, stream_dispersion
    from jne_engine.model.nonlinearity import Nonlinearity, measure_nonlinearity
    from jne_engine.model.spec import RunSpec
    from jne_engine.model.split_arrays import SplitArrays
    from jne_engine.report.notebook.brain import BrainView
    from jne_engine.report.notebook.estimator import NonlinearEncoder
    from jne_engine.report.notebook.fitting import fit
    from jne_engine.report.notebook.stored import StoredRun, list_runs, open_run

__version__ = VERSION

__all__ = [
    "BrainView",
    "Dispersion",
    "InputError",
    "JneError",
    "NonlinearEncoder",
    "Nonlinearity",
    "RunSpec",
    "SplitArrays",
    "StoreError",
    "StoredRun",
    "fit",
    "list_runs",
    "measure_nonlinearity",
    "open_run",
    "stream_dispersion",
]

_PLACES = {
    "jne_engine.core.errors": ("InputError", "JneError", "StoreError"),
    "jne_engine.model.dispersion": ("Dispersion", "stream_dispersion"),
    "jne_engine.model.nonlinearity": ("Nonlinearity", "measure_nonlinearity"),
    "jne_engine.model.spec": ("RunSpec",),
    "jne_engine.model.split_arrays": ("SplitArrays",),
    "jne_engine.report.notebook.brain": ("BrainView",),
    "jne_engine.report.notebook.estimator": ("NonlinearEncoder",),
    "jne_engine.report.notebook.fitting": ("fit",),
    "jne_engine.report.notebook.stored": ("StoredRun", "list_runs", "open_run"),
}
"""Where public names lie; each is imported when first used, since torch takes seconds."""


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    for module, names in _PLACES.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*__all__, "__version__"])
