"""The table of jobs: one row a job however many ask, and only legal changes of state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from jne_engine.core.errors import InputError, StoreError
from jne_engine.jobs.database import connect
from jne_engine.jobs.keys import MARKED_FILES, compute_job_key
from jne_engine.jobs.kinds.run import request_demo, request_demo_study, request_run
from jne_engine.jobs.ledger import LOST_TIMES, Advance, Attempt, Ledger, Lost
from jne_engine.jobs.queue import Jobs, open_jobs
from jne_engine.jobs.records import EpochLoss, JobRecord, JobSpec, WorkerRecord
from jne_engine.jobs.starting import read_slots
from jne_engine.jobs.studies import (
    StudyRow,
    add_to_study,
    list_studies,
    remove_study,
    tabulate_study,
)
from jne_engine.model.spec import RunSpec
from jne_engine.runs.folder import lock_run
from jne_engine.runs.stimulus_means import keep_means
from jne_engine.runs.store import Run
from tests.synthetic_run import write_synthetic_run

OWN = WorkerRecord(os.getpid(), psutil.Process().create_time())


@pytest.fixture
def jobs(tmp_path) -> Jobs:
    return open_jobs(tmp_path / "runs")


@pytest.fixture
def ledger(jobs) -> Ledger:
    return Ledger(jobs.files)


def demo(seed: int = 0) -> JobSpec:
    return request_demo(RunSpec(n_hidden=8), seed=seed)


def attempt_of(record: JobRecord) -> Attempt:
    return Attempt(record.id, record.attempts)


def bring_to(jobs: Jobs, ledger: Ledger, state: str, place: Path | None = None) -> JobRecord:
    """Bring one job into a state by the ways that a worker and a person have."""
    record = jobs.submit(demo())
    if state == "queued":
        return record
    attempt = attempt_of(ledger.claim())
    if place is not None:
        ledger.identify(attempt, place, {"subject": "S1", "feature_set": "gabor", "layer": 3})
    if state in {"cancelling", "cancelled"}:
        jobs.cancel(record.id)
    if state == "cancelled":
        ledger.settle(attempt, "ended")
    if state in {"failed", "done"}:
        ledger.finish(attempt, state, message="x: expected y, found z: do w", place=place)
    assert jobs.read(record.id).state == state
    return jobs.read(record.id)


def test_the_same_request_is_one_job_and_another_choice_another(jobs):
    first = jobs.submit(demo())
    assert jobs.submit(demo()).id == first.id
    assert jobs.submit(demo(seed=1)).id != first.id
    assert [record.id for record in jobs.list()] == [first.id + 1, first.id]
    assert first.state == "queued"
    assert first.spec == demo()


def test_the_plain_demo_is_the_same_job_as_before_there_were_layers():
    plain = {"seed": 0, "subject": "S1", "n_stimuli": 3000, "n_test": 600, "n_vertices": None}
    assert demo().payload["demo"] == plain
    assert request_demo(RunSpec(), layer=2).payload["demo"] == {**plain, "layer": 2}


def test_a_simulated_study_has_every_subject_and_layer_once():
    specs = request_demo_study(RunSpec(), n_subjects=2, n_layers=3, n_vertices=50)
    asked = [spec.payload["demo"] for spec in specs]
    assert [(d["subject"], d["seed"], d.get("layer", 0)) for d in asked] == [
        (f"S{seed + 1}", seed, layer) for seed in (0, 1) for layer in (0, 1, 2)
    ]
    assert {d["n_vertices"] for d in asked} == {50}
    assert len({spec.label for spec in specs}) == 6
    for sizes in ({"n_subjects": 0, "n_layers": 1}, {"n_subjects": 1, "n_layers": 4}):
        with pytest.raises(InputError):
            request_demo_study(RunSpec(), **sizes)


def test_jobs_are_taken_in_the_order_in_which_they_were_asked_for(jobs, ledger):
    numbers = [jobs.submit(demo(seed)).id for seed in range(3)]
    jobs.cancel(numbers[0])
    jobs.retry(numbers[0])  # goes to the end
    assert [ledger.claim().id for _ in range(3)] == [numbers[1], numbers[2], numbers[0]]
    assert ledger.claim() is None


@pytest.mark.parametrize("state", ["cancelled", "failed"])
def test_asking_again_takes_up_what_was_cut_off(jobs, ledger, state):
    record = bring_to(jobs, ledger, state)
    again = jobs.submit(demo())
    assert (again.id, again.state, again.message) == (record.id, "queued", "")
    assert again.attempts == 1
    assert ledger.claim().attempts == 2


@pytest.mark.parametrize("state", ["queued", "running", "cancelling"])
def test_asking_again_joins_what_is_under_way(jobs, ledger, state):
    record = bring_to(jobs, ledger, state)
    assert jobs.submit(demo()) == record


def test_a_finished_job_is_computed_again_only_when_its_result_is_gone(jobs, ledger, tmp_path):
    place = tmp_path / "runs" / "result"
    place.mkdir()
    record = bring_to(jobs, ledger, "done", place)
    assert jobs.submit(demo()) == record
    place.rmdir()
    assert jobs.submit(demo()).state == "queued"


CHANGES = {
    ("cancel", "queued"): "cancelled",
    ("cancel", "running"): "cancelling",
    ("cancel", "cancelling"): "cancelling",
    ("cancel", "cancelled"): "cancelled",
    ("cancel", "failed"): "failed",
    ("cancel", "done"): "done",
    ("retry", "cancelled"): "queued",
    ("retry", "failed"): "queued",
    ("retry", "queued"): "expected cancelled or failed, found queued: cancel it first",
    ("retry", "running"): "expected cancelled or failed, found running: cancel it first",
    ("retry", "cancelling"): "expected cancelled or failed, found cancelling: cancel it first",
    ("retry", "done"): "expected cancelled or failed, found done: delete it to compute it again",
    ("delete", "queued"): "expected a job at rest, found queued: cancel it first",
    ("delete", "running"): "expected a job at rest, found running: cancel it first",
    ("delete", "cancelling"): "expected a job at rest, found cancelling: cancel it first",
    ("delete", "cancelled"): "gone",
    ("delete", "failed"): "gone",
    ("delete", "done"): "gone",
}


@pytest.mark.parametrize(("change", "state"), CHANGES)
def test_every_change_in_every_state(jobs, ledger, change, state):
    record = bring_to(jobs, ledger, state)
    expected = CHANGES[change, state]
    if "expected" in expected:
        with pytest.raises(StoreError, match=expected):
            getattr(jobs, change)(record.id)
        assert jobs.read(record.id) == record
        return
    getattr(jobs, change)(record.id)
    if expected == "gone":
        assert jobs.list() == ()
    else:
        assert jobs.read(record.id).state == expected


@pytest.mark.parametrize("call", ["read", "cancel", "retry", "delete"])
def test_a_job_that_is_not_there_is_one_line(jobs, call):
    with pytest.raises(StoreError, match="job 7: expected a job of the table, found no such job"):
        getattr(jobs, call)(7)


def test_an_attempt_that_is_over_writes_nothing(jobs, ledger):
    first = attempt_of(bring_to(jobs, ledger, "running"))
    ledger.take_over(OWN)
    second = attempt_of(ledger.claim())
    before = jobs.read(second.job_id)
    late = Advance("linear", 3, 9, 1.0, 6.0)
    assert not ledger.begin(first, Lost(1, 1.0))
    assert not ledger.advance(first, late, [EpochLoss("linear", 1, 0.5, 0.6)])
    ledger.finish(first, "done")
    ledger.settle(first, "ended")
    assert jobs.read(second.job_id) == before
    assert jobs.read_losses(second.job_id) == ()
    assert ledger.advance(second, late, [])
    assert jobs.read(second.job_id).fraction == pytest.approx(1 / 3)


def test_a_fit_that_begins_again_takes_its_curve_with_it(jobs, ledger):
    attempt = attempt_of(bring_to(jobs, ledger, "running"))
    early = [EpochLoss("linear", e, 1.0, 2.0) for e in (1, 2, 3)]
    ledger.advance(attempt, None, [*early, EpochLoss("nonlinear", 1, 3.0, 4.0)])
    ledger.advance(attempt, None, [EpochLoss("nonlinear", 2, 3.0, 4.0)])
    again = [EpochLoss("nonlinear", 1, 5.0, 6.0)]
    ledger.advance(attempt, None, again)
    assert jobs.read_losses(attempt.job_id) == (*early, *again)


def test_a_job_whose_workers_keep_dying_fails_and_can_be_retried(jobs, ledger):
    record = bring_to(jobs, ledger, "running")
    for _ in range(LOST_TIMES - 1):
        ledger.take_over(OWN)
        assert ledger.claim().id == record.id
    ledger.take_over(OWN)
    lost = jobs.read(record.id)
    assert lost.state == "failed"
    assert "its worker died 3 times" in lost.message
    jobs.retry(record.id)
    ledger.claim()
    ledger.take_over(OWN)
    assert jobs.read(record.id).state == "queued"


def test_a_job_that_was_being_cancelled_as_its_worker_died_is_cancelled(jobs, ledger):
    record = bring_to(jobs, ledger, "cancelling")
    ledger.take_over(OWN)
    assert jobs.read(record.id).state == "cancelled"


def test_a_worker_is_alive_while_it_lives_and_shows_it(jobs, ledger):
    assert not jobs.worker_is_alive()
    ledger.take_over(WorkerRecord(OWN.pid, OWN.created, time.monotonic()))
    assert jobs.worker_is_alive()
    ledger.take_over(WorkerRecord(OWN.pid, OWN.created, time.monotonic() - 11))
    assert not jobs.worker_is_alive()
    ledger.take_over(WorkerRecord(OWN.pid, OWN.created - 60, time.monotonic()))
    assert not jobs.worker_is_alive()  # another process of the same number


def test_files_are_part_of_the_key(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "features.npy").write_bytes(b"1")
    (tmp_path / "elsewhere.npy").write_bytes(b"1")
    (folder / "dataset.toml").write_text('features = "../elsewhere.npy"')
    spec = request_run(folder, RunSpec())
    keys = [compute_job_key(spec)]
    assert keys[0].complete
    assert compute_job_key(spec) == keys[0]
    for path in (folder / "features.npy", tmp_path / "elsewhere.npy", folder / "dataset.toml"):
        path.write_bytes(path.read_bytes() + b" ")
        keys.append(compute_job_key(spec))
    assert len({key.text for key in keys}) == 4
    assert compute_job_key(request_run(folder, RunSpec(seed=1))).text != keys[-1].text


def test_a_description_marks_the_files_of_its_own_folder(tmp_path):
    (tmp_path / "dataset.toml").write_text('kind = "scripts"\nfolder = "."')
    spec = request_run(tmp_path / "dataset.toml", RunSpec())
    before = compute_job_key(spec)
    (tmp_path / "Stan_fmri_Sub1.h5").write_bytes(b"1")
    assert compute_job_key(spec).text != before.text


def test_too_many_files_leave_the_comparison_to_the_worker(jobs, ledger, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for number in range(MARKED_FILES):
        (folder / f"{number}.npy").write_bytes(b"1")
    spec = request_run(folder, RunSpec())
    assert not compute_job_key(spec).complete
    job_id = jobs.submit(spec).id
    ledger.finish(attempt_of(ledger.claim()), "done", place=tmp_path)
    assert jobs.submit(spec).id == job_id
    assert jobs.read(job_id).state == "queued"


def test_what_cannot_be_done_is_refused_at_once(jobs, tmp_path):
    with pytest.raises(InputError, match=r"job kind: expected one of .*run, .*found 'walk'"):
        jobs.submit(JobSpec("walk", {}))
    with pytest.raises(InputError, match="job payload: expected plain values"):
        JobSpec("run", {"x": float("nan")})
    with pytest.raises(InputError, match="nothing there: check the path"):
        request_run(tmp_path / "missing", RunSpec())


def test_a_request_cannot_be_altered(jobs):
    payload = {"list": [1]}
    spec = JobSpec("run", payload)
    payload["list"].append(2)
    assert spec.payload == {"list": [1]}
    with pytest.raises(TypeError):
        spec.payload["list"] = []


@pytest.mark.parametrize("damage", ["garbage", "version"])
def test_a_table_that_cannot_be_read_is_one_line(jobs, damage):
    jobs.submit(demo())
    if damage == "garbage":
        for path in jobs.files.folder.glob("jobs.sqlite*"):
            path.write_bytes(b"garbage " * 1000)
    else:
        with connect(jobs.files.table) as connection:
            connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError) as caught:
        open_jobs(jobs.root)
    assert "\n" not in str(caught.value)
    assert "runs are not in it" in str(caught.value)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="expected a writable folder"):
        open_jobs(tmp_path / "file")


def unfinished(jobs: Jobs) -> Path:
    return write_synthetic_run(jobs.root, complete=False, stages=("dataset", "linear"))


def test_deleting_removes_unfinished_stages_and_the_log(jobs, ledger):
    place = unfinished(jobs)
    record = bring_to(jobs, ledger, "failed", place)
    record.log.write_text("printed")
    jobs.delete(record.id)
    assert not place.exists()
    assert not record.log.exists()
    assert not jobs.files.trash.exists()


def test_deleting_leaves_what_another_job_or_process_needs(jobs, ledger):
    place = unfinished(jobs)
    record = bring_to(jobs, ledger, "failed", place)
    with lock_run(place), pytest.raises(StoreError, match="expected a folder at rest"):
        jobs.delete(record.id)
    jobs.submit(demo(seed=1))
    ledger.identify(attempt_of(ledger.claim()), place, {})
    jobs.delete(record.id)
    assert place.is_dir()


def test_deleting_never_leaves_the_folder_of_runs(jobs, ledger, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    jobs.delete(bring_to(jobs, ledger, "failed", outside).id)
    assert outside.is_dir()


@pytest.mark.parametrize("state", ["failed", "done"])
def test_a_finished_run_goes_only_when_asked(jobs, ledger, state):
    place = write_synthetic_run(jobs.root)
    record = bring_to(jobs, ledger, state, place)
    averaged = keep_means(Run(place), "maps-of-some", np.ones((2, 3), dtype=np.float32))
    jobs.delete(record.id)
    assert Run(place).run_id == place.name
    assert averaged.is_dir()
    record = bring_to(jobs, ledger, state, place)
    jobs.delete(record.id, with_result=True)
    assert not place.exists()
    assert not averaged.exists()


def test_a_study_is_one_table_of_jobs_and_runs(jobs, ledger):
    finished = write_synthetic_run(jobs.root)
    running = bring_to(jobs, ledger, "running", jobs.root / "run-1")
    waiting = jobs.submit(demo(seed=1))
    add_to_study(jobs, "layers", job_ids=[running.id, waiting.id], run_ids=[finished.name])
    add_to_study(jobs, "layers", job_ids=[running.id], run_ids=[finished.name])
    values = RunSpec(n_hidden=8).to_dict()
    label = "simulated subject S1"
    assert list_studies(jobs) == ("layers",)
    assert tabulate_study(jobs, "layers") == (
        StudyRow(running.id, "run-1", "running", "S1", "gabor", 3, values, label),
        StudyRow(waiting.id, None, "queued", "", "", None, values, label),
        StudyRow(
            None, finished.name, "done", "sim-01", "gabor", 0, RunSpec().to_dict(),
            "Synthetic subject",
        ),
    )  # fmt: skip


def test_a_study_remembers_the_run_of_a_deleted_job(jobs, ledger):
    place = write_synthetic_run(jobs.root)
    done = bring_to(jobs, ledger, "done", place)
    cancelled = jobs.submit(demo(seed=1)).id
    add_to_study(jobs, "study", job_ids=[done.id, cancelled])
    jobs.cancel(cancelled)
    jobs.delete(cancelled)
    jobs.delete(done.id)
    (row,) = tabulate_study(jobs, "study")
    assert (row.job_id, row.run_id, row.state) == (None, place.name, "done")
    place.rename(place.with_name("moved"))
    assert tabulate_study(jobs, "study")[0].state == "missing"
    remove_study(jobs, "study")
    assert list_studies(jobs) == ()


def test_a_study_of_what_is_not_there_is_one_line(jobs):
    with pytest.raises(StoreError, match="no such job"):
        add_to_study(jobs, "study", job_ids=[4])
    with pytest.raises(InputError, match="no such folder"):
        add_to_study(jobs, "study", run_ids=["../elsewhere"])
    with pytest.raises(InputError, match="expected a name"):
        add_to_study(jobs, " ")
    for call in (remove_study, tabulate_study):
        with pytest.raises(StoreError, match="expected a study, found none of that name"):
            call(jobs, "study")
    assert list_studies(jobs) == ()


@pytest.mark.parametrize("text", ["0", "-1", "two", ""])
def test_a_wrong_number_of_slots_is_one_line(monkeypatch, text):
    monkeypatch.setenv("JNE_JOBS", text)
    with pytest.raises(InputError, match="JNE_JOBS: expected a number of jobs above 0"):
        read_slots()


def test_neither_pages_nor_the_worker_wait_for_heavy_imports():
    code = (
        "import sys, json, jne_engine.jobs.worker; "
        "print(json.dumps(sorted({'torch', 'zarr', 'pandas'} & set(sys.modules))))"
    )
    here = Path(__file__).parents[2]
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=here, capture_output=True, check=True
    )
    assert json.loads(printed.stdout) == []
