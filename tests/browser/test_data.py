"""As a new user: from an empty store to maps, by the page alone."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from jne_engine.analysis.listing import list_runs
from jne_engine.datasets.library import list_datasets
from jne_engine.jobs.queue import open_jobs
from jne_engine.simulations.subject import simulate_subject
from jne_engine.viewer.scenes.run import build_run_scene
from tests.browser.conftest import ROOT
from tests.browser.cortex_probe import CortexProbe
from tests.engine.importers import nsd_tree
from tests.engine.importers.algonauts_tree import write_subject
from tests.job_helpers import stop_worker
from tests.newcomer import write_newcomer

SLOW_MS = 120_000


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Write a miniature NSD tree and a described folder of arrays on the cortical surface."""
    folder = tmp_path_factory.mktemp("data")
    nsd = nsd_tree.write_nsd(folder / "nsd")
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    nsd_tree.write_transforms(nsd, 1)
    nsd_tree.write_surface_betas(nsd, 1, "fsaverage")
    nsd_tree.write_surface_rois(nsd, "fsaverage")
    nsd_tree.write_images(nsd)
    write_subject(folder)
    write_arrays(folder / "mylab")
    write_newcomer(folder / "pilot")
    write_newcomer(folder / "scanned", features=False)
    return folder


def write_arrays(folder):
    subject = simulate_subject(0, n_stimuli=300, n_test=60, n_vertices=800)
    rois = next(iter(subject.roi_sets.values()))
    folder.mkdir()
    np.save(folder / "features.npy", subject.features)
    np.save(folder / "responses.npy", np.asarray(subject.responses))
    np.savez(folder / "vertices.npz", left=subject.space.left, right=subject.space.right)
    np.savez(folder / "rois.npz", **dict(zip(rois.names, rois.masks, strict=True)))
    names = {"kind": "arrays", "features": "features.npy", "responses": "responses.npy",
             "vertices": "vertices.npz", "rois": "rois.npz", "surface": "fsLR32k"}  # fmt: skip
    text = "".join(f'{key} = "{value}"\n' for key, value in names.items())
    (folder / "dataset.toml").write_text(text)


@pytest.fixture
def app(streamlit_app, tmp_path_factory, data):
    """Serve an empty folder of runs; its worker ends with the test."""
    root = tmp_path_factory.mktemp("empty") / "runs"
    environment = {"JNE_RUNS": str(root), "JNE_DATA": str(data)}
    yield root, streamlit_app(ROOT / "app.py", environment)
    stop_worker(open_jobs(root))


@pytest.fixture(autouse=True)
def _expect_probes(problems):
    """Expect Streamlit's own probe, as the other pages' tests do."""
    problems.ignored = ("/data/_stcore/",)


def click(page, name, *, role="button"):
    page.get_by_role(role, name=name).last.click(timeout=SLOW_MS)


def open_data(page):
    """Go to Data & runs by the rail, which lies over the page until the pointer leaves it."""
    click(page, "Data & runs", role="link")
    page.mouse.move(640, 10)


def start_run(page):
    """Choose a small encoder and start."""
    hidden = page.get_by_role("spinbutton", name="Hidden units")
    hidden.fill("16", timeout=SLOW_MS)
    hidden.press("Enter")
    click(page, "Start the run")


def open_newest_run(page, *, n_finished):
    links = page.get_by_role("link", name="Open")
    expect(links).to_have_count(n_finished, timeout=SLOW_MS)
    links.first.click()
    page.get_by_role("heading", name="Where is cortex nonlinear?").wait_for()
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def check_brain(page, root):
    """Hold what the viewer of the maps page holds, and reads out, against the newest run."""
    run = list_runs(root).runs[0]
    shown = build_run_scene(run, significant=False).maps[0]
    probe = CortexProbe(page)
    for hemi in ("left", "right"):
        held = probe.run("return [...v.shownMaps()[0].values(a)].map((x) => x ?? NaN);", hemi)
        held = np.array([np.nan if x is None else x for x in held], np.float32)
        exact = shown.left if hemi == "left" else shown.right
        np.testing.assert_array_equal(held, exact)
        assert np.isfinite(exact).any()
    probe.run("v.changeLook(0, { masked: false });")
    n_compared = 0
    for hemi, values in (("left", shown.left), ("right", shown.right)):
        seen = [v for _, v in probe.visible(hemi) if np.isfinite(values[v])]
        for vertex in seen[:: max(1, len(seen) // 3)][:3]:
            place = probe.positions(hemi, vertex)[0]
            said = probe.hover(place["x"], place["y"])
            if said is not None and said["vertex"] == vertex:
                assert np.float32(said["values"]["jne"]) == values[vertex]
                n_compared += 1
    assert n_compared > 0


@pytest.mark.parametrize(("folder", "space"), [("nsd", "Surface, fsaverage"), ("subj03", None)])
def test_a_surface_from_an_empty_store_to_maps(page, app, folder, space):
    root, server = app
    page.goto(server.url)
    open_data(page)
    click(page, re.compile(f"{folder}$"))
    if space is not None:
        page.get_by_role("combobox", name="Space").click(timeout=SLOW_MS)
        click(page, space, role="option")
    click(page, "Import")
    click(page, "To the data")
    extract_gabor(page)
    page.get_by_role("button", name="New run").first.click()
    start_run(page)
    open_newest_run(page, n_finished=1)
    check_brain(page, root)


def test_a_newcomers_table_pictures_and_surface_pair_to_a_map(page, app):
    root, server = app
    page.goto(server.url)
    open_data(page)
    click(page, re.compile("pilot$"))
    expect(page.get_by_text("features beside lh.func.gii and rh.func.gii")).to_be_visible()
    click(page, "Import")
    click(page, "To the data")
    click(page, "New run")
    start_run(page)
    open_newest_run(page, n_finished=1)
    check_brain(page, root)
    page.get_by_role("link", name="Stimulus selectivity").click()
    pictures = page.locator("img[src^='data:image'], img[src*='/media/']")
    expect(pictures.first).to_be_visible(timeout=SLOW_MS)


def test_a_newcomers_pictures_and_responses_to_a_map_without_features(page, app):
    root, server = app
    page.goto(server.url)
    open_data(page)
    click(page, re.compile("scanned$"))
    for label, value in (("Responses", "lh.func.gii"), ("Folder of the stimuli", "pictures")):
        page.get_by_role("combobox", name=re.compile(label)).click(timeout=SLOW_MS)
        click(page, value, role="option")
    expect(page.get_by_text("Gabor features of the pictures")).to_be_attached(timeout=SLOW_MS)
    click(page, "Import")
    click(page, "To the data")
    extract_gabor(page)
    page.get_by_role("button", name="New run").first.click()
    start_run(page)
    open_newest_run(page, n_finished=1)
    check_brain(page, root)


def extract_gabor(page):
    click(page, "Extract features")
    page.get_by_test_id("stPopoverBody").get_by_role("combobox").click()
    click(page, re.compile("Gabor"), role="option")
    click(page, "Start extraction")
    expect(page.get_by_text("Features · finished")).to_be_visible(timeout=SLOW_MS)


def test_from_an_empty_store_to_maps(page, app, data):
    root, server = app
    page.goto(server.url)
    open_data(page)

    click(page, re.compile("nsd$"))
    expect(page.get_by_text("Natural Scenes Dataset").first).to_be_visible()
    click(page, "Import")
    click(page, "To the data")
    extract_gabor(page)
    page.get_by_role("button", name="New run").first.click()
    start_run(page)
    open_newest_run(page, n_finished=1)
    expect(page.get_by_text("Projected from voxels for display")).to_be_visible(timeout=SLOW_MS)
    check_brain(page, root)

    open_data(page)
    page.get_by_role("button", name="To the data").first.click()
    page.get_by_role("button", name=data.name).first.click()
    click(page, re.compile("mylab$"))
    click(page, "Import")
    expect(page.get_by_text("Import · finished")).to_have_count(2, timeout=SLOW_MS)
    page.reload()  # the queue survives
    page.get_by_role("button", name="To the data").first.click()
    page.locator(".st-key-run-mylab button").click(timeout=SLOW_MS)
    start_run(page)
    open_newest_run(page, n_finished=2)
    page.locator(".cv-canvas").first.wait_for(timeout=SLOW_MS)

    assert {run.manifest.name for run in list_runs(root).runs} == {"NSD", "mylab"}
    assert [entry.name for entry in list_datasets(root)[0]] == ["NSD-subj01-func1pt8mm-nsdgeneral",
                                                                "mylab"]  # fmt: skip
