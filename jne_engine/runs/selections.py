"""Sets of stimuli that a person has named, usable as categories in every run that shows some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jne_engine.core.errors import InputError
from jne_engine.runs.named import LONGEST_NAME, Named, Shelf


@dataclass(frozen=True)
class StimulusSelection(Named):
    """A named set of stimuli.

    Parameters
    ----------
    name, created : str
        As :class:`~jne_engine.runs.named.Named`.
    stimuli : tuple of str
        Ids of the stimuli; a run shows those that are in its test split.
    tags : tuple of str
        Under which it is found; the selections of one tag make up a way of grouping stimuli.

    Raises
    ------
    InputError
        If the name is none, or there are no stimuli.
    """

    stimuli: tuple[str, ...]
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could not be shown or found again."""
        super().__post_init__()
        if not self.stimuli:
            fix = "select stimuli in the embedding first"
            raise InputError(self.name, "at least one stimulus", "none", fix)


def split_tags(text: str) -> tuple[str, ...]:
    """Return the tags of a line that a person has written, separated by commas."""
    tags = (" ".join(tag.split())[:LONGEST_NAME] for tag in text.split(","))
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _parse(record: Mapping[str, Any]) -> StimulusSelection:
    texts = _texts(record["stimuli"]), _texts(record["tags"])
    return StimulusSelection(str(record["name"]), *texts, created=str(record["created"]))


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise TypeError("not a list of texts")
    return tuple(str(v) for v in values)


SELECTIONS: Final = Shelf("selections", "a selection", _parse)
