"""A folder of runs that belongs to somebody else: every page opens, and says so in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jne_engine.jobs.queue import open_jobs
from pages.frame.assets import PAGES
from tests.browser.conftest import ROOT
from tests.story_samples import tell_story
from tests.synthetic_run import write_synthetic_study

NOBODY = 65534
CHANGES = {"Make the files", "Make the file", "Compute the spin test", "Compute the embedding",
           "Compute in full size"}  # fmt: skip
"""Buttons that ask for a job."""
TABLES = ("none", "closed lock", "closed folder")
AS_ANYBODY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner")
"""Root without its right to pass by what a file allows: to nobody's files it is anybody."""
ASK = """
import json, os, sys
sys.path[:0] = {path!r}
from streamlit.testing.v1 import AppTest

def look(page, part):
    app = AppTest.from_file({app!r}, default_timeout=120)
    app.query_params.update({{"part": part}} if part else {{}})
    app.switch_page(f"pages/{{page}}.py").run()
    kinds = (app.caption, app.info, app.markdown, app.warning)
    said = [element.value for kind in kinds for element in kind]
    return {{
        "exceptions": [element.value for element in app.exception],
        "errors": [element.value for element in app.error],
        "title": [element.value for element in app.header],
        "locks": [text for text in said if ":material/lock:" in text],
        "buttons": {{button.label: button.disabled for button in app.button}},
    }}

found = {{}}
for root in {roots!r}:
    os.environ["JNE_RUNS"] = root
    found[root] = {{f"{{page}} {{part}}".strip(): look(page, part) for page in {pages!r}
                   for part in (("data", "run", "queue") if page == "data" else ("",))}}
print(json.dumps(found))
"""


def write_root(root: Path, table: str) -> None:
    """Write runs, a story and perhaps a table of jobs that nobody may write."""
    write_synthetic_study(root, n_subjects=2, n_layers=2)
    tell_story(root, 2)
    if table != "none":
        open_jobs(root)
    for path in (*root.rglob("*"), root):
        path.chmod(0o555 if path.is_dir() else 0o444)
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
    if table == "closed lock":
        (root / ".jobs" / "table.lock").chmod(0)
    elif table == "closed folder":
        (root / ".jobs").chmod(0)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict]]:
    """Open every page on every such folder in a process that may not write there."""
    roots = {table: tmp_path_factory.mktemp("somebodys") for table in TABLES}
    for table, root in roots.items():
        write_root(root, table)
    before = {root: sorted(root.rglob("*")) for root in roots.values()}
    code = ASK.format(path=[str(ROOT), *sys.path], pages=sorted(PAGES), app=str(ROOT / "app.py"),
                      roots=[str(root) for root in roots.values()])  # fmt: skip
    command = [*(AS_ANYBODY if os.geteuid() == 0 else ()), sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert before == {root: sorted(root.rglob("*")) for root in roots.values()}
    return {table: found[str(root)] for table, root in roots.items()}


@pytest.mark.parametrize("table", TABLES)
def test_every_page_opens_and_says_in_one_line_that_nothing_can_be_written(answers, table):
    found = answers[table]
    assert {name.partition(" ")[0] for name in found} == set(PAGES)
    assert {text for page in found.values() for text in page["buttons"]} >= CHANGES
    for name, page in found.items():
        assert page["exceptions"] == page["errors"] == [], name
        assert page["title"], name
        assert {text for text, closed in page["buttons"].items() if not closed}.isdisjoint(
            {*CHANGES, "Demo, 1 min", "Full demo", "Demo study"}
        ), name
        (line,) = page["locks"]
        assert "Read-only, nothing can be computed" in line, name
        assert "expected a writable folder of runs, found Permission denied" in line, name
        assert line.count("somebodys") == 1, name  # short enough to be one line
