"""A server that is killed while a job runs: the job goes on, and the next server shows it."""

from __future__ import annotations

import re

import psutil
import pytest
from playwright.sync_api import expect

from jne_engine.bench.viewer.server import serve
from jne_engine.jobs.kinds.run import request_demo
from jne_engine.jobs.queue import open_jobs
from jne_engine.model.spec import RunSpec
from tests.browser.conftest import ROOT
from tests.job_helpers import START_S, stop_worker, wait_at_rest, wait_until, worker_process

SLOW_MS = 120_000


@pytest.fixture
def jobs(tmp_path):
    """Open the table beside an empty store; its worker ends with the test."""
    table = open_jobs(tmp_path / "runs")
    yield table
    stop_worker(table)


def kill_server(server):
    """Kill a server with no time to say good-bye."""
    port = int(server.url.rsplit(":", 1)[1])
    for process in psutil.process_iter(["cmdline"]):
        if f"--server.port={port}" in (process.info["cmdline"] or []):
            process.kill()
            process.wait(timeout=10)


def test_a_job_outlives_its_server_and_its_run_opens_from_the_next(
    context, problems, jobs, tmp_path
):
    environment = {"JNE_RUNS": str(jobs.root), "OMP_NUM_THREADS": "1"}
    page = context.new_page()
    with serve(ROOT / "app.py", tmp_path / "first.log", environment) as server:
        page.goto(f"{server.url}/data?part=queue")
        page.get_by_role("heading").first.wait_for(timeout=SLOW_MS)
        asked = request_demo(RunSpec(n_hidden=16), n_stimuli=900, n_test=100, n_vertices=800)
        jobs.submit(asked)
        page.reload()  # the server sees to the worker
        page.get_by_text(re.compile("simulated subject", re.IGNORECASE)).first.wait_for()
        wait_until(lambda: jobs.list() and jobs.list()[0].state == "running", seconds=START_S)
        (job,) = jobs.list()
        worker = worker_process(jobs)
        kill_server(server)
        assert worker.is_running()
        assert jobs.read(job.id).is_active
    page.close()

    with serve(ROOT / "app.py", tmp_path / "second.log", environment) as server:
        page = context.new_page()
        problems.ignored = ("/data/_stcore/",)
        problems.watch(page)
        page.goto(f"{server.url}/data?part=queue")
        expect(page.get_by_role("link", name="Open")).to_be_visible(timeout=2 * SLOW_MS)
        record = wait_at_rest(jobs, job.id)
        assert (record.state, record.attempts) == ("done", 1)
        page.get_by_role("link", name="Open").click()
        page.get_by_role("heading", name="Where is cortex nonlinear?").wait_for(timeout=SLOW_MS)
        page.locator(".cv-canvas").first.wait_for(timeout=SLOW_MS)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    assert problems.unexpected == []
