"""What an importer found, told before anything is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np

from jne_engine.core.order import TEXT, describe_order
from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.datasets.drawn import NOT_DRAWN
from jne_engine.datasets.repeats import describe_repeats, number_stimuli
from jne_engine.datasets.trials import tell_presentations
from jne_engine.formats.guard import readable_size
from jne_engine.model.scaling import Scaling, tell_far

BASE_BYTES: Final = 300_000_000
"""Memory of the program and its libraries."""


@dataclass(frozen=True)
class Preview:
    """What an import would do.

    Parameters
    ----------
    kind, subject, space : str
        Importer, subject, and where the columns lie.
    found : mapping of str to str
        Files by what they are, with their shapes; what is not there is told in ``problems``.
    sessions_present, sessions_missing : tuple of int
        Sessions with and without betas; empty where the data have no sessions.
    n_trials, n_images, n_voxels : int
        Counts of what would be imported; ``n_trials`` is 0 where trials are averaged already.
    presentations : mapping of int to int
        How many images were shown once, twice and so on; empty where nobody knows.
    test_repeats : str
        Single presentations of the test stimuli that are there for a noise ceiling.
    n_train, n_validation, n_test : int
        Images of each split.
    roi_counts : mapping of str to mapping of str to int
        Columns of each ROI by ROI set.
    disk_bytes, memory_bytes, read_bytes : int
        Size of the result, expected peak of memory, and bytes that will be read.
    seconds : float or None
        Expected time, from a few blocks that were read; None where none were.
    notes : tuple of str
        Decisions that will be taken.
    problems : tuple of str
        Everything that looks wrong.
    """

    kind: str
    subject: str
    space: str
    found: Mapping[str, str] = field(default_factory=dict)
    sessions_present: tuple[int, ...] = ()
    sessions_missing: tuple[int, ...] = ()
    n_trials: int = 0
    n_images: int = 0
    n_voxels: int = 0
    presentations: Mapping[int, int] = field(default_factory=dict)
    test_repeats: str = ""
    n_train: int = 0
    n_validation: int = 0
    n_test: int = 0
    roi_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    disk_bytes: int = 0
    memory_bytes: int = 0
    read_bytes: int = 0
    seconds: float | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**asdict(self), "repeats": self.repeats}

    @property
    def repeats(self) -> str:
        """How often a stimulus was shown, a range where that is uneven."""
        told = _tell_presentations(self.presentations)
        return f"{told}; {self.test_repeats}" if self.test_repeats else told

    def __str__(self) -> str:
        """Return the preview for a terminal."""
        time = "not measured" if self.seconds is None else f"about {readable_time(self.seconds)}"
        lines = [
            f"{self.kind}, {self.subject}, {self.space}",
            *(f"  {name}: {text}" for name, text in self.found.items()),
            f"sessions: {readable_ranges(self.sessions_present) or 'none'}"
            f"; missing: {readable_ranges(self.sessions_missing) or 'none'}",
            f"{self.n_trials} trials of {self.n_images} images"
            f" ({tell_presentations(self.presentations) or 'no trials'}), {self.n_voxels} columns",
            f"repeats: {self.repeats}",
            f"train {self.n_train}, validation {self.n_validation}, test {self.n_test}",
            *(f"ROIs {preset}: {_counts(rois)}" for preset, rois in self.roi_counts.items()),
            f"reads {readable_size(self.read_bytes)}, writes {readable_size(self.disk_bytes)},"
            f" at most {readable_size(self.memory_bytes)} of memory, {time}",
            *(f"note: {note}" for note in self.notes),
            *(f"LOOK AT: {problem}" for problem in self.problems),
        ]
        return "\n".join(lines)


def preview_dataset(dataset: EncodingDataset) -> Preview:
    """Tell what was read of files that stay where they are."""
    splits = dataset.splits
    usable = int(dataset.valid_voxels.sum())
    masked = dataset.n_voxels - usable
    few = splits.test.size < 50
    order = describe_order([str(i) for i in dataset.stimuli.table.index])
    repeats = describe_repeats(dataset.features, splits)
    return Preview(
        kind=dataset.name,
        subject=dataset.subject,
        space="" if dataset.space is None else _name_space(dataset.space),
        found={
            **{i.name: i.sha256[:12] for i in dataset.provenance.inputs},
            "order of stimuli": order,
        },
        n_images=dataset.n_stimuli,
        n_voxels=dataset.n_voxels,
        presentations=_count_rows(dataset.features),
        test_repeats=_tell_test_repeats(dataset.test_repeats),
        n_train=splits.train.size,
        n_validation=splits.validation.size,
        n_test=splits.test.size,
        roi_counts=count_rois(dataset.roi_sets.values()),
        memory_bytes=dataset.responses.nbytes + dataset.features.nbytes,
        read_bytes=dataset.responses.nbytes + dataset.features.nbytes,
        notes=(
            "files stay where they are",
            *_tell_runs(dataset),
            *_tell_scale(dataset),
            *(n for n in dataset.provenance.notes if n not in (NOT_DRAWN, repeats)),
        ),
        problems=(
            *([repeats] * bool(repeats)),
            *([f"{masked} of {dataset.n_voxels} columns are not usable and masked"] * bool(masked)),
            *([f"{order}: are the responses in this order too?"] * order.endswith(TEXT)),
            *(["fewer than 50 test stimuli: JNE is noisy"] * few),
            *(["no ROIs: pages compare whole maps only"] * (not dataset.roi_sets)),
            *(["no place on a surface: no map of the brain"] * (dataset.space is None)),
            *(n for n in dataset.provenance.notes if n == NOT_DRAWN),
        ),
    )


def _count_rows(features: Any) -> dict[int, int]:
    """Count how many stimuli have one row, two rows and so on, by equal features."""
    shown = Counter(Counter(number_stimuli(features).tolist()).values())
    return {} if set(shown) == {1} else dict(sorted(shown.items()))


def _tell_presentations(presentations: Mapping[int, int]) -> str:
    if not presentations:
        return "one row a stimulus, of how many presentations is not known"
    low, high = min(presentations), max(presentations)
    if low == high:
        return f"{low} a stimulus"
    mean = sum(k * n for k, n in presentations.items()) / sum(presentations.values())
    return f"{low} to {high} a stimulus, {mean:.3g} on average"


def _tell_test_repeats(repeats: Any) -> str:
    """Say how many presentations of a test stimulus hold a value in any column."""
    if repeats is None:
        return ""
    counts = np.isfinite(repeats).any(axis=2).sum(axis=0)
    low, high = int(counts.min()), int(counts.max())
    uneven = f"{low} to {high}, {counts.mean():.3g} on average" if low < high else str(low)
    return f"of test stimuli {uneven} single presentations"


def _tell_runs(dataset: EncodingDataset) -> tuple[str, ...]:
    if dataset.runs is None:
        return ()
    sizes = Counter(dataset.runs).values()
    low, high = min(sizes), max(sizes)
    each = str(low) if low == high else f"{low} to {high}"
    return (f"{len(sizes)} runs of {each} stimuli: runs may standardise within each",)


def _tell_scale(dataset: EncodingDataset) -> tuple[str, ...]:
    rows = dataset.splits.train
    told = (
        tell_far("features", Scaling.fit(dataset.features, rows)),
        tell_far("responses", Scaling.fit(dataset.responses, rows)),
    )
    taken = "runs standardise them by the training stimuli unless told otherwise"
    return tuple(f"{line}: {taken}" for line in told if line is not None)


def readable_time(seconds: float) -> str:
    """Return a duration as a person reads it, for instance ``"12 min"``."""
    if seconds < 100:
        return f"{seconds:.2g} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def count_rois(roi_sets: Any) -> dict[str, dict[str, int]]:
    """Return the number of columns of each ROI, by ROI set."""
    return {
        r.preset: {n: int(m.sum()) for n, m in zip(r.names, r.masks, strict=True)} for r in roi_sets
    }


def readable_ranges(numbers: tuple[int, ...]) -> str:
    """Return ascending numbers with neighbours joined, for instance ``"1-37, 39"``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ", ".join("-".join(map(str, part)) for part in parts)


def _counts(rois: Mapping[str, int]) -> str:
    shown = [f"{name} {count}" for name, count in list(rois.items())[:24]]
    return ", ".join(shown) + (f" and {len(rois) - 24} more" if len(rois) > 24 else "")


def _name_space(space: Any) -> str:
    return str(getattr(space, "surface", None) or getattr(space, "name", ""))
