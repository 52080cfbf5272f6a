"""The runs below a folder: finished, unfinished, and unreadable ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jne_engine.core.errors import StoreError
from jne_engine.runs.store import MANIFEST, Run, find_unfinished


@dataclass(frozen=True)
class RunListing:
    """What lies in a folder of runs.

    Parameters
    ----------
    runs : tuple of Run
        Complete runs, newest first.
    unfinished : tuple of str
        One line a run that can be resumed.
    unreadable : tuple of str
        One line a run whose manifest or stages do not hold; the others stay usable.
    """

    runs: tuple[Run, ...] = ()
    unfinished: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def list_runs(root: Path) -> RunListing:
    """List a folder of runs; a broken run is told, and hides no other.

    Parameters
    ----------
    root : pathlib.Path
        Folder of run folders; it need not exist.
    """
    if not root.is_dir():
        return RunListing()
    runs, unreadable = [], []
    for manifest in sorted(root.glob(f"*/{MANIFEST}")):
        try:
            runs.append(Run(manifest.parent))
        except StoreError as error:
            unreadable.append(str(error))
    runs.sort(key=lambda run: (run.manifest.created, run.run_id), reverse=True)
    unfinished = tuple(_describe_unfinished(path) for path in find_unfinished(root))
    return RunListing(tuple(runs), unfinished, tuple(unreadable))


def find_nearest(runs: Sequence[Run], run_id: str) -> Run | None:
    """Return the run that stands in best for one that is not there.

    Parameters
    ----------
    runs : sequence of Run
        The better first.
    run_id : str
        A run's name: dataset, subject, features and layer, then the key of the computation.

    Returns
    -------
    Run or None
        The first that differs in its key only; None where there is none.
    """
    stem, dash, _ = run_id.rpartition("-")
    return next((r for r in runs if dash and r.run_id.rpartition("-")[0] == stem), None)


def find_named(runs: Sequence[Run], text: str) -> tuple[Run, ...]:
    """Return the runs whose names stand in a text, in its order."""
    named = [(text.find(run.run_id), run) for run in runs if run.run_id in text]
    return tuple(run for _, run in sorted(named, key=lambda pair: pair[0]))


def _describe_unfinished(path: Path) -> str:
    """Return one line on an unfinished run: its folder, what it has, what it lacks."""
    done = [name for name in Run.STAGES if (path / name).is_dir()]
    return f"{path.name}: {', '.join(done)} done, {len(Run.STAGES) - len(done)} stages to go"
