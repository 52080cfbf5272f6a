"""The benchmark of sessions drives real pages beside real jobs, and counts what it says."""

from __future__ import annotations

import re

import pytest

from jne_engine.bench import sessions
from jne_engine.bench.sessions import SessionSizes, drive, measure_sessions
from jne_engine.bench.viewer.server import serve
from jne_engine.core.errors import StoreError
from tests.browser.conftest import APPS

TINY = SessionSizes(
    n_sessions=3,
    seconds=1.0,
    think_s=(0.0, 0.1),
    demo={"n_stimuli": 300, "n_test": 60, "n_vertices": 800},
    n_hidden=8,
)


def test_people_are_timed_without_jobs_and_beside_two(monkeypatch):
    reruns = []
    monkeypatch.setattr(
        sessions, "drive", lambda *a, **k: reruns.append(drive(*a, **k)) or reruns[-1]
    )
    rows = {row.name: row for row in measure_sessions(TINY)}
    assert list(rows) == ["sessions_rerun_p95_s", "sessions_rerun_p95_s_jobs",
                          "job_progress_cold_s", "job_progress_s",
                          "job_progress_s_beside"]  # fmt: skip
    for name, found in zip(list(rows)[:2], reruns[1:], strict=True):
        assert {page for page, _ in found} == {"maps", "hierarchy", "selectivity"}
        seconds = sorted(taken for _, taken in found)
        assert seconds[0] > 0.001
        place = 0.95 * (len(seconds) - 1)
        below, above = seconds[int(place)], seconds[min(int(place) + 1, len(seconds) - 1)]
        expected = below + (place - int(place)) * (above - below)
        assert rows[name].value == pytest.approx(expected)
        assert re.search(rf"of {len(found)} reruns, s; 3 sessions .* load [0-9.]+", rows[name].how)
    assert str(rows["sessions_rerun_p95_s_jobs"].goal) == "≤ 1"
    assert rows["sessions_rerun_p95_s"].goal is None
    for name in list(rows)[2:]:
        assert rows[name].value > sessions.POLL_S
        assert str(rows[name].goal) == "≤ 2"


def test_pages_that_do_not_answer_are_no_figure(tmp_path):
    with (
        serve(APPS / "hello.py", tmp_path / "log") as app,
        pytest.raises(StoreError, match="pages that answer"),
    ):
        drive(app.url, TINY)
