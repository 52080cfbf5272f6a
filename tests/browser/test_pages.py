"""In Chromium every page shows its content: no error box, no console error, links restore it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from jne_engine.analysis import regions, summary
from jne_engine.model.measures import JNE_UNIT
from jne_engine.runs.store import Run
from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import ROOT, rest
from tests.synthetic_run import write_synthetic_study

PAGES = {
    "": ("What does this run say?", ".js-plotly-plot"),
    "maps": ("Where is cortex nonlinear?", ".cv-canvas"),
    "hierarchy": ("Which areas are most nonlinear?", ".js-plotly-plot .violins"),
    "selectivity": ("Which images drive this area?", ".jne-gallery img"),
    "models": ("Does the encoder predict?", ".js-plotly-plot"),
    "layers": ("How does nonlinearity change over layers and subjects?", ".js-plotly-plot"),
    "claims": ("Do the paper's findings hold here?", ".st-key-claim_gating a"),
    "validation": ("Can JNE be trusted?", ".js-plotly-plot"),
}
WORK = {"data": "Data and jobs", "present": "Present your results"}
HOSTILE = "<img src=x onerror='window.ran=1'>"


@pytest.fixture(scope="module")
def app(streamlit_app, synthetic_root):
    return streamlit_app(ROOT / "app.py", {"JNE_RUNS": str(synthetic_root)})


@pytest.fixture(scope="module")
def study_app(streamlit_app, tmp_path_factory):
    """Serve four subjects and three layers, all of whose names try to run code."""
    root = tmp_path_factory.mktemp("study")
    rois = ("V1", HOSTILE, *(f"R{i}" for i in range(8)))
    names = {"name": HOSTILE, "roi_names": rois, "categories": (HOSTILE, "b")}
    write_synthetic_study(root, n_subjects=4, n_layers=3, **names)
    return streamlit_app(ROOT / "app.py", {"JNE_RUNS": str(root)})


@pytest.fixture(autouse=True)
def _expect_probes(problems):
    """Expect Streamlit's own probe: on a deep link it looks for its server below the page first."""
    problems.ignored = tuple(f"/{path}/_stcore/" for path in (*PAGES, *WORK) if path)


def assert_healthy(page):
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


SHIFTS = """new Promise((done) => setTimeout(done, 2000, []) &&
  new PerformanceObserver((list) => done(list.getEntries()
  .filter((shift) => !shift.hadRecentInput)
  .map((shift) => [shift.value, shift.sources.map(({ node }) =>
    node?.matches?.('.stMainBlockContainer > *') ? 'all' : `${node?.className}`).join()])))
  .observe({ type: 'layout-shift', buffered: true }))"""
MAX_SHIFT = 0.2


def assert_still(page):
    """Nothing pushes the page aside, and little moves once the style is there.

    The style comes with code of Streamlit's own; what its coming moves hangs on the machine.
    """
    shifts = page.evaluate(SHIFTS)
    assert not [moved for _, moved in shifts if "stMain " in moved]
    late = [(value, moved) for value, moved in shifts if "all" not in moved.split(",")]
    assert sum(value for value, _ in late) < MAX_SHIFT, late


@pytest.mark.parametrize("path", PAGES)
def test_each_page_shows_four_subjects_and_three_layers_and_names_run_nothing(
    page, study_app, path
):
    title, content = PAGES[path]
    page.goto(f"{study_app.url}/{path}")
    page.get_by_role("heading", name=title).wait_for()
    page.locator(content).first.wait_for(timeout=60_000)
    expect(page.get_by_text("SIMULATED").first).to_be_visible()
    page.get_by_role("combobox", name="Run").click()
    expect(page.get_by_role("option")).to_have_count(12)
    page.keyboard.press("Escape")
    assert page.evaluate("() => window.ran") is None
    assert_healthy(page)
    assert_still(page)
    assert_accessible(page)


@pytest.mark.parametrize("path", WORK)
def test_pages_of_work_break_no_rule_of_accessibility(page, app, path):
    page.goto(f"{app.url}/{path}")
    page.get_by_role("heading", name=WORK[path]).wait_for()
    rest(page)
    assert_still(page)
    assert_accessible(page)


def test_all_runs_of_a_study_are_compared(page, study_app):
    page.goto(f"{study_app.url}/layers?places=roi")
    expect(page.locator(".js-plotly-plot")).to_have_count(5, timeout=60_000)
    expect(page.get_by_text("Runs (12)")).to_be_visible()
    assert_healthy(page)


def test_a_link_into_a_server_that_has_just_started_goes_through_the_app(
    page, streamlit_app, synthetic_root
):
    fresh = streamlit_app(ROOT / "app.py", {"JNE_RUNS": str(synthetic_root), "FRESH": "1"})
    page.goto(f"{fresh.url}/models?roi=RSC")
    page.get_by_role("heading", name=PAGES["models"][0]).wait_for()
    expect(page.get_by_role("link", name="Model comparison")).to_be_visible()
    expect(page.get_by_text("RSC").first).to_be_visible()
    expect(page.get_by_label("Run", exact=False).first).to_be_visible()


def test_navigation_keeps_the_selection_and_a_link_restores_it(page, app, context):
    page.goto(f"{app.url}/models?roi=RSC")
    page.get_by_text("RSC").first.wait_for()
    page.get_by_role("link", name="Stimulus selectivity").click()
    page.get_by_role("heading", name=PAGES["selectivity"][0]).wait_for()
    page.wait_for_url("**/selectivity?*roi=RSC*")
    again = context.new_page()
    again.goto(page.url)
    again.locator(".jne-gallery img").first.wait_for()
    expect(again.get_by_text("Pictures by JNE-SS in RSC")).to_be_visible()


def test_a_choice_is_written_to_the_address(page, app):
    page.goto(f"{app.url}/maps")
    page.locator(".cv-canvas").first.wait_for()
    page.get_by_label("Map of pane 1").select_option(label="Gain")
    page.wait_for_url("**/maps?*map=gain*")
    assert_healthy(page)


TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_back_and_forward_lead_through_choices_and_a_jump_into_a_new_link(page, app, context):
    page.goto(f"{app.url}/maps?map=gain")
    menu = page.get_by_label("Map of pane 1")
    page.locator(".cv-canvas").first.wait_for(timeout=60_000)
    for label, name in (("Noise ceiling", "noise_ceiling"), ("Tier", "tier")):
        menu.select_option(label=label)
        page.wait_for_url(f"**/maps?*map={name}*")  # often before the viewer has the page's answer
        page.evaluate(TWO_FRAMES)  # Streamlit ignores a Back before it has drawn a new address
    page.go_back()
    page.wait_for_url("**/maps?*map=noise_ceiling*")
    expect(menu.locator("option:checked")).to_have_text("Noise ceiling")
    page.go_forward()
    page.wait_for_url("**/maps?*map=tier*")
    expect(menu.locator("option:checked")).to_have_text("Tier")
    page.keyboard.press("Escape")
    page.locator(".cv-stage").focus()
    page.keyboard.press("Control+z")
    page.wait_for_url("**/maps?*map=noise_ceiling*")
    expect(menu.locator("option:checked")).to_have_text("Noise ceiling")
    page.get_by_label("Find an ROI, a vertex or an MNI coordinate").focus()
    page.keyboard.press("Control+Shift+z")  # while text is written it is the box's own
    page.get_by_role("button", name="Redo").click()
    page.wait_for_url("**/maps?*map=tier*")
    expect(menu.locator("option:checked")).to_have_text("Tier")
    page.evaluate(TWO_FRAMES)
    again = context.new_page()
    again.goto(page.url)
    shown = again.get_by_label("Map of pane 1").locator("option:checked")
    expect(shown).to_have_text("Tier", timeout=60_000)
    assert_healthy(page)


def test_viewer_page_and_file_agree_on_the_map_whoever_changes_it(page, app, context):
    page.goto(f"{app.url}/maps")
    menu = page.get_by_label("Map of pane 1")
    means = page.get_by_test_id("stMarkdownContainer")
    menu.select_option(label="Noise ceiling", timeout=60_000)
    page.wait_for_url("**/maps?*map=noise_ceiling*")
    expect(means.filter(has_text="Mean Noise ceiling").first).to_be_visible()
    page.get_by_label("+ Compare").select_option(index=2)
    menu.select_option(label="Gain")
    page.wait_for_url("**/maps?*map=gain*")
    expect(means.filter(has_text="Mean Gain").first).to_be_visible()
    expect(page.get_by_label("Map of pane 2")).to_be_visible()
    page.get_by_test_id("stPopoverButton").filter(has_text="Export").click()
    with page.expect_download(timeout=120_000) as waiting:
        page.get_by_role("button", name="Download as one HTML file").click()
    saved = waiting.value.path().with_suffix(".html")
    saved.write_bytes(waiting.value.path().read_bytes())
    again = context.new_page()
    again.goto(saved.as_uri())
    expect(again.get_by_label("Map of pane 1").locator("option:checked")).to_have_text("Gain")
    assert_healthy(page)


def test_the_brains_table_states_the_engines_numbers(page, app, synthetic_root):
    expected = regions.tabulate_rois(Run(next(synthetic_root.glob("[!.]*")))).set_index("name")
    page.goto(f"{app.url}/maps")
    page.get_by_text("Region means as a table").click(timeout=60_000)
    expect(page.locator(".cv-means caption")).to_contain_text("JNE: significant voxels")
    expect(page.locator(".cv-means thead th").nth(1)).to_have_text(f"JNE ({JNE_UNIT})")
    for name, row in expected.iterrows():
        cells = page.locator(".cv-means tbody tr", has_text=name).first.locator("td")
        assert float(cells.nth(0).inner_text()) == pytest.approx(row["mean_jne"], rel=0.006)
        assert int(cells.nth(1).inner_text()) == row["n_significant"]


def test_the_overview_shows_the_stores_numbers(page, app, synthetic_root):
    run = Run(next(synthetic_root.glob("[!.]*")))
    r = summary.summarise_run(run)["truth"]["pearson_r_jne"]
    page.goto(app.url)
    box = page.get_by_test_id("stMetric").filter(has_text="r (JNE, planted)")
    expect(box.get_by_test_id("stMetricValue")).to_have_text(f"{r:.3g}", timeout=30_000)


def test_an_empty_store_says_how_to_fill_it(page, streamlit_app, tmp_path):
    empty = streamlit_app(ROOT / "app.py", {"JNE_RUNS": str(tmp_path)})
    page.goto(empty.url)
    page.get_by_text("python -m jne_engine demo").wait_for()
    assert_healthy(page)


def test_the_live_figure_follows_a_choice(page, app):
    page.goto(f"{app.url}/validation?check=networks")
    violins = page.locator(".js-plotly-plot .violins")
    expect(violins).to_have_count(16, timeout=60_000)
    page.get_by_test_id("stSelectbox").filter(has_text="Activation").locator("input").click()
    page.get_by_role("option", name="GELU", exact=True).click()
    page.wait_for_url("**/validation?*activation=gelu*")
    expect(violins).to_have_count(4, timeout=60_000)
    expect(page.get_by_text("Live, at reduced size")).to_be_visible(timeout=60_000)
    assert_healthy(page)
