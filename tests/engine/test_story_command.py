"""``story`` on the command line, and the job that writes a story's file."""

from __future__ import annotations

import zipfile

import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.core.errors import CancelledError, InputError
from jne_engine.jobs.kinds.deck import do_deck, request_deck
from jne_engine.report import stories
from tests.engine.test_job_data_kinds import Report, never
from tests.story_samples import tell_story


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("stories")


@pytest.fixture(scope="module")
def story(root):
    return tell_story(root, 2, n_brains=0)


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_list_names_every_story(root, story, tmp_path):
    assert f"{story.id}  2 slides" in call("story", "list", "--out", root).output
    assert "No story yet" in call("story", "list", "--out", tmp_path).output


@pytest.mark.parametrize(
    ("form", "head"), [("html", b"<!doc"), ("pptx", b"PK"), ("pdf", b"%PDF"), ("zip", b"PK")]
)
def test_export_writes_the_file_that_it_names(root, story, tmp_path, form, head):
    path = tmp_path / f"deck.{form}"
    done = call("story", "export", story.id, "--to", form, "--file", path, "--out", root)
    assert (done.exit_code, done.output.strip()) == (0, str(path))
    assert path.read_bytes().startswith(head)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_story_goes_to_another_folder_and_is_the_same(root, story, tmp_path):
    path = tmp_path / "parcel.zip"
    assert call("story", "export", story.id, "--to", "file", "--file", path, "--out", root)
    other = tmp_path / "elsewhere"
    assert "2 slides" in call("story", "import", path, "--out", other).output
    (taken,), _ = stories.list_stories(other)
    assert [pin.title for pin in taken.pins] == [pin.title for pin in story.pins]
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"no zip")
    assert call("story", "import", broken, "--out", other).exit_code == 2


def test_the_job_leaves_one_file_and_none_where_it_is_stopped(root, story, tmp_path):
    payload = request_deck(story, "zip").payload
    exports = root / "exports"
    with pytest.raises(CancelledError):
        do_deck(payload, Report(root, stop_at="slides"), never)
    assert not list(exports.iterdir())
    report = Report(root)
    place = do_deck(payload, report, never)
    assert place == report.place == exports / f"SIMULATED-{story.id}.zip"
    with zipfile.ZipFile(place) as bundle:
        assert "slides.json" in bundle.namelist()
    with pytest.raises(InputError, match="format"):
        do_deck({**payload, "form": "odp"}, report, never)
    changed = stories.rename_story(root, story.id, "Another name")
    assert request_deck(changed, "zip").payload != payload
