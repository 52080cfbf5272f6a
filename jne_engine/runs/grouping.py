"""Categories of stimuli: which stimulus belongs to which."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import BoolArray
from jne_engine.core.checks import check_choice
from jne_engine.datasets.tables import is_missing

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


def group_labels(labels: Sequence[str], *, name: str, how: str) -> Grouping:
    """Group stimuli by their labels, several a stimulus separated by ``"; "``, by name.

    A stimulus whose label is missing is in no category.
    """
    parts = [{p for p in label.split(LABEL_SEPARATOR) if not is_missing(p)} for label in labels]
    categories = tuple(sorted(set().union(*parts)))
    members = np.array([[c in part for c in categories] for part in parts], dtype=np.bool_)
    return Grouping(name, categories, members.reshape(len(labels), len(categories)), how)
