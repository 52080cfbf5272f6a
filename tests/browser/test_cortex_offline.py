"""The offline file: opened from disk, no network, everything in it."""

from dataclasses import replace

import pytest

from jne_engine.report.export.html import export_html, offline_html
from jne_engine.viewer.payload import ViewerMap
from tests.browser.cortex_checks import POSES, check_readout
from tests.browser.cortex_probe import CortexProbe
from tests.browser.cortex_scene import make_scene, values


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return export_html(make_scene(), tmp_path_factory.mktemp("offline") / "brain.html")


@pytest.fixture
def probe(context, own_page, file):
    context.set_offline(True)
    requests = []
    own_page.on("request", lambda r: requests.append(r.url))
    own_page.goto(file.as_uri())
    yield CortexProbe(own_page)
    assert [u for u in requests if not u.startswith(("file:", "blob:", "data:"))] == []


def test_hover_reads_exact_values_from_the_file_of_every_map_and_says_simulated(probe):
    for pose in POSES:
        check_readout(probe, pose, ("jne",))
        probe.page.get_by_role("button", name="Reset", exact=True).click()
    assert "SIMULATED" in probe.page.locator("p").first.inner_text()
    for i, viewer_map in enumerate(make_scene().maps):
        probe.run("v.change({ panes: [a] });", i)
        probe.settle()
        assert probe.run("return v.shownMaps()[0].name;") == viewer_map.name
        assert probe.run("return v.shownMaps()[0].values('left').length;") == 32492


@pytest.mark.parametrize(("surface", "limit"), [("fsLR32k", 4e6), ("fsaverage5", 2e6)])
def test_a_file_with_ten_maps_stays_small(surface, limit):
    sides = [values(surface, "jne", h) for h in ("left", "right")]
    maps = tuple(ViewerMap(f"m{i}", f"Map {i}", "", sides[0] + i, sides[1] + i) for i in range(10))
    assert len(offline_html(replace(make_scene(surface), maps=maps))) < limit
