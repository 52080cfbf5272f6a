"""Asking for an import, features, an embedding, means, a simulation, an export, or a deck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jne_engine.datasets.library import DatasetEntry, FeatureEntry, dataset_folder
from jne_engine.jobs.records import JobSpec
from jne_engine.model.spec import RunSpec
from jne_engine.report.stories import Story
from jne_engine.runs.embedding import EmbeddingSettings


def request_import(source: Mapping[str, Any], name: str, *, root: Path) -> JobSpec:
    """Return the job that imports a dataset.

    Parameters
    ----------
    source : mapping
        ``kind``, ``folder``, ``allowed_root`` and ``choices``.
    name : str
        Of the new dataset below ``root``.
    root : pathlib.Path
        Folder of runs.

    Raises
    ------
    InputError
        If the name is not one for a folder.
    """
    dataset_folder(root, name)
    return JobSpec("import", {"name": name, "source": dict(source)}, name)


def request_features(entry: DatasetEntry, model: str, *, device: str = "auto") -> JobSpec:
    """Return the job that extracts features of a dataset's images.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    model : str
        A model's name, ``"gabor"``, or a model's folder.
    device : {"auto", "cpu", "cuda"}
    """
    payload = {"dataset": entry.name, "model": model, "device": device}
    return JobSpec("features", payload, f"{entry.name} · {Path(model).name}")


def request_layers(
    entry: DatasetEntry, spec: RunSpec, *, features: FeatureEntry | None, layers: tuple[int, ...],
    root: Path,
) -> tuple[JobSpec, ...]:  # fmt: skip
    """Return the jobs of a dataset's runs: one a layer, or one where it brings its features.

    Parameters
    ----------
    entry : DatasetEntry
        The dataset.
    spec : RunSpec
        How to fit.
    features : FeatureEntry or None
        Extracted features; None for those that the dataset brings.
    layers : tuple of int
        States of the features' model.
    root : pathlib.Path
        Folder of runs.
    """
    common = {"dataset": entry.path, "weights": {}, "spec": spec.to_dict()}
    if features is None:
        allowed = {} if entry.allowed_root is None else {"allowed_root": entry.allowed_root}
        return (JobSpec("run", {**common, **allowed}, f"{entry.name} · {_tell_encoder(spec)}"),)
    file = str(dataset_folder(root, entry.name) / features.file)
    return tuple(
        JobSpec(
            "run",
            {**common, "features": {"file": file, "layer": layer}},
            f"{entry.name} · {features.model} layer {layer} · {_tell_encoder(spec)}",
        )
        for layer in layers
    )


def _tell_encoder(spec: RunSpec) -> str:
    return f"{spec.activation} {spec.n_hidden}" + (f" seed {spec.seed}" if spec.seed else "")


def request_embedding(run: Path, settings: EmbeddingSettings | None = None) -> JobSpec:
    """Return the job that lays a run's test stimuli out by their features and clusters them.

    Parameters
    ----------
    run : pathlib.Path
        Folder of the run; runs of the same features share the result.
    settings : EmbeddingSettings, optional
    """
    choices = (settings or EmbeddingSettings()).to_dict()
    payload = {"run": str(run.absolute()), "settings": choices}
    return JobSpec("embed", payload, f"embedding · {run.name}")


def request_means(
    run: Path, *, grouping: tuple[str, str] | None = None, rows: Sequence[int] = ()
) -> JobSpec:
    """Return the job that keeps mean JNE-SS beside the runs.

    Parameters
    ----------
    run : pathlib.Path
        Folder of the run.
    grouping : tuple of str, optional
        Name and digest of the grouping whose categories' maps are wanted: a name alone does not
        say which stimuli it stands for.
    rows : sequence of int
        Else the test stimuli whose map is wanted; with neither, it is the means over places.
    """
    payload: dict[str, Any] = {"run": str(run.absolute())}
    if grouping is not None:
        payload |= {"grouping": grouping[0], "digest": grouping[1]}
    elif rows:
        payload["rows"] = list(rows)
    else:
        payload["places"] = True
    return JobSpec("means", payload, f"mean JNE-SS · {run.name}")


def request_simulation(
    name: str, *, run: Path | None = None, data: Mapping[str, Any] | None = None
) -> JobSpec:
    """Return the job that stores a simulation in full size.

    Parameters
    ----------
    name : str
        Of the stored result.
    run : pathlib.Path, optional
        For ``"variants"``: the run.
    data : mapping, optional
        Likewise: the payload of the job that computed it.
    """
    about = {} if run is None else {"run": str(run.absolute()), "data": dict(data or {})}
    return JobSpec("simulate", {"name": name, **about}, f"simulation {name}")


def request_deck(story: Story, form: str) -> JobSpec:
    """Return the job that writes a story, as it is now, as one file to present.

    Parameters
    ----------
    story : Story
        A story beside the runs.
    form : str
        One of :data:`~jne_engine.report.decks.formats.DECK_FORMATS`.
    """
    about = {"story": story.id, "changed": story.changed, "form": form}
    return JobSpec("deck", about, f"{story.name} as {form}")


def request_export(
    run: Path, form: str, *, maps: Sequence[str] = (), significant: bool = False
) -> JobSpec:
    """Return the job that writes a run as one zip file in another tool's format.

    Parameters
    ----------
    run : pathlib.Path
        The run's folder.
    form : str
        One of :data:`~jne_engine.report.export.formats.FORMATS`.
    maps : sequence of str
        Maps to take; all where empty.
    significant : bool
        Replace the values of voxels that are not significant by NaN.
    """
    about = {"run": str(run.absolute()), "form": form, "maps": list(maps)}
    return JobSpec("export", {**about, "significant": significant}, f"{run.name} as {form}")
