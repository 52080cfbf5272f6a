"""A run's spin test is stored beside the runs, found again, and says what it covers."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis import hierarchy, rotations
from jne_engine.analysis.listing import list_runs
from jne_engine.analysis.rotations import SPINS, place_columns
from jne_engine.analysis.spins import (
    SpinSettings,
    compute_spin,
    read_spin,
    tell_why_not_spun,
)
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import SurfaceSpace
from jne_engine.jobs.kinds.spin import do_spin, request_spin
from jne_engine.runs.store import Run
from tests.synthetic_run import write_synthetic_run

SETTINGS = SpinSettings(n_rotations=120)


class Report:
    """What a job is given to say how far it is."""

    def __init__(self, root):
        self.root, self.calls, self.place = root, [], None

    def __call__(self, *step):
        self.calls.append(step)

    def identify(self, place, **about):
        self.place, self.about = place, about


@pytest.fixture
def made(tmp_path):
    """Do the job as the worker would."""
    run = Run(write_synthetic_run(tmp_path, n_per_roi=60))
    report = Report(tmp_path)
    path = do_spin(request_spin(run.path, SETTINGS).payload, report, lambda: False)
    return run, path, report


def test_the_job_stores_what_the_page_reads(made):
    run, path, report = made
    assert path == report.place
    assert report.calls[0] == ("spin", 0, 1)
    result = read_spin(report.root, run, SETTINGS)
    table = result.tables["tests"]
    assert set(table["kind"]) <= {"trend", "difference", "correlation"}
    assert (table["n_rotations"] + table["n_left_out"] == 120).all()
    expected = hierarchy.compute_tier_trend(run)
    trend = table[table["kind"] == "trend"].iloc[0]
    assert trend["observed"] == pytest.approx(expected.effect)
    assert result.settings["run"] == run.run_id
    assert result.settings["simulated"] is True
    assert 0 < result.settings["coverage"] < 0.1


def test_other_settings_and_other_runs_are_not_mixed_up(made, tmp_path):
    run, _, report = made
    assert read_spin(report.root, run, SpinSettings()) is None
    assert read_spin(report.root, run, SpinSettings("gain", n_rotations=120)) is None
    other = Run(write_synthetic_run(tmp_path / "other", seed=1))
    assert read_spin(report.root, other, SETTINGS) is None


def test_correlations_alone_are_widened(made):
    run, _, report = made
    wide, plain = (
        compute_spin(run, SpinSettings(n_rotations=120, widened=w), report.root).tables["tests"]
        for w in (True, False)
    )
    pairs = (wide["kind"] == "correlation").to_numpy()
    assert pairs.any()
    assert wide[~pairs].equals(plain[~pairs])
    assert wide.loc[pairs, "observed"].equals(plain.loc[pairs, "observed"])
    told = pairs & wide["null_high"].notna()
    spread = [(t["null_high"] - t["null_low"])[told] for t in (wide, plain)]
    assert (spread[0] > spread[1]).all()


def test_kept_rotations_give_the_same_and_damage_makes_them_anew(made, monkeypatch):
    run, _, report = made
    first = compute_spin(run, SETTINGS, report.root)
    anew = compute_spin(run, SETTINGS)
    assert first.tables["tests"].equals(anew.tables["tests"])
    with monkeypatch.context() as patch:
        patch.setattr(rotations, "spin_columns", lambda *_: pytest.fail("rotated again"))
        compute_spin(run, SpinSettings("gain", n_rotations=120), report.root)
    (kept,) = (report.root / SPINS).glob("*.npz")
    kept.write_bytes(kept.read_bytes()[:-200])
    mended = compute_spin(run, SETTINGS, report.root)
    assert mended.tables["tests"].equals(anew.tables["tests"])


def test_the_folder_of_spins_is_no_run(made):
    run, _, report = made
    listing = list_runs(report.root)
    assert [r.run_id for r in listing.runs] == [run.run_id]
    assert not listing.unfinished
    assert not listing.unreadable


def test_runs_off_the_sphere_are_told(tmp_path):
    nowhere = Run(write_synthetic_run(tmp_path, with_space=False))
    assert "do not lie on a surface" in tell_why_not_spun(nowhere)
    with pytest.raises(InputError, match="known sphere"):
        compute_spin(nowhere, SETTINGS)


def test_a_finer_fsaverage_is_turned_by_its_first_vertices():
    left = np.array([0, 5, 10_241, 10_242, 160_000])
    place = place_columns(SurfaceSpace("fsaverage", left, np.array([3, 20_000])))
    assert place.sphere == "fsaverage5"
    np.testing.assert_array_equal(place.columns, [0, 1, 2, 5])
    assert (len(place.left), len(place.right)) == (3, 1)
