"""Models by name: from the cache without a network, from the hub, or one line on what to do."""

from __future__ import annotations

import hashlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from huggingface_hub import constants

from jne_engine.core.errors import InputError
from jne_engine.features.extraction import hub
from jne_engine.features.extraction.hub import find_model
from tests.engine.readers.files import refused

REPOSITORY = "openai/clip-vit-base-patch32"
COMMIT = "c" * 40
FILES = {"config.json": b"{}", "preprocessor_config.json": b"{}", "pytorch_model.bin": b"weights"}
SILENT = "in the cache or from the hub, found neither .* pass their folder as the model"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """Point the library at an empty cache, and at a port where nobody listens."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    point_at(monkeypatch, "http://127.0.0.1:9")
    return tmp_path / "cache"


def point_at(monkeypatch, endpoint: str) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def fill(cache: Path, files: dict[str, bytes]) -> Path:
    """Write a cache as an earlier download leaves it."""
    folder = cache / f"models--{REPOSITORY.replace('/', '--')}"
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    for name, content in files.items():
        (snapshot / name).write_bytes(content)
    return snapshot


def test_a_cached_model_needs_no_network(cache):
    snapshot = fill(cache, FILES)
    found = find_model("clip-vit-b32")
    assert (found.path, found.repository, found.revision) == (snapshot, REPOSITORY, COMMIT)
    assert found.describe()["weights"] == "pytorch_model.bin"


def test_safetensors_are_preferred(cache):
    fill(cache, {**FILES, "model.safetensors": b"safe"})
    described = find_model("clip-vit-b32").describe()
    assert described["weights"] == "model.safetensors"
    assert described["weights_sha256"] == hashlib.sha256(b"safe").hexdigest()


def test_nobody_listening_is_one_line():
    with refused("clip-vit-b32", SILENT, error=InputError):
        find_model("clip-vit-b32")


def test_a_cache_without_weights_is_no_model(cache):
    fill(cache, {"config.json": b"{}"})
    with refused("clip-vit-b32", SILENT, error=InputError):
        find_model("clip-vit-b32")


def test_offline_mode_is_one_line(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with refused("vit-b16", "OfflineModeIsEnabled", error=InputError):
        find_model("vit-b16")


def test_a_hub_that_never_answers_does_not_hang(monkeypatch):
    monkeypatch.setattr(hub, "TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        point_at(monkeypatch, f"http://127.0.0.1:{server.getsockname()[1]}")
        start = time.monotonic()
        with refused("clip-vit-b32", SILENT, error=InputError):
            find_model("clip-vit-b32")
    assert time.monotonic() - start < 30


@contextmanager
def small_hub(files: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """Serve one repository as the hub does, and note what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            asked.append(self.path)
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            content = files.get(self.path.rsplit("/", 1)[-1])
            if self.path.startswith("/api/models/"):
                siblings = [{"rfilename": name} for name in files]
                described = {"id": REPOSITORY, "sha": COMMIT, "siblings": siblings}
                content = json.dumps(described).encode()
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("ETag", f'"{len(content)}-{self.path[-20:].replace("/", "-")}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *message: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_few_needed_files_are_downloaded_once(monkeypatch):
    files = {**FILES, "tf_model.h5": b"unused", "model.safetensors": b"safe"}
    with small_hub(files) as (endpoint, asked):
        point_at(monkeypatch, endpoint)
        found = find_model("clip-vit-b32", revision="main")
    fetched = [path.rsplit("/", 1)[-1] for path in asked if "/resolve/" in path]
    assert fetched == ["config.json", "preprocessor_config.json", "model.safetensors"]
    assert all(f"/resolve/{COMMIT}/" in path for path in asked if "/resolve/" in path)
    assert found.revision == COMMIT
    assert found.weights.read_bytes() == b"safe"
    assert find_model("clip-vit-b32", revision=COMMIT).path == found.path


def test_a_repository_without_weights_is_said(monkeypatch):
    with small_hub({"config.json": b"{}", "preprocessor_config.json": b"{}"}) as (endpoint, _):
        point_at(monkeypatch, endpoint)
        with refused(REPOSITORY, "no model.safetensors", error=InputError):
            find_model("clip-vit-b32")


def test_an_unknown_name_lists_the_known_ones():
    expected = "one of clip-vit-b32, clip-vit-b16, vit-b16, gabor, or a folder"
    with refused("clip-vit-l14", expected, error=InputError):
        find_model("clip-vit-l14")
