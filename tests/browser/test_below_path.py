"""Behind a proxy that gives the app a path of its own, every link leads to a page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from jne_engine.bench.viewer.server import BELOW
from jne_engine.jobs.database import change
from jne_engine.jobs.kinds.run import request_demo
from jne_engine.jobs.queue import open_jobs
from jne_engine.jobs.studies import add_to_study
from jne_engine.model.spec import RunSpec
from tests.browser.conftest import ROOT, rest, wait_until_still
from tests.story_samples import tell_story
from tests.synthetic_run import write_synthetic_study

PATH = "lab/jne"
PAGES = {
    "Cortical maps": "maps",
    "ROI hierarchy": "hierarchy",
    "Stimulus selectivity": "selectivity",
    "Model comparison": "models",
    "Layers & subjects": "layers",
    "The paper's findings": "claims",
    "Present": "present",
    "Validation": "validation",
    "Data & runs": "data",
    "Overview": "",
}


@pytest.fixture
def app(streamlit_app, tmp_path):
    """Serve runs, a study of them, a job that has made one, and a story."""
    write_synthetic_study(tmp_path, n_subjects=2, n_layers=1)
    runs = sorted(tmp_path.glob("run-*"))
    table = open_jobs(tmp_path)
    add_to_study(table, "two", run_ids=[run.name for run in runs])
    job = table.submit(request_demo(RunSpec()))
    with change(table.files.table) as connection:
        connection.execute("UPDATE jobs SET state = 'done', finished = 1, place = ? WHERE id = ?",
                           (str(runs[0]), job.id))  # fmt: skip
    tell_story(tmp_path, 1)
    return streamlit_app(ROOT / "app.py", {"JNE_RUNS": str(tmp_path), BELOW: PATH})


def follow(page, click):
    """Return the page that a click opens: another one, or a new one."""
    with page.context.expect_page() as opened:
        click()
    return opened.value


def click_first_link(page, table):
    """Click the link of a table's first row, which a canvas draws once the table is in view."""
    table.scroll_into_view_if_needed()
    page.wait_for_function("element => element.clientWidth > 300", arg=table.element_handle())
    wait_until_still(page, table)
    for x in (28, 30):  # a cell's link opens once the pointer has moved over it
        table.hover(position={"x": x, "y": 52})
        page.wait_for_timeout(500)
    table.click(position={"x": 30, "y": 52})


def expect_page(page, app, name, query=""):
    """Hold a page's address, and that the app has such a page."""
    page.wait_for_url(re.compile(rf"^{re.escape(app.url)}/{name}(\?.*{re.escape(query)}.*)?$"))
    page.locator(".stApp[data-test-script-state=notRunning] h2").first.wait_for()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.timeout(900)  # every link of every page is followed
def test_every_link_below_a_path_leads_to_a_page(page, app, context, problems):
    problems.ignored = ("/_stcore/",)  # on a deep link Streamlit looks for its server
    lost = []
    context.on("response", lambda answer: answer.status == 404 and lost.append(answer.url))
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(app.url)
    for label, name in PAGES.items():
        page.get_by_role("link", name=label, exact=True).click()
        expect_page(page, app, name)

    page.goto(f"{app.url}/claims")
    page.locator(".st-key-claim_gating a").click()
    expect_page(page, app, "[a-z]+", "run=")
    rest(page)
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied").wait_for()
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    expect_page(page, app, "[a-z]+", "run=")

    page.goto(f"{app.url}/layers")
    page.get_by_role("heading", name="Runs (2)").scroll_into_view_if_needed()
    table = page.locator("[data-testid=stDataFrame]:not([data-testid=stExpander] *)")
    expect_page(follow(page, lambda: click_first_link(page, table)), app, "layers", "run=")

    page.goto(f"{app.url}/data?part=queue")
    table = page.get_by_test_id("stDataFrame")
    expect_page(follow(page, lambda: click_first_link(page, table)), app, "maps", "run=")
    page.get_by_role("link", name="Open").click()
    expect_page(page, app, "maps", "run=")

    page.goto(f"{app.url}/present")
    view = page.get_by_role("link", name="Open the view")
    expect_page(follow(page, view.click), app, "maps")
    assert [url for url in lost if "/_stcore/" not in url] == []
