"""Signing in at a real provider: who is listed comes in, nobody else sees anything."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from jne_engine.jobs.queue import open_jobs
from jne_engine.jobs.records import JobSpec
from tests.browser.conftest import ROOT
from tests.browser.oidc_provider import CLIENT_ID, CLIENT_SECRET, serve_provider
from tests.synthetic_run import write_synthetic_run

PEOPLE = {
    "Ada": {"email": "Ada@Lab.example", "email_verified": True},
    "Rita": {"email": "rita@guests.example"},
    "Mallory": {"email": "mallory@lab.example.evil.example", "email_verified": True},
    "Unverified": {"email": "ada@lab.example", "email_verified": False},
}
PATHS = ("", *sorted(path.stem for path in ROOT.glob("pages/[!_]*.py")))
CONTENT = (
    "[data-testid=stHeading], [data-testid=stMetric], [data-testid=stPageLink-NavLink], canvas"
)
LABEL = "A job of the lab"


@pytest.fixture(scope="module")
def provider():
    with serve_provider(PEOPLE) as running:
        yield running


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Hold one run, and one job that has ended."""
    folder = tmp_path_factory.mktemp("lab")
    write_synthetic_run(folder)
    jobs = open_jobs(folder)
    record = jobs.submit(JobSpec("run", {"dataset": "x", "weights": {}, "spec": {}}, LABEL))
    jobs.cancel(record.id)
    return folder


@pytest.fixture(scope="module")
def start(streamlit_app, provider, root, tmp_path_factory):
    """Return a function that starts a server with sign-in; the repository's folder stays as is."""

    def start(**env):
        folder = tmp_path_factory.mktemp("secrets")
        (folder / "secrets.toml").write_text(
            f"""
            [auth]
            redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
            cookie_secret = "a secret of this test, long enough"
            client_id = "{CLIENT_ID}"
            client_secret = "{CLIENT_SECRET}"
            server_metadata_url = "{provider.url}/.well-known/openid-configuration"
            """
        )
        people = {"JNE_EDITORS": "@lab.example", "JNE_READERS": "rita@guests.example"}
        files = {"STREAMLIT_SECRETS_FILES": str(folder / "secrets.toml"), "JNE_RUNS": str(root)}
        return streamlit_app(ROOT / "app.py", {**people, **files, **env})

    return start


@pytest.fixture
def app(start, provider):
    running = start()
    provider.return_to = f"{running.url}/oauth2callback"
    return running


@pytest.fixture(autouse=True)
def _expect_probes(problems):
    problems.ignored = tuple(f"/{path}/_stcore/" for path in PATHS if path)


def sign_in(page, app, person):
    page.goto(app.url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=person, exact=True).click()


def assert_nothing_but(page, *buttons):
    """Hold that the page has these buttons, and no content or navigation."""
    for name in buttons:
        expect(page.get_by_role("button", name=name)).to_be_visible()
    expect(page.locator(CONTENT)).to_have_count(0)
    expect(page.get_by_text("not found")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_logged_out_every_address_shows_the_sign_in_only(page, app):
    for path in PATHS:
        page.goto(f"{app.url}/{path}")
        page.get_by_role("button", name="Sign in").wait_for()
        assert_nothing_but(page, "Sign in")


@pytest.mark.parametrize("path", ["", "data", "maps"])
def test_the_first_visit_to_a_new_server_shows_the_sign_in_only(page, start, path):
    fresh = start(FRESH=path)
    page.goto(f"{fresh.url}/{path}?run=x")
    page.get_by_role("button", name="Sign in").wait_for()
    assert_nothing_but(page, "Sign in")


def test_an_editor_signs_in_follows_a_link_and_signs_out(page, app):
    sign_in(page, app, "Ada")
    expect(page.get_by_text("Ada@Lab.example (editor)")).to_be_visible()
    page.goto(f"{app.url}/models?roi=RSC")
    page.get_by_role("heading", name="Does the encoder predict?").wait_for()
    expect(page.get_by_text("RSC").first).to_be_visible()
    page.get_by_test_id("stSidebar").hover()  # the rail of icons opens
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()
    page.goto(f"{app.url}/models?roi=RSC")
    page.get_by_role("button", name="Sign in").wait_for()
    assert_nothing_but(page, "Sign in")


@pytest.mark.parametrize(("person", "paths"), [("Mallory", PATHS[:3]), ("Unverified", PATHS[:1])])
def test_who_is_not_listed_sees_one_line_and_the_way_out(page, app, person, paths):
    sign_in(page, app, person)
    expect(page.get_by_text("the list of people who may use this server")).to_be_visible()
    for path in paths:
        page.goto(f"{app.url}/{path}")
        page.get_by_role("button", name="Sign out").wait_for()
        assert_nothing_but(page, "Sign out")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()


def test_a_forged_cookie_opens_nothing(page, app, context):
    forged = '{"is_logged_in":true,"email":"ada@lab.example"}'
    context.add_cookies([{"name": "_streamlit_user", "value": forged, "url": app.url}])
    page.goto(app.url)
    page.get_by_role("button", name="Sign in").wait_for()
    assert_nothing_but(page, "Sign in")


def test_a_reader_browses_and_is_offered_no_change(page, app, root):
    sign_in(page, app, "Rita")
    expect(page.get_by_text("rita@guests.example (reader)")).to_be_visible()
    page.locator(".js-plotly-plot").first.wait_for(timeout=60_000)
    page.goto(f"{app.url}/data?part=queue")
    page.get_by_text(LABEL).wait_for()
    expect(page.get_by_text("Only editors start")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_disabled()
    expect(page.get_by_role("button", name="delete")).to_have_count(0)
    for part in ("data", "run"):
        page.goto(f"{app.url}/data?part={part}")
        page.get_by_text("Only editors start").wait_for()
        expect(page.get_by_role("button", name="Demo, 1 min")).to_have_count(0)
    assert [record.state for record in open_jobs(root).list()] == ["cancelled"]


def test_an_editor_is_offered_changes(page, app):
    sign_in(page, app, "Ada")
    page.get_by_text("(editor)").wait_for()
    page.goto(f"{app.url}/data?part=queue")
    page.get_by_text(LABEL).wait_for()
    expect(page.get_by_role("button", name="Resume")).to_be_enabled()
    expect(page.get_by_text("Only editors start")).to_have_count(0)


def test_people_listed_without_a_sign_in_open_nothing(page, streamlit_app, root):
    open_server = streamlit_app(
        ROOT / "app.py", {"JNE_RUNS": str(root), "JNE_EDITORS": "ada@lab.example"}
    )
    page.goto(f"{open_server.url}/maps")
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text("docs/deploy.md")
    assert_nothing_but(page)


def test_secrets_that_cannot_be_read_open_nothing(page, streamlit_app, root, tmp_path):
    (tmp_path / "secrets.toml").write_text("[auth\n")
    env = {"JNE_RUNS": str(root), "STREAMLIT_SECRETS_FILES": str(tmp_path / "secrets.toml")}
    broken = streamlit_app(ROOT / "app.py", env)
    page.goto(f"{broken.url}/maps")
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text("secrets")
    assert_nothing_but(page)
