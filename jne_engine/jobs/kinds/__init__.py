"""The kinds of jobs, one a file: each file here describes its kind as ``KIND``."""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.core.errors import InputError
from jne_engine.jobs.kind import JobKind

if TYPE_CHECKING:
    from jne_engine.jobs.reports import JobReport

_MODULES = [import_module(f"{__name__}.{file.name}") for file in pkgutil.iter_modules(__path__)]
KINDS: dict[str, JobKind] = {module.KIND.name: module.KIND for module in _MODULES}
"""Every kind of job by its name."""


def find_kind(name: str) -> JobKind:
    """Return a kind; one that this version does not know goes by its name, and its jobs fail."""
    known = KINDS.get(name)
    return known or JobKind(name, name, ":material/help:", functools.partial(_refuse, name))


def _refuse(
    name: str, payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]
) -> Path:
    del payload, report, cancelled
    fix = "delete it, or use the version that asked for it"
    raise InputError("job kind", f"one of {', '.join(KINDS)}", repr(name), fix)
