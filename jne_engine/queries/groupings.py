"""Ways to group stimuli: given labels, clusters of the embedding, and a person's selections."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from jne_engine.checks import check_choice
from jne_engine.embedding import Embedding
from jne_engine.embedding_store import find_embedding, has_embedding, read_embedding
from jne_engine.selections import StimulusSelection, list_selections
from jne_engine.store import Run, read_stimuli

BoolArray = npt.NDArray[np.bool_]

COLUMN: Final = "labels:"
CLUSTERS: Final = "clusters"
OWN: Final = "selections"
TAG: Final = "tag:"
LABEL_SEPARATOR: Final = "; "
"""Between the labels of a stimulus that has several; written so by the importers."""


@dataclass(frozen=True, eq=False)
class Grouping:
    """Categories of a run's test stimuli, and which stimuli belong to each.

    Parameters
    ----------
    name : str
        ``"labels:COLUMN"``, ``"clusters"``, ``"selections"`` or ``"tag:TAG"``.
    categories : tuple of str
        Names of the categories, in the order in which to show them.
    members : numpy.ndarray of bool, shape (n_test, n_categories)
        A stimulus may be in several categories, or in none; no category is empty.
    how : str
        One sentence on where the categories come from.
    """

    name: str
    categories: tuple[str, ...]
    members: BoolArray
    how: str

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Number of stimuli of each category."""
        return np.asarray(self.members.sum(axis=0), dtype=np.int64)

    @property
    def digest(self) -> str:
        """What tells this grouping's content from another's."""
        names = json.dumps([self.name, self.categories, self.how]).encode()
        return hashlib.sha256(names + np.packbits(self.members).tobytes()).hexdigest()

    def member(self, category: str) -> BoolArray:
        """Return which stimuli are in a category, shape (n_test,).

        Raises
        ------
        InputError
            If there is no such category.
        """
        check_choice("category", category, self.categories)
        return np.asarray(self.members[:, self.categories.index(category)])

    def labels(self) -> list[str]:
        """Return each stimulus's categories as one text, empty where it has none."""
        names = np.asarray(self.categories, dtype=object)
        return [LABEL_SEPARATOR.join(names[row]) for row in self.members]


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


def group_labels(labels: Sequence[str], *, name: str, how: str) -> Grouping:
    """Group stimuli by their labels, several a stimulus separated by ``"; "``, by name."""
    parts = [set(label.split(LABEL_SEPARATOR)) for label in labels]
    categories = tuple(sorted(set().union(*parts)))
    members = np.array([[c in part for c in categories] for part in parts], dtype=np.bool_)
    return Grouping(name, categories, members.reshape(len(labels), len(categories)), how)


def _group_clusters(embedding: Embedding) -> Grouping:
    """Group stimuli by cluster, in the clusters' order along the one-dimensional t-SNE."""
    n_clusters = int(embedding.clusters.max()) + 1
    members = embedding.clusters[:, None] == np.arange(n_clusters)
    how = (
        f"K-means on the two-dimensional t-SNE of the features; {n_clusters} clusters by"
        f" silhouette over {embedding.n_tried[0]}–{embedding.n_tried[-1]}, ordered along the"
        " one-dimensional t-SNE."
    )
    return Grouping(CLUSTERS, tuple(f"Cluster {i + 1}" for i in range(n_clusters)), members, how)


def _group_own(run: Run, name: str) -> Grouping:
    """Group stimuli by the saved selections, or by those of one tag."""
    tag = name.removeprefix(TAG)
    chosen = [s for s in _own_selections(run) if name == OWN or tag in s.tags]
    ids = _test_ids(run)
    members = np.array([[i in s.stimuli for s in chosen] for i in ids], dtype=np.bool_)
    how = "Sets of stimuli that somebody selected and saved."
    return Grouping(name, tuple(s.name for s in chosen), members, how)


def _own_selections(run: Run) -> list[StimulusSelection]:
    """Return the saved selections that hold some of a run's test stimuli."""
    ids = set(_test_ids(run))
    return [s for s in list_selections(run.path.parent)[0] if ids & set(s.stimuli)]


def _test_ids(run: Run) -> list[str]:
    """Return the test stimuli's ids in the order of JNE-SS rows."""
    return [str(i) for i in read_stimuli(run.stage("dataset")).table.index]
