"""Embeddings beside the runs: one a set of features and settings, whoever asked for it.

::

    <runs>/embeddings/<key>/
        stimuli.parquet   one row a test stimulus: x, y, line, cluster
        embedding.json    settings, silhouettes, SHA-256 of the table; written last
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from jne_engine.core.disk import sha256, write_atomically
from jne_engine.core.errors import StoreError
from jne_engine.runs.embedding import Embedding, EmbeddingSettings
from jne_engine.runs.store import Run, name_features

FOLDER: Final = "embeddings"
TABLE: Final = "stimuli.parquet"
RECORD: Final = "embedding.json"
FORMAT: Final = 1
"""Changes with whatever changes the numbers; a part of every key."""


def find_embedding(run: Run, settings: EmbeddingSettings | None = None) -> Path | None:
    """Return the folder where a run's embedding is or will be; None where it lacks features."""
    features = name_features(run.stage("dataset"))
    if features is None:
        return None
    choices = (settings or EmbeddingSettings()).to_dict()
    text = json.dumps([FORMAT, features, choices], sort_keys=True)
    return run.path.parent / FOLDER / sha256(text.encode())[:20]


def has_embedding(folder: Path) -> bool:
    """Tell whether an embedding is complete."""
    return (folder / RECORD).is_file()


def scratch_folder(folder: Path) -> Path:
    """Return the hidden folder of an embedding's finished steps, made if missing."""
    scratch = folder.with_name(f".{folder.name}.steps")
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch


def write_embedding(
    folder: Path, embedding: Embedding, settings: EmbeddingSettings, versions: Mapping[str, str]
) -> None:
    """Write an embedding so that it is whole or not there, and drop its finished steps.

    Raises
    ------
    StoreError
        If the disk is full or not writable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    x, y = embedding.points.T
    table = pd.DataFrame({"x": x, "y": y, "line": embedding.line, "cluster": embedding.clusters})
    content = table.to_parquet()
    record = {
        "format": FORMAT,
        "settings": settings.to_dict(),
        "n_tried": list(embedding.n_tried),
        "silhouettes": [None if np.isnan(s) else s for s in embedding.silhouettes],
        "versions": dict(versions),
        "table_sha256": sha256(content),
    }
    write_atomically(folder / TABLE, content)
    write_atomically(folder / RECORD, (json.dumps(record, indent=1) + "\n").encode())
    shutil.rmtree(scratch_folder(folder), ignore_errors=True)


def read_embedding(folder: Path) -> Embedding:
    """Read an embedding.

    Raises
    ------
    StoreError
        If it is missing, altered, or cannot be read.
    """
    fix = "delete the folder and compute the embedding again"
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        content = (folder / TABLE).read_bytes()
        if sha256(content) != record["table_sha256"]:
            raise StoreError(str(folder / TABLE), "the record's SHA-256", "other content", fix)
        return _restore(pd.read_parquet(io.BytesIO(content)), record)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(str(folder), "an embedding", str(error), fix) from error


def _restore(table: pd.DataFrame, record: dict[str, Any]) -> Embedding:
    return Embedding(
        points=table[["x", "y"]].to_numpy(np.float32),
        line=table["line"].to_numpy(np.float32),
        clusters=table["cluster"].to_numpy(np.int64),
        n_tried=tuple(record["n_tried"]),
        silhouettes=tuple(np.nan if s is None else float(s) for s in record["silhouettes"]),
    )
