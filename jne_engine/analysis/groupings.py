"""Ways to group stimuli: given labels, clusters of the embedding, and a person's selections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from jne_engine.core.arrays import BoolArray
from jne_engine.core.checks import check_choice
from jne_engine.runs.embedding import Embedding
from jne_engine.runs.embedding_store import find_embedding, has_embedding, read_embedding
from jne_engine.runs.grouping import Grouping, group_labels
from jne_engine.runs.selections import SELECTIONS, StimulusSelection
from jne_engine.runs.store import Run, read_stimuli

COLUMN: Final = "labels:"
CLUSTERS: Final = "clusters"
OWN: Final = "selections"
TAG: Final = "tag:"


def list_groupings(run: Run) -> Mapping[str, str]:
    """Return the ways in which a run's test stimuli can be grouped: name and what people read."""
    table = read_stimuli(run.stage("dataset"))
    found = {f"{COLUMN}{c}": f"Given: {c}" for c in table.category_columns}
    folder = find_embedding(run)
    if folder is not None and has_embedding(folder):
        found[CLUSTERS] = "Clusters of the embedding"
    own = _own_selections(run)
    if own:
        found[OWN] = "My selections"
    tags = dict.fromkeys(tag for selection in own for tag in selection.tags)
    return found | {f"{TAG}{tag}": f"My selections: {tag}" for tag in tags}


def read_grouping(run: Run, name: str) -> Grouping:
    """Return one way of grouping a run's test stimuli.

    Parameters
    ----------
    run : Run
    name : str
        One of :func:`list_groupings`.

    Raises
    ------
    InputError
        If the run cannot be grouped so.
    """
    check_choice("grouping", name, tuple(list_groupings(run)))
    folder = find_embedding(run)
    if name == CLUSTERS and folder is not None:
        return _group_clusters(read_embedding(folder))
    if name == OWN or name.startswith(TAG):
        return _group_own(run, name)
    column = name.removeprefix(COLUMN)
    labels = read_stimuli(run.stage("dataset")).table[column].astype(str)
    return group_labels(labels.tolist(), name=name, how=f"Labels of the data set: {column}.")


def mark_clusters(embedding: Embedding) -> BoolArray:
    """Return which stimulus is in which cluster, shape (n_test, n_clusters)."""
    numbers = np.arange(int(embedding.clusters.max()) + 1)
    return np.asarray(embedding.clusters[:, None] == numbers)


def _group_clusters(embedding: Embedding) -> Grouping:
    members = mark_clusters(embedding)
    n_clusters = members.shape[1]
    how = (
        f"K-means on the two-dimensional t-SNE of the features; {n_clusters} clusters by"
        f" silhouette over {embedding.n_tried[0]}–{embedding.n_tried[-1]}, ordered along the"
        " one-dimensional t-SNE."
    )
    return Grouping(CLUSTERS, tuple(f"Cluster {i + 1}" for i in range(n_clusters)), members, how)


def _group_own(run: Run, name: str) -> Grouping:
    tag = name.removeprefix(TAG)
    chosen = [s for s in _own_selections(run) if name == OWN or tag in s.tags]
    ids = _test_ids(run)
    members = np.array([[i in s.stimuli for s in chosen] for i in ids], dtype=np.bool_)
    how = "Sets of stimuli that somebody selected and saved."
    return Grouping(name, tuple(s.name for s in chosen), members, how)


def _own_selections(run: Run) -> list[StimulusSelection]:
    ids = set(_test_ids(run))
    return [s for s in SELECTIONS.list(run.path.parent)[0] if ids & set(s.stimuli)]


def _test_ids(run: Run) -> list[str]:
    """Return the test stimuli's ids in the order of JNE-SS rows."""
    return [str(i) for i in read_stimuli(run.stage("dataset")).table.index]
