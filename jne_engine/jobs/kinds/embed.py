"""Jobs of the kind ``embed``: the t-SNE and clusters of a run's test stimuli."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jne_engine.core.errors import InputError
from jne_engine.jobs.kind import JobKind, Shown, Stage
from jne_engine.jobs.records import JobRecord, JobSpec
from jne_engine.runs.embedding import EmbeddingSettings

if TYPE_CHECKING:  # pages know kinds too, and wait for neither torch nor pandas
    from jne_engine.core.arrays import BoolArray
    from jne_engine.jobs.reports import JobReport
    from jne_engine.runs.store import Run


LIBRARIES = ("openTSNE", "scikit-learn", "numpy")


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


def do_embed(payload: Mapping[str, Any], report: JobReport, cancelled: Callable[[], bool]) -> Path:
    """Compute the embedding of a run's features and return its folder; at once where it is there.

    Parameters
    ----------
    payload : mapping
        ``run``: folder of a run; ``settings``: values of
        :class:`~jne_engine.runs.embedding.EmbeddingSettings`.
    report : JobReport
    cancelled : callable
        Not asked: every tenth round and every clustering reports.

    Raises
    ------
    InputError
        If the run was stored before runs kept their features.
    """
    from jne_engine.analysis.groupings import mark_clusters
    from jne_engine.runs.embedding import compute_embedding, count_threads
    from jne_engine.runs.embedding_store import (
        find_embedding,
        has_embedding,
        read_embedding,
        scratch_folder,
        write_embedding,
    )
    from jne_engine.runs.folder import lock_run
    from jne_engine.runs.store import open_run, read_features

    del cancelled
    run, settings = open_run(Path(payload["run"])), EmbeddingSettings(**payload["settings"])
    manifest = run.manifest
    folder = find_embedding(run, settings)
    if folder is None:
        fix = "delete the run and compute it again"
        raise InputError(run.run_id, "the test stimuli's features", "an older run", fix)
    report.identify(
        folder, subject=manifest.subject, feature_set=manifest.feature_set, layer=manifest.layer
    )
    with lock_run(folder):
        if not has_embedding(folder):
            features = read_features(run.stage("dataset"))
            found = compute_embedding(features, settings, scratch_folder(folder), report)
            versions = {name: metadata.version(name) for name in LIBRARIES}
            write_embedding(folder, found, settings, {**versions, "threads": str(count_threads())})
        _keep_cluster_maps(run, mark_clusters(read_embedding(folder)))
    return folder


def _keep_cluster_maps(run: Run, members: BoolArray) -> None:
    from jne_engine.runs.stimulus_means import (
        STAGE,
        compute_maps,
        find_means,
        keep_means,
        name_maps,
    )

    if find_means(run, name_maps(members)) is None:
        keep_means(run, name_maps(members), compute_maps(run.stage(STAGE), members))


def _find(record: JobRecord) -> dict[str, str]:
    return {"run": Path(record.spec.payload["run"]).name}


KIND = JobKind(
    "embed",
    "Embedding",
    ":material/scatter_plot:",
    do_embed,
    {
        "neighbours": Stage("finding each stimulus's neighbours"),
        "t-SNE 2-D": Stage("laying stimuli out in two dimensions"),
        "t-SNE 1-D": Stage("laying stimuli out in one dimension"),
        "clusters": Stage("trying numbers of clusters", "numbers of clusters"),
    },
    Shown("selectivity", _find),
)
