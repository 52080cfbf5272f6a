"""A run that an earlier version stored opens on every page and in every command."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.runs.store import find_runs
from pages.frame.assets import PAGES
from tests.browser.conftest import ROOT
from tests.pages.test_pages import show  # noqa: F401  (a fixture)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Unpack the run that tests/earlier/make.sh has made."""
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(ROOT / "tests" / "earlier" / "run.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


def ask(*arguments: object) -> str:
    """Return what a command prints that must end well."""
    done = CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_it_opens_on_every_page(root, show, page):  # noqa: F811
    app = show(root, page)
    assert not app.exception
    assert not app.error
    assert app.header[0].value
    (run,) = find_runs(root)
    boxes = [box for box in app.sidebar.selectbox if box.label == "Run"]
    assert all(run.run_id in str(box.value) or run.run_id in box.options for box in boxes)


def test_it_is_listed_described_judged_and_exported(root, tmp_path):
    (run,) = find_runs(root)
    assert run.manifest.versions["jne_engine"].startswith("0.1.0+")
    assert run.run_id in ask("list", "--out", root)
    summary = json.loads(ask("info", run.path, "--json"))
    assert summary["counts"]["n_voxels"] == run.stage("dispersion").read_array("jne").size
    assert ask("claims", run.path, "--json")
    assert "SIMULATED" in ask("methods", run.path)
    ask("export", run.path, "--to", "csv", "--out", tmp_path / "tables")
    assert any((tmp_path / "tables").rglob("*.csv"))
    ask("export", run.path, "--to", "html", "--file", tmp_path / "brain.html")
    assert 'id="payload"' in (tmp_path / "brain.html").read_text(encoding="utf-8")
