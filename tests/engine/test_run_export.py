"""A run's file is the same whether the command line writes it or a page asks a child for it."""

import numpy as np
import pytest

from jne_engine.analysis import maps
from jne_engine.core.errors import InputError, JneError
from jne_engine.jobs.run_export import make_run_html
from jne_engine.report.export.brain import export_run_html
from jne_engine.runs.store import Run
from tests.engine.export.test_html import payload, unplane


@pytest.fixture(scope="module")
def run(synthetic_root):
    return Run(next(synthetic_root.glob("[!.]*")))


def test_a_child_makes_the_very_file_that_is_written_here(run, tmp_path):
    choices = {"chosen": "gain", "significant": False, "threshold": 0.25}
    here = export_run_html(run, tmp_path / "brain.html", **choices).read_bytes()
    assert make_run_html(run, **choices) == here
    header, blobs = payload(here.decode())
    names = [m["name"] for m in header["maps"]]
    assert [names[i] for i in header["view"]["panes"]] == ["gain"]
    space, gain = maps.read_surface(run), maps.read_map(run, "gain")
    blob = blobs[header["maps"][names.index("gain")]["hash"]]
    restored = unplane(blob.arrays["left"], {"type": "f4", "stride": 0})
    np.testing.assert_array_equal(restored[space.left], gain[space.columns("left")])
    assert len(names) == len([i for i in maps.list_maps(run) if i.kind != "mask"])


def test_a_child_that_fails_says_why_in_one_line(run, monkeypatch):
    with pytest.raises(JneError, match="nonsense") as caught:
        make_run_html(run, chosen="nonsense")
    assert "\n" not in str(caught.value)
    monkeypatch.setattr("jne_engine.jobs.run_export.LIMIT_SECONDS", 0.01)
    with pytest.raises(JneError, match="an answer within"):
        make_run_html(run)


def test_a_run_off_the_surface_says_what_it_needs(make_root, tmp_path):
    lost = Run(next(make_root(with_space=False).iterdir()))
    with pytest.raises(InputError, match="set `vertices` or `voxels`"):
        export_run_html(lost, tmp_path / "brain.html")
