"""The gate holds on every page; a reader's forced buttons change nothing; one place asks."""

from __future__ import annotations

import ast

import pytest
from streamlit.testing.v1 import AppTest

from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.report.stories import read_story
from pages.frame import jobs as page_jobs
from tests.browser.conftest import ROOT
from tests.pages.test_data import button, submit, write_dataset
from tests.pages.test_pages import texts
from tests.story_samples import tell_story

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "__init__")
EDITOR, READER = "ada@lab.example", "rita@lab.example"
AUTH = {"auth": {"client_id": "x", "cookie_secret": "x", "redirect_uri": "x"}}
HINT = "Only editors start"


@pytest.fixture
def root(monkeypatch, make_root):
    """Write one run, and let two people in."""
    folder = make_root()
    monkeypatch.setenv("JNE_RUNS", str(folder))
    monkeypatch.setenv("JNE_EDITORS", EDITOR)
    monkeypatch.setenv("JNE_READERS", READER)
    monkeypatch.setenv("JNE_DATA", str(folder))
    monkeypatch.setattr(Jobs, "ensure_worker", lambda self, **_: None)
    monkeypatch.chdir(ROOT)
    return folder


def open_app(address=None, script="app.py", **query):
    app = AppTest.from_file(str(ROOT / script), default_timeout=60)
    app.secrets.update(AUTH)
    app.user = {"is_logged_in": address is not None, "email": address}
    app.query_params.update(query)
    return app


def visit(address, page, **query):
    return open_app(address, **query).switch_page(f"pages/{page}.py").run()


def demote(monkeypatch, app):
    """Make the editor of a page that is already drawn a reader."""
    monkeypatch.setenv("JNE_EDITORS", "")
    monkeypatch.setenv("JNE_READERS", EDITOR)


def assert_shut(app):
    assert not app.exception
    assert not app.header
    assert not app.metric
    assert not app.sidebar.children
    assert [b.label for b in app.button] in (["Sign in"], ["Sign out"])


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("address", [None, "mallory@evil.example"])
def test_no_page_shows_anything_to_who_is_not_let_in(root, page, address):
    assert_shut(visit(address, page))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_runs_without_the_app_holds_the_gate_itself(root, page):
    assert_shut(open_app(script=f"pages/{page}.py").run())


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_framed_by_a_function_that_asks_the_gate(page):
    frames = {"show_page", "show_simulated_page", "show_work_page"}
    last = ast.parse((ROOT / f"pages/{page}.py").read_text(encoding="utf-8")).body[-1]
    assert isinstance(last, ast.Expr)
    assert last.value.func.id in frames
    tree = ast.parse((ROOT / "pages/frame/widgets.py").read_text(encoding="utf-8"))
    found = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name in frames}
    assert found.keys() == frames
    for function in found.values():
        assert ast.unparse(function.body[1]) == "enter_through_app()"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("address", [READER, EDITOR])
def test_every_page_opens_for_who_is_listed(root, page, address):
    app = visit(address, page)
    assert not app.exception
    assert not app.error
    assert app.header


def test_without_a_sign_in_everybody_is_an_editor(root, monkeypatch):
    monkeypatch.delenv("JNE_EDITORS")
    monkeypatch.delenv("JNE_READERS")
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/data.py").run()
    assert app.header
    assert HINT not in texts(app)
    assert "Sign out" not in [b.label for b in app.button]


def test_people_listed_without_a_sign_in_open_nothing(root):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert "docs/deploy" in app.error[0].value.replace("\\", "")
    assert not app.header


@pytest.mark.parametrize("part", ["data", "run", "queue"])
def test_a_reader_is_told_and_offered_no_change(root, part):
    write_dataset(root)
    job = submit(root, "done")
    open_jobs(root).cancel(job.id)
    submit(root, "waiting")
    app = visit(READER, "data", part=part)
    assert HINT in texts(app)
    changing = {"Cancel", "Resume", "Delete", "New run", "Start the run", "Start extraction"}
    assert all(b.disabled for b in app.button if b.label in changing)
    assert "Delete" not in [b.label for b in app.button]


@pytest.mark.parametrize("label", ["Cancel", "Resume", "Delete"])
def test_a_readers_forced_button_changes_no_job(root, monkeypatch, label):
    job = submit(root)
    if label != "Cancel":
        open_jobs(root).cancel(job.id)
    before = open_jobs(root).list()
    app = visit(EDITOR, "data", part="queue")
    demote(monkeypatch, app)
    button(app, label).click().run()
    assert "an editor" in app.toast[0].value
    assert open_jobs(root).list() == before


def test_a_readers_forced_button_starts_no_job(root, monkeypatch):
    app = visit(EDITOR, "validation", check="networks")
    demote(monkeypatch, app)
    button(app, "Compute in full size").click().run()
    assert button(app, "Compute in full size").disabled
    assert open_jobs(root).list() == ()


@pytest.mark.parametrize("address", [None, READER, "mallory@evil.example"])
def test_whatever_asks_for_a_job_is_refused_to_all_but_editors(root, address):
    def ask():
        from jne_engine.jobs.kinds.simulate import request_simulation
        from pages.frame import jobs
        from pages.frame.widgets import one_line_errors

        with one_line_errors():
            jobs.submit([request_simulation("networks")], study="a study")

    app = AppTest.from_function(ask, default_timeout=60)
    app.secrets.update(AUTH)
    app.user = {"is_logged_in": address is not None, "email": address}
    app.run()
    assert "an editor" in app.error[0].value
    assert open_jobs(root).list() == ()
    assert not page_jobs.read_studies()
    app.user = {"is_logged_in": True, "email": EDITOR}
    app.run()
    assert [record.spec.kind for record in open_jobs(root).list()] == ["simulate"]


def test_a_reader_looks_into_no_folder_of_the_server(root):
    app = visit(READER, "data", folder=str(root))
    assert not app.error
    assert str(root) not in texts(app)
    assert "Bring data in" not in [s.value for s in app.subheader]


def test_stories_are_changed_in_one_place_which_asks_first():
    """Others may name what changes a story; only this module calls it, and asks the gate."""
    writers = {"create_story", "add_pin", "remove_story", "unpack_story"}
    for path in (ROOT / "pages").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        called = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        arranging = {"rename_story", "edit_pin", "move_pin", "duplicate_pin", "remove_pin"}
        assert path.name == "stories.py" or not (named & writers or called & arranging), path.name
    tree = ast.parse((ROOT / "pages/frame/stories.py").read_text(encoding="utf-8"))
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        text = ast.unparse(function)
        changes = any(f"stories.{name}(" in text for name in writers) or "action(" in text
        assert not changes or "require_change()" in text or "_attempt(" in text, function.name


def test_a_reader_changes_no_story(root, monkeypatch):
    kept = tell_story(root, 2)
    app = visit(READER, "present")
    assert HINT in texts(app)
    icons = [b for b in app.button if b.label == ""]
    assert len(icons) == 10
    assert all(b.disabled for b in icons)
    app = visit(EDITOR, "present")
    demote(monkeypatch, app)
    next(b for b in app.button if b.key == f"down.{kept.pins[0].id}").click().run()
    assert "an editor" in app.toast[0].value
    for wanted in ("Yes, delete it", "Rename it"):
        button(app, wanted).click().run()
        assert "an editor" in app.toast[0].value
    assert read_story(root, kept.id) == kept


def test_pages_ask_for_changes_in_one_place():
    """What writes to the store is imported by one module, whose every writer asks first."""
    writers = {"open_jobs", "add_to_study", "remove_study", "write_entry", "write_features"}
    for path in (ROOT / "pages").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names}
        assert path.name == "jobs.py" or not names & writers, path.name
    tree = ast.parse((ROOT / "pages/frame/jobs.py").read_text(encoding="utf-8"))
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        text = ast.unparse(function)
        if any(call in text for call in ("submit(spec", "add_to_study(", "action(")):
            assert "require_change()" in text, function.name
