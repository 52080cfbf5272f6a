"""``export`` and ``methods`` on the command line, and the job that a page asks for."""

from __future__ import annotations

import zipfile

import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.core.errors import CancelledError
from jne_engine.jobs.kinds.export import do_export, request_export
from jne_engine.runs.store import Run
from tests.engine.test_job_data_kinds import Report, never


@pytest.fixture(scope="module")
def run(synthetic_root):
    return Run(next(synthetic_root.glob("[!.]*")))


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_export_makes_the_folder_that_it_names(run, tmp_path):
    out = tmp_path / "maps"
    done = call("export", run.path, "--to", "gifti", "--out", out, "--maps", "jne,gain")
    assert (done.exit_code, done.output.strip()) == (0, str(out))
    assert {p.name for p in out.glob("*.gii")} == {
        f"hemi-{side}_SIMULATED-{name}.shape.gii"
        for side in "LR"
        for name in ("jne", "gain", "significant")
    }
    again = call("export", run.path, "--to", "csv", "--out", out)
    assert again.exit_code == 2
    assert "--overwrite" in again.output


def test_html_without_a_folder_is_one_file(run, tmp_path):
    file = tmp_path / "brain.html"
    assert call("export", run.path, "--file", file).exit_code == 0
    assert file.is_file()
    wrong = call("export", run.path, "--to", "csv", "--file", file)
    assert (wrong.exit_code, "--out" in wrong.output) == (2, True)


def test_methods_prints_the_text(run):
    done = call("methods", run.path)
    assert done.exit_code == 0
    assert "bootstrap resamples" in done.output


def test_the_job_leaves_one_zip_and_none_where_it_is_stopped(run, tmp_path):
    payload = request_export(run.path, "csv", maps=["jne"], significant=True).payload
    with pytest.raises(CancelledError):
        do_export(payload, Report(tmp_path, stop_at="export"), never)
    assert not list((tmp_path / "exports").iterdir())
    report = Report(tmp_path)
    place = do_export(payload, report, never)
    assert place == report.place
    assert list((tmp_path / "exports").iterdir()) == [place]
    assert place.name.startswith("SIMULATED-")
    with zipfile.ZipFile(place) as archive:
        assert {n.split("/")[0] for n in archive.namelist()} == {place.stem}
