"""The runs below a folder: finished, unfinished, and unreadable ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jne_engine.errors import StoreError
from jne_engine.store import MANIFEST, Run, find_unfinished


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


def _describe_unfinished(path: Path) -> str:
    """Return one line on an unfinished run: its folder, what it has, what it lacks."""
    done = [name for name in Run.STAGES if (path / name).is_dir()]
    return f"{path.name}: {', '.join(done)} done, {len(Run.STAGES) - len(done)} stages to go"
