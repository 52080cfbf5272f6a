"""The manifest that makes a folder a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from jne_engine.core.disk import sha256
from jne_engine.core.errors import StoreError

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """What a finished run says of itself.

    Parameters
    ----------
    run_id, key : str
        Folder name, and the SHA-256 it is shortened from.
    name, subject, feature_set : str
        Names shown to people.
    layer : int
        Feature layer.
    simulated : bool
        True for made-up data.
    source : str
        One sentence on where the data come from.
    created : str
        ISO time, UTC, at which the run was completed.
    spec : mapping
        The :class:`~jne_engine.model.spec.RunSpec` as plain values.
    counts : mapping of str to int
        Stimuli of each split, features, voxels, invalid and significant voxels.
    inputs : list of mapping
        Name and SHA-256 of each input.
    notes, warnings : list of str
        Decisions and fallbacks of the reader; what the run wants a person to know.
    timings_s : mapping of str to float
        Seconds each stage took, over all attempts that completed one.
    versions : mapping of str to str
        Python, this package, and the libraries that made the numbers.
    files : mapping of str to str
        SHA-256 of every file that is not an array.
    """

    run_id: str
    key: str
    name: str
    subject: str
    feature_set: str
    layer: int
    simulated: bool
    source: str
    created: str
    spec: Mapping[str, Any]
    counts: Mapping[str, int]
    inputs: tuple[Mapping[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Return the manifest as readable JSON."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, path: Path) -> Self:
        """Read a manifest.

        Raises
        ------
        StoreError
            If it is not JSON, lacks an entry, or was written by another format.
        """
        fix = "delete the folder and compute the run again"
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StoreError(str(path), "a readable manifest", str(error), fix) from error
        found = values.get("format_version") if isinstance(values, dict) else type(values).__name__
        if found != FORMAT_VERSION:
            raise StoreError(str(path), f"format_version {FORMAT_VERSION}", str(found), fix)
        names = {f.name for f in fields(cls)}
        missing = sorted(names - values.keys())
        if missing:
            raise StoreError(str(path), "every entry", f"no {', '.join(missing)}", fix)
        for name in ("inputs", "notes", "warnings"):
            values[name] = tuple(values[name])
        return cls(**{k: v for k, v in values.items() if k in names})


def compute_run_key(content_hash: str, spec: Mapping[str, Any], algorithm: int) -> str:
    """Return the SHA-256 of a dataset's hash, the run's choices and the code's version."""
    text = json.dumps([content_hash, dict(spec), algorithm], sort_keys=True)
    return sha256(text.encode())
