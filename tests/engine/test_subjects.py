"""Effects planted in four small subjects are found, and none where none was planted."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.analysis import regions, subjects
from jne_engine.core.errors import InputError
from jne_engine.runs.store import Run
from tests.synthetic_run import write_synthetic_run

SUBJECTS = ("S1", "S2", "S5", "S7")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("subjects")
    paths = [write_synthetic_run(root, subject=s, seed=i) for i, s in enumerate(SUBJECTS)]
    return tuple(map(Run, paths))


def test_means_are_each_subjects_own(runs):
    means = subjects.tabulate_subject_means(runs, by="roi")
    for run in runs:
        own = means[means["run_id"] == run.run_id]
        expected = regions.tabulate_rois(run)["mean_jne"]
        np.testing.assert_allclose(own["mean"], expected)
        assert set(own["subject"]) == {run.manifest.subject}
    with pytest.raises(InputError, match="one run of each"):
        subjects.tabulate_subject_means([runs[0], runs[0]])


def test_a_planted_tier_effect_is_found_in_every_subject(runs):
    """JNE grows along the synthetic hierarchy."""
    means = subjects.tabulate_subject_means(runs)
    pairs = subjects.compare_subjects(means).set_index(["first", "second"])
    up = pairs.loc[("higher", "primary")]
    assert (up["n_subjects"], up["n_positive"], up["p"]) == (4, 4, 1 / 16)
    assert up["smallest_p"] == 1 / 16
    assert pairs.loc[("primary", "higher"), "p"] == 1
    assert not pairs["exceeds"].any()  # four subjects cannot reach q < 0.05
    model = subjects.fit_tier_model(means)
    assert model.low > 0
    assert model.p < 1e-4
    assert (model.n_subjects, model.n_rows) == (4, 12)


def test_no_effect_is_found_where_none_was_planted(runs):
    """The noise ceiling is drawn alike everywhere."""
    means = subjects.tabulate_subject_means(runs, "noise_ceiling")
    model = subjects.fit_tier_model(means)
    assert model.low < 0 < model.high
    assert not subjects.compare_subjects(means)["exceeds"].any()


def test_one_run_a_subject_is_chosen_among_those_made_alike(runs, tmp_path):
    again = Run(write_synthetic_run(tmp_path, subject="S1", seed=9))
    assert subjects.choose_one_a_subject((again, *runs), runs[0]) == runs
    chosen = subjects.choose_one_a_subject((again, *runs), runs[2])
    assert [r.run_id for r in chosen] == [again.run_id, *(r.run_id for r in runs[1:])]


def test_one_subject_has_no_model(runs):
    assert subjects.fit_tier_model(subjects.tabulate_subject_means(runs[:1])) is None
