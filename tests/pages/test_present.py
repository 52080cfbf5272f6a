"""The page that presents: stories to begin, arrange, name and bring in, and what links lead to."""

from __future__ import annotations

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from jne_engine.analysis import listing
from jne_engine.jobs.kinds.deck import request_deck
from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.report import stories
from jne_engine.report.stories import Pin
from pages.frame.pin import HASH, name_target, read_address, tell
from pages.present.story import link_to
from tests.browser.conftest import ROOT
from tests.pages.test_pages import texts
from tests.story_samples import FIGURE, HOSTILE, a_pin, tell_story


@pytest.fixture
def root(monkeypatch, make_root):
    folder = make_root()
    monkeypatch.setenv("JNE_RUNS", str(folder))
    monkeypatch.setattr(Jobs, "ensure_worker", lambda self, **_: None)
    monkeypatch.chdir(ROOT)
    return folder


def visit(**query):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params.update(query)
    app.switch_page("pages/present.py").run()
    assert not app.exception
    return app


def press(app, *, label="", key=""):
    next(b for b in app.button if (b.key == key if key else b.label == label)).click()
    app.run()
    assert not app.exception


def test_an_empty_server_says_how_a_story_begins(root):
    app = visit()
    assert "Pin to story" in app.info[0].value
    app.text_input(key="new story").input("Lab meeting").run()
    press(app, label="Create")
    assert [s.name for s in stories.list_stories(root)[0]] == ["Lab meeting"]
    assert "no slides yet" in app.info[0].value
    assert next(b for b in app.button if b.label == "Present").disabled


def test_slides_are_moved_copied_deleted_and_words_of_others_are_inert(root):
    kept = tell_story(root, 3)
    app = visit()
    assert not app.error
    assert "<script>" not in "".join(m.value for m in app.markdown if "alert" in m.value)
    first, second, third = (pin.id for pin in kept.pins)

    def order():
        return [pin.id for pin in stories.read_story(root, kept.id).pins]

    press(app, key=f"down.{first}")
    assert order() == [second, first, third]
    press(app, key=f"up.{third}")
    assert order() == [second, third, first]
    press(app, key=f"copy.{second}")
    assert len(order()) == 4
    press(app, key=f"delete.{third}")
    assert len(order()) == 4  # asked first; the browser's tests go on


def test_stories_of_one_name_are_told_apart_and_stay_chosen(root):
    ids = [tell_story(root, n).id for n in (1, 2)]
    for story_id in ids:
        app = visit(story=story_id)
        box = next(box for box in app.selectbox if box.label == "Story")
        assert len(set(box.options)) == 2
        assert any(option.endswith(f" · {story_id[-6:]}") for option in box.options)
        app.button(key=f"copy.{stories.read_story(root, story_id).pins[0].id}").click().run()
        box = next(box for box in app.selectbox if box.label == "Story")
        assert box.value == story_id


def test_a_story_is_renamed_and_removed(root):
    kept = tell_story(root, 1)
    app = visit()
    app.text_input(key=f"name.{kept.id}").input("Another").run()
    press(app, label="Rename it")
    assert stories.read_story(root, kept.id).name == "Another"
    press(app, label="Yes, delete it")
    assert stories.list_stories(root) == ((), ())
    assert "No story yet" in app.info[0].value


def test_a_broken_story_is_told_and_hides_no_other(root):
    tell_story(root, 1)
    broken = root / "stories" / "broken-1"
    broken.mkdir()
    (broken / "story.json").write_text("{", encoding="utf-8")
    app = visit()
    assert "broken-1" in app.error[0].value.replace("\\", "")
    assert "1 slide," in texts(app)


def test_a_link_leads_to_the_pins_view_and_nowhere_else():
    pin = a_pin("x", address={"run": "r&1", "map": "jne", HASH: "brain-brain=v%3Dlateral"})
    assert link_to(pin) == "./maps?run=r%261&map=jne#brain-brain=v%3Dlateral"
    assert link_to(pin, "other") == "./maps?run=other&map=jne#brain-brain=v%3Dlateral"
    for page in ("../evil", "//evil.example", "javascript:alert(1)", ""):
        assert link_to(msgspec.structs.replace(pin, page=page)) == ""
    home = Pin(kind="figure", title="x", page="overview", address={HASH: '"><script>'})
    assert link_to(home) == "./#%22%3E%3Cscript%3E"


def test_an_address_is_read_whole():
    page, address = read_address("http://h:1/base/maps?run=a%26b&roi=V1#brain-brain=v%3Dlateral")
    assert (page, address) == ("maps", {"run": "a&b", "roi": "V1", HASH: "brain-brain=v%3Dlateral"})
    for overview in ("http://h:1/", "http://h:1/lab/jne/", "http://h:1/lab/jne"):
        assert read_address(overview) == ("overview", {})


def test_words_of_a_page_become_plain_words_of_a_slide():
    title, caption = tell("**JNE** of V1\\_a", "mean of (s − μ)²\\.")
    assert (title, caption) == ("JNE of V1_a", "JNE of V1_a. How computed: mean of (s − μ)².")
    assert name_target("figure.jne_a.b") == "st-key-figure-jne_a-b"


def test_a_lost_run_is_told_with_the_nearest(root):
    run = listing.list_runs(root).runs[0]
    stem = run.run_id.rpartition("-")[0]
    story = stories.create_story(root, "Lost")
    for lost in (f"{stem}-0000000000", "elsewhere-0000000000"):
        pin = Pin(kind="figure", title="x", page="maps", runs=(lost,), address={"run": lost})
        stories.add_pin(root, story.id, pin, FIGURE)
    said = texts(visit()).replace("\\", "")
    assert f"shows {run.run_id}: same subject, features and layer" in said
    assert "No run of the same subject, features and layer is here" in said
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["run"] = f"{stem}-0000000000"
    app.switch_page("pages/hierarchy.py").run()
    assert f"showing {run.run_id} instead, of the same subject" in texts(app).replace("\\", "")


def test_a_file_is_asked_for_and_offered(root):
    kept = tell_story(root, 1)
    app = visit(story=kept.id, deck="pdf")
    press(app, label="Make the file")
    spec = open_jobs(root).list()[0].spec
    assert spec.payload == request_deck(kept, "pdf").payload
    assert HOSTILE not in texts(app)
