"""The page Data & runs: folders, previews, the queue, and what its buttons ask for."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from jne_engine.datasets.library import (
    CheckEntry,
    DatasetEntry,
    FeatureEntry,
    write_entry,
    write_features,
)
from jne_engine.jobs.database import change
from jne_engine.jobs.kinds.imports import request_import
from jne_engine.jobs.kinds.run import SMALL_DEMO_SIZES
from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.jobs.records import JobSpec
from jne_engine.jobs.studies import add_to_study, list_studies
from pages.frame import jobs as page_jobs
from tests.browser.conftest import ROOT
from tests.job_helpers import set_state, write_folder
from tests.pages.test_pages import HOSTILE, texts

WAIT_S = 60
ENTRY = DatasetEntry(
    name="subj01", kind="nsd", subject="subj01", space="func1pt8mm", n_images=30, n_train=20,
    n_test=6, n_voxels=80, path="/nowhere/subj01", images="/nowhere/images",
    checks=(CheckEntry("order of images", False, "mean test R² is 0.001"),),
)  # fmt: skip


@pytest.fixture
def root(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def show(monkeypatch, root):
    """Return a function that opens the page on a folder of runs; nothing is ever computed."""
    monkeypatch.setenv("JNE_RUNS", str(root))
    monkeypatch.delenv("JNE_DATA", raising=False)
    monkeypatch.setattr(Jobs, "ensure_worker", lambda self, **_: None)
    monkeypatch.chdir(ROOT)

    def show(data=None, **address):
        if data is not None:
            monkeypatch.setenv("JNE_DATA", str(data))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        app.switch_page("pages/data.py").run()
        assert not app.exception
        assert app.header[0].value == "Data and jobs"
        return app

    return show


def button(app, label):
    return next(b for b in app.button if b.label == label)


def submit(root, label="a run"):
    return open_jobs(root).submit(
        JobSpec("run", {"dataset": label, "weights": {}, "spec": {}}, label)
    )


def write_dataset(root, **changes):
    """Write a dataset's entry with one file of features."""
    import msgspec

    entry = msgspec.structs.replace(ENTRY, **changes)
    folder = root / "data" / entry.name
    folder.mkdir(parents=True)
    (folder / "features-gabor.h5").touch()
    write_features(folder, FeatureEntry("gabor", "features-gabor.h5", 30, 3, 7))
    write_entry(folder, entry)
    return entry


def test_without_a_folder_it_says_how_to_allow_one_and_offers_the_simulated_subject(show, root):
    app = show()
    assert "Connect your data" in texts(app) + str(app.subheader)
    assert "JNE_DATA=" in app.code[0].value
    button(app, "Demo, 1 min").click().run()
    (record,) = open_jobs(root).list()
    assert record.spec.payload["demo"]["n_vertices"] == SMALL_DEMO_SIZES["n_vertices"]
    assert "waiting for its turn" in texts(app)


def test_a_broken_setting_is_one_line(show):
    app = show("relative/path")
    assert [e.value for e in app.error] == [app.error[0].value]
    assert "JNE\\_DATA" in app.error[0].value


def test_a_study_of_simulated_subjects_is_asked_for_by_one_button(show, root):
    app = show()
    button(app, "Demo study").click().run()
    assert not app.exception
    asked = [r.spec.payload["demo"] for r in open_jobs(root).list()]
    assert {(d["subject"], d.get("layer", 0)) for d in asked} == {
        (f"S{i}", layer) for i in (1, 2, 3, 4) for layer in (0, 1, 2)
    }
    assert {d["n_vertices"] for d in asked} == {SMALL_DEMO_SIZES["n_vertices"]}
    assert "Simulated study: 0 of 12 runs done" in [e.label for e in app.expander]


def test_simulated_subjects_and_layers_stand_beside_datasets(show, root):
    write_dataset(root)
    app = show(part="run", dataset="subj01")
    {m.label: m for m in app.multiselect}["Datasets"].set_value(["Simulated subject"]).run()
    numbers = {n.label: n for n in app.number_input}
    numbers["Simulated subjects"].set_value(2)
    numbers["Layers of simulated subjects"].set_value(3).run()
    button(app, "Start 6 runs").click().run()
    assert len(open_jobs(root).list()) == 6


@pytest.mark.parametrize("path", ["/etc", "{data}/../secret", "{data}/link", "{data}/.hidden"])
def test_nothing_outside_the_allowed_folders_is_shown(show, tmp_path, path):
    data = tmp_path / "data"
    data.mkdir()
    (data / ".hidden").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "top.npy").touch()
    (data / "link").symlink_to(tmp_path / "secret")
    app = show(data, folder=path.format(data=data))
    assert "no such thing there" in app.error[0].value
    assert "top.npy" not in texts(app)


def test_a_folder_is_recognised_previewed_and_imported(show, root, tmp_path):
    data = tmp_path / "data"
    write_folder(data / "mine")
    app = show(data, folder=str(data / "mine"))
    assert "Plain arrays" in texts(app)
    deadline = time.monotonic() + WAIT_S
    while button(app, "Import").disabled and time.monotonic() < deadline:
        time.sleep(0.2)
        app.run()
    metrics = {m.label: m.value for m in app.metric}
    assert metrics["Images"] == "400"
    assert metrics["Voxels"] == "40"
    assert "no ROIs" in texts(app)
    assert not open_jobs(root).list()
    button(app, "Import").click().run()
    (record,) = open_jobs(root).list()
    source = {"kind": "described", "choices": {}, "folder": str(data / "mine")}
    assert record.spec == request_import({**source, "allowed_root": str(data)}, "mine", root=root)


def test_what_a_folder_lacks_is_one_line_and_cannot_be_imported(show, tmp_path):
    folder = tmp_path / "data" / "mine"
    folder.mkdir(parents=True)
    np.save(folder / "features.npy", np.zeros((5, 2)))
    np.save(folder / "responses.npy", np.zeros((4, 3)))
    app = show(tmp_path / "data", folder=str(folder))
    deadline = time.monotonic() + WAIT_S
    while not app.error and time.monotonic() < deadline:
        time.sleep(0.2)
        app.run()
    assert "\n" not in app.error[0].value
    assert button(app, "Import").disabled


def test_names_of_folders_and_jobs_are_inert(show, root, tmp_path):
    data = tmp_path / "data"
    for name in HOSTILE[:1] + HOSTILE[2:]:
        (data / name.replace("/", "-")).mkdir(parents=True)
        submit(root, name)
    from pages.frame.widgets import plain

    app = show(data)
    labels = [b.label for b in app.button]
    queue = texts(show(data, part="queue"))
    for name in HOSTILE[:1] + HOSTILE[2:]:
        assert plain(name.replace("/", "-")) in labels
        assert plain(name) in queue


def test_the_self_check_is_shown_and_features_are_asked_for(show, root, tmp_path):
    write_dataset(root)
    app = show()
    assert "order of images" in texts(app)
    assert "gabor (3 layers)" in texts(app)
    app.selectbox(key="model.subj01").select("gabor").run()
    button(app, "Start extraction").click().run()
    (record,) = open_jobs(root).list()
    assert record.spec.kind == "features"
    assert record.spec.payload == {"dataset": "subj01", "model": "gabor", "device": "auto"}


def test_a_local_model_must_lie_in_an_allowed_folder(show, root, tmp_path):
    write_dataset(root)
    app = show(tmp_path)
    app.selectbox(key="model.subj01").select("local").run()
    app.text_input(key="place.subj01").set_value("/etc").run()
    button(app, "Start extraction").click().run()
    assert "allowed folder" in app.error[0].value
    assert not open_jobs(root).list()


def test_layers_and_seeds_make_a_study_of_runs(show, root):
    entry = write_dataset(root)
    app = show(part="run", dataset="subj01")
    chosen = {m.label: m for m in app.multiselect}
    chosen["Layers"].set_value([0, 2])
    next(n for n in app.number_input if n.label == "Seeds").set_value(2)
    next(n for n in app.number_input if n.label == "Hidden units").set_value(8)
    next(t for t in app.toggle if t.label == "Full batch").set_value(True)
    linear_first = next(t for t in app.toggle if t.label.startswith("Linear first"))
    assert linear_first.value is False
    linear_first.set_value(True)
    next(t for t in app.text_input if t.label == "Study, optional").set_value("my study")
    app.run()
    button(app, "Start 4 runs").click().run()
    payloads = [record.spec.payload for record in open_jobs(root).list()]
    found = {(p["features"]["layer"], p["spec"]["seed"]) for p in payloads}
    assert found == {(0, 0), (0, 1), (2, 0), (2, 1)}
    assert {p["spec"]["n_hidden"] for p in payloads} == {8}
    assert {p["spec"]["batch_size"] for p in payloads} == {None}
    assert {p["spec"]["linear_first"] for p in payloads} == {True}
    assert {p["dataset"] for p in payloads} == {entry.path}
    table = app.dataframe[0].value
    assert list(table["state"]) == ["queued"] * 4
    assert "my study: 0 of 4 runs done" in [e.label for e in app.expander]


@pytest.mark.parametrize("there", [("auto", "cpu"), ("auto", "cpu", "cuda")])
def test_a_device_is_offered_where_there_is_more_than_a_cpu(show, root, monkeypatch, there):
    write_dataset(root)
    monkeypatch.setattr("pages.data.starting.list_devices", lambda: there)
    app = show(part="run", dataset="subj01")
    offered = [choice for choice in app.selectbox if choice.label == "Compute on"]
    assert len(offered) == len(there) - 2
    for choice in offered:
        choice.set_value("cuda").run()
    button(app, "Start the run").click().run()
    (record,) = open_jobs(root).list()
    assert record.spec.payload.get("device") == ("cuda" if offered else None)


def test_a_study_is_forgotten_and_its_jobs_stay(show, root):
    job = submit(root)
    add_to_study(open_jobs(root), "my study", job_ids=[job.id])
    app = show(part="queue")
    button(app, "Forget").click().run()
    assert not app.exception
    assert list_studies(open_jobs(root)) == ()
    assert [record.id for record in open_jobs(root).list()] == [job.id]
    assert "my study" not in texts(app)


def test_the_queue_shows_progress_and_curves_and_cancels(show, root):
    job = submit(root, "busy")
    set_state(root, job.id, state="running", stage="linear", done=5, total=20, rate=2.5,
              time_left_s=6, memory_bytes=5 * 10**8, started=time.time(), attempts=1)  # fmt: skip
    with change(open_jobs(root).files.table) as table:
        for epoch in (1, 2, 3):
            row = (job.id, "linear", epoch, 1 / epoch, 2 / epoch)
            table.execute("INSERT INTO losses VALUES (?, ?, ?, ?, ?)", row)
    app = show(part="queue")
    said = texts(app)
    assert "5 of at most 20 epochs" in said
    assert "2.5 epochs / s" in said
    assert "at most 6 s left" in said
    assert "500 MB of memory" in said
    assert len(app.get("plotly_chart")) == 1
    button(app, "Cancel").click().run()
    assert open_jobs(root).read(job.id).state == "cancelling"
    assert button(app, "Cancel").disabled


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        (("run", "dispersion", 320), "320 of 600 stimuli"),
        (("run", "nonlinear", 30), "30 of at most 600 epochs"),
        (("import", "betas", 3), "3 of 600 sessions"),
        (("import", "rows", 3), "3 of 600 images"),
        (("spin", "spin", 7), "7 of 600 rotations"),
        (("deck", "slides", 2), "2 of 600 slides"),
        (("tomorrow", "beginnings", 5), "5 of 600 steps"),
    ],
)
def test_steps_are_counted_in_the_unit_of_the_stage(show, root, counted, said):
    kind, stage, done = counted
    job = submit(root, "busy")
    set_state(root, job.id, kind=kind, state="running", stage=stage, done=done, total=600,
              started=time.time(), attempts=1)  # fmt: skip
    assert said in texts(show(part="queue"))


def test_a_kind_that_this_version_does_not_know_goes_by_its_name(show, root):
    jobs = [submit(root, name) for name in ("first", "second", "third")]
    for job, state in zip(jobs, ("running", "done", "failed"), strict=True):
        set_state(root, job.id, kind="tomorrow", state=state, stage="begin*nings", finished=2)
    app = show(part="queue")
    assert not app.exception
    assert texts(app).count("tomorrow") == 3


def test_a_failure_is_one_line_and_can_be_retried_or_deleted(show, root):
    jobs = [submit(root, name) for name in ("first", "second")]
    for job in jobs:
        set_state(root, job.id, state="failed", message="x.npy: expected <b>, found\nnothing",
                  started=time.time(), finished=time.time())  # fmt: skip
    app = show(part="queue")
    lines = [m.value for m in app.markdown if "x\\.npy" in m.value]
    assert len(lines) == 2
    assert all("\n" not in line and "<b>" not in line for line in lines)
    next(b for b in app.button if b.key == f"retry.{jobs[0].id}").click().run()
    assert open_jobs(root).read(jobs[0].id).state == "queued"
    next(b for b in app.button if b.key == f"delete.{jobs[1].id}").click().run()
    assert [r.id for r in open_jobs(root).list()] == [jobs[0].id]


def test_deleting_asks_whether_the_run_goes_too(show, synthetic_root, root, tmp_path):
    import shutil

    shutil.copytree(synthetic_root, root)
    place = next(p.parent for p in root.glob("*/run.json"))
    job = submit(root, "done")
    set_state(root, job.id, state="done", place=str(place), started=1, finished=2)
    app = show(part="queue")
    links = [p.proto for p in app.get("page_link")]
    assert any(f"run={place.name}" in str(link) for link in links)
    app.checkbox(key=f"also.{job.id}").check().run()
    next(b for b in app.button if b.key == f"delete.{job.id}").click().run()
    assert not place.exists()
    assert not open_jobs(root).list()


def test_two_people_see_the_same_queue(show, root):
    first, second = show(part="queue"), show(part="queue")
    submit(root, "shared")
    assert all("**shared**" in texts(app.run()) for app in (first, second))


def test_a_job_is_submitted_once_however_often_it_is_asked_for(root, show):
    show()
    spec = JobSpec("run", {"dataset": "x", "weights": {}, "spec": {}}, "same")
    ids = {page_jobs.submit([replace(spec)])[0].id for _ in range(3)}
    assert len(ids) == 1


def test_the_validation_page_asks_for_a_full_size_result_and_shows_its_progress(show, root):
    from jne_engine.jobs.kinds.simulate import request_simulation

    show()  # sets the environment
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["check"] = "recovery"
    app.switch_page("pages/validation.py").run()
    assert "simulate recovery" in app.code[0].value
    button(app, "Compute in full size").click().run()
    (record,) = open_jobs(root).list()
    assert record.spec == request_simulation("recovery")
    set_state(root, record.id, state="running", stage="simulate", done=3, total=9, attempts=1)
    assert "3 of 9 steps" in texts(app.run())
    button(app, "Cancel").click().run()
    assert open_jobs(root).read(record.id).state == "cancelling"
