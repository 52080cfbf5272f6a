"""Units of a study: whole runs, each computed on its own, whose results are those on disk.

A run resumes after its last complete stage, and within the dispersion after its last block of
stimuli, so that who dies over a unit loses that and nothing else. Where units are computed, in
this process or on other machines, is for whoever hands them out; what they do is here.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jne_engine.core.errors import CancelledError, JneError
from jne_engine.core.progress import StageProgress, ignore_stages
from jne_engine.datasets.library import DatasetEntry, FeatureEntry
from jne_engine.jobs.kinds.run import (
    DEMO_SIZES,
    SMALL_DEMO_SIZES,
    read_wanted,
    request_demo_study,
    request_layers,
    request_run,
)
from jne_engine.jobs.records import INTERNAL, JobSpec
from jne_engine.model.spec import RunSpec


@dataclass(frozen=True)
class UnitEnd:
    """How a unit ended.

    Parameters
    ----------
    label : str
        What a person calls it.
    run_id : str, optional
        Folder of its run; None where it failed.
    message : str
        One line on why it failed.
    """

    label: str
    run_id: str | None
    message: str = ""


def request_cells(
    datasets: Sequence[DatasetEntry | Path],
    specs: Sequence[RunSpec],
    *,
    features: Mapping[str, FeatureEntry],
    layers: tuple[int, ...],
    root: Path,
    demo: tuple[int, int] = (0, 0),
    small: bool = False,
) -> tuple[JobSpec, ...]:
    """Return the runs of every encoder, dataset and layer.

    Parameters
    ----------
    datasets : sequence of DatasetEntry or pathlib.Path
        Those of the library, or descriptions and folders.
    specs : sequence of RunSpec
        One an encoder and seed.
    features : mapping of str to FeatureEntry
        Extracted features by dataset; the dataset's own where it has none here. Datasets of the
        library without either are left out.
    layers : tuple of int
        Of the features; none for the described one.
    root : pathlib.Path
        Folder of runs.
    demo : (int, int)
        SIMULATED subjects, and layers of each.
    small : bool
        Whether those are of reduced size.
    """
    sizes = SMALL_DEMO_SIZES if small else DEMO_SIZES
    made: list[JobSpec] = []
    for spec in specs:
        for dataset in datasets:
            if isinstance(dataset, Path):
                made += [request_run(dataset, spec, layer=layer) for layer in layers or (None,)]
                continue
            own = features.get(dataset.name)
            if own is not None or dataset.n_features is not None:
                made += request_layers(dataset, spec, features=own, layers=layers, root=root)
        if all(demo):
            made += request_demo_study(spec, n_subjects=demo[0], n_layers=demo[1], **sizes)
    return tuple(made)


def compute_unit(spec: JobSpec, root: Path, report: StageProgress = ignore_stages) -> Path:
    """Compute what is still missing of a run, in this process, and return its folder.

    Parameters
    ----------
    spec : JobSpec
        Of the kind ``run``.
    root : pathlib.Path
        Folder of runs.
    report : callable
        Called as ``report(stage, done, total)``.
    """
    from jne_engine.runs.pipeline import compute_run

    return compute_run(root=root, report=report, **read_wanted(spec.payload, report)).path


def end_unit(spec: JobSpec, root: Path) -> UnitEnd:
    """Compute a unit as :func:`compute_unit` does, and tell how it ended, whatever happens."""
    try:
        return UnitEnd(spec.label, compute_unit(spec, root).name)
    except CancelledError:
        return UnitEnd(spec.label, None, "cancelled; the same command goes on with it")
    except JneError as error:
        return UnitEnd(spec.label, None, str(error))
    except Exception as error:  # noqa: BLE001 - the other units go on, and the log has the trace
        traceback.print_exc()
        return UnitEnd(spec.label, None, f"{INTERNAL}: {error!r}")
