"""The folder of a model: one that the user names, or a download that is kept for next time.

The hub's cache is asked first, without a network. Only then is the hub asked, with a time limit,
which files of which commit there are; a machine without a network learns at once what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jne_engine.core.errors import InputError
from jne_engine.features.extraction.spec import GABOR, MODELS
from jne_engine.formats.guard import hash_file, printable

CONFIGS: Final = ("config.json", "preprocessor_config.json")
WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin")
"""Weights in the order in which they are wanted; neither runs code when it is read."""
TIMEOUT_S: Final = 10.0
"""Seconds to wait for the hub's answers."""


@dataclass(frozen=True)
class ModelFolder:
    """Files of one model.

    Parameters
    ----------
    path : pathlib.Path
    name : str
        Short name, or the folder's name.
    repository, revision : str
        Where on the hub the files are from, and their commit; empty for a local folder.
    """

    path: Path
    name: str
    repository: str = ""
    revision: str = ""

    @property
    def weights(self) -> Path:
        """The file of weights."""
        return next(self.path / name for name in WEIGHTS if (self.path / name).is_file())

    def describe(self) -> dict[str, str]:
        """Return what identifies the model: its name, source and the SHA-256 of its weights."""
        return {
            "model": printable(self.name),
            "repository": self.repository,
            "revision": self.revision,
            "weights": self.weights.name,
            "weights_sha256": hash_file(self.weights),
        }


def find_model(model: str, revision: str | None = None) -> ModelFolder:
    """Find a model's files, and download those of a known name where they are not yet here.

    Parameters
    ----------
    model : str
        A name of :data:`~jne_engine.features.extraction.spec.MODELS`, or a folder.
    revision : str, optional
        Commit, tag or branch of the hub.

    Returns
    -------
    ModelFolder

    Raises
    ------
    InputError
        If there is no such model, the folder lacks a file, or the hub cannot be reached.
    """
    if model in MODELS:
        return _find_cached(model, revision) or _download(model, revision)
    path = Path(model)
    if not path.is_dir():
        known = ", ".join([*MODELS, GABOR])
        fix = "check the name, or name the folder that holds config.json and the weights"
        raise InputError(printable(model), f"one of {known}, or a folder", "neither", fix)
    missing = _missing(path)
    if missing:
        fix = "save model and image processor there with save_pretrained, or copy the files"
        expected = f"{CONFIGS[0]}, {CONFIGS[1]} and {WEIGHTS[0]}"
        raise InputError(printable(path.name), expected, f"no {missing[0]}", fix)
    return ModelFolder(path, path.resolve().name)


def _find_cached(model: str, revision: str | None) -> ModelFolder | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    repository = MODELS[model]
    try:
        path = Path(snapshot_download(repository, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    if _missing(path):
        return None
    return ModelFolder(path, model, repository, path.name)


def _download(model: str, revision: str | None) -> ModelFolder:
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]

    repository = MODELS[model]
    try:
        info = HfApi(token=False).model_info(repository, revision=revision, timeout=TIMEOUT_S)
        there = [sibling.rfilename for sibling in info.siblings or ()]
        wanted = _choose_files(repository, there)
        paths = [
            hf_hub_download(
                repository, name, revision=info.sha, etag_timeout=TIMEOUT_S, token=False
            )
            for name in wanted
        ]
    except (OSError, ValueError, httpx.HTTPError) as error:
        reason = printable(str(error).partition("\n")[0])
        raise InputError(
            model,
            f"the weights of {repository} in the cache or from the hub",
            f"neither ({type(error).__name__}: {reason})",
            f"connect to the network once, or download {', '.join(CONFIGS)} and {WEIGHTS[0]} from "
            f"https://huggingface.co/{repository} elsewhere and pass their folder as the model, or "
            f"use the model {GABOR}, which needs no weights",
        ) from error
    return ModelFolder(Path(paths[0]).parent, model, repository, str(info.sha))


def _choose_files(repository: str, there: Sequence[str]) -> list[str]:
    weights = [name for name in WEIGHTS if name in there][:1]
    missing = [name for name in CONFIGS if name not in there]
    if missing or not weights:
        found = f"no {(missing or list(WEIGHTS))[0]}"
        fix = "pass another --revision, or a local folder"
        raise InputError(repository, "a configuration and weights", found, fix)
    return [*CONFIGS, *weights]


def _missing(path: Path) -> list[str]:
    missing = [name for name in CONFIGS if not (path / name).is_file()]
    if not any((path / name).is_file() for name in WEIGHTS):
        missing.append(WEIGHTS[0])
    return missing
