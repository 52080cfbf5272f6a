"""The embedding of a run's test stimuli: whether it is there, its points, its silhouettes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from jne_engine.core.errors import InputError
from jne_engine.runs.embedding import Embedding
from jne_engine.runs.embedding_store import find_embedding, has_embedding, read_embedding
from jne_engine.runs.grouping import Grouping
from jne_engine.runs.store import Run

NO_CATEGORY = "none"


def find_run_embedding(run: Run) -> Literal["no features", "missing", "there"]:
    """Tell whether a run's embedding is there, can be computed, or lacks the features."""
    folder = find_embedding(run)
    if folder is None:
        return "no features"
    return "there" if has_embedding(folder) else "missing"


def read_run_embedding(run: Run) -> Embedding:
    """Return the embedding of a run's test stimuli.

    Raises
    ------
    InputError
        If there is none.
    """
    folder = find_embedding(run)
    if folder is None or not has_embedding(folder):
        fix = "compute it on the page Stimulus selectivity"
        raise InputError(run.run_id, "an embedding of its stimuli", "none", fix)
    return read_embedding(folder)


def tabulate_embedding(
    embedding: Embedding, stimuli: Sequence[str], grouping: Grouping | None
) -> pd.DataFrame:
    """Return one row a stimulus: where it lies, and its first category.

    Returns
    -------
    pandas.DataFrame
        ``stimulus, x, y, line, cluster`` (from 1), ``category`` (categorical, in the grouping's
        order; ``"none"`` without one) and ``row``.
    """
    names = [] if grouping is None else list(grouping.categories)
    labels = np.full(len(stimuli), NO_CATEGORY, dtype=object)
    for number in reversed(range(len(names))):
        labels[grouping.members[:, number]] = names[number]  # type: ignore[union-attr]
    order = [*names, *([NO_CATEGORY] if NO_CATEGORY not in names else [])]
    found = [name for name in order if name in set(labels)]
    return pd.DataFrame(
        {
            "stimulus": list(stimuli),
            "x": embedding.points[:, 0],
            "y": embedding.points[:, 1],
            "line": embedding.line,
            "cluster": embedding.clusters + 1,
            "category": pd.Categorical(labels, categories=found),
            "row": np.arange(len(stimuli)),
        }
    )


def tabulate_silhouettes(embedding: Embedding) -> pd.DataFrame:
    """Return ``n_clusters, silhouette, chosen`` of each number of clusters that was tried."""
    tried = np.asarray(embedding.n_tried)
    scores = np.asarray(embedding.silhouettes, dtype=np.float64)
    chosen = tried == embedding.n_clusters
    return pd.DataFrame({"n_clusters": tried, "silhouette": scores, "chosen": chosen})
