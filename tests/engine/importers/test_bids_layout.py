"""BIDS derivatives: which files are taken, and what says what they showed."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.datasets.bids.plan import BidsRequest, plan_bids
from jne_engine.datasets.imported import read_responses
from jne_engine.datasets.registry import find_layout, recognise
from tests.engine.importers.test_trial_layouts import names_of
from tests.engine.importers.trial_layouts import (
    write_bids_cifti,
    write_bids_gifti,
    write_bids_volume,
)
from tests.engine.importers.trial_study import AFFINE, Study, average_loop


def small(**choices):
    return Study(n_images=60, n_repeated=10, **choices)


def bring(root, out, **choices):
    request = BidsRequest(root=root, subject="07", pictures=False, **choices)
    return find_layout("bids").bring(request, out, report=lambda *_: None)


def test_time_series_are_left_out_and_told(tmp_path):
    root = write_bids_volume(small(), tmp_path / "data")
    plan = plan_bids(BidsRequest(root=root, subject="07"))
    assert plan.notes[0].startswith("6 time series (_bold) are left out")
    assert any("that are in all 6 masks" in note for note in plan.notes)
    for path in root.rglob("*betaseries*"):
        path.unlink()
    with pytest.raises(InputError, match=r"found 6 time series \(_bold\): estimate betas first"):
        plan_bids(BidsRequest(root=root, subject="07"))
    found = recognise(root)
    assert (found.kind, found.subjects) == ("bids", ())
    assert "only time series" in find_layout("bids").lacks(found, {})


def test_pairs_of_hemispheres_become_vertices_in_the_order_that_the_table_gives(tmp_path):
    study = small()
    root = write_bids_gifti(study, tmp_path / "data")
    out = bring(root, tmp_path / "out", normalise="run")
    responses, space = read_responses(out), np.load(out / "space.npz")
    assert responses.shape == (60, 1284)
    used = np.flatnonzero(np.isfinite(responses).all(axis=0))
    np.testing.assert_array_equal(used, np.r_[np.arange(6) * 50, 642 + np.arange(6) * 50])
    expected = average_loop(study)
    rows = [expected[name] for name in names_of(out)]
    np.testing.assert_allclose(responses[:, used], rows, atol=2e-5)
    np.testing.assert_array_equal(space["left"], np.arange(642))


def test_grayordinates_are_taken_from_cifti(tmp_path):
    study = small()
    root = write_bids_cifti(study, tmp_path / "data")
    out = bring(root, tmp_path / "out", normalise="session")
    expected = average_loop(study, "session")
    rows = [expected[name] for name in names_of(out)]
    np.testing.assert_allclose(read_responses(out), rows, atol=2e-5)
    np.testing.assert_array_equal(np.load(out / "space.npz")["right"], np.arange(6) * 1000 + 7)


def test_one_map_a_contrast_is_one_row_a_stimulus(tmp_path):
    study = Study(n_images=30, n_repeated=0)
    place = tmp_path / "data" / "sub-07"
    place.mkdir(parents=True)
    nib.save(nib.Nifti1Image(study.mask(), AFFINE), place / "sub-07_space-MNI_mask.nii.gz")
    for trial, image in enumerate(study.image):
        for stat in ("effect", "t"):
            name = f"sub-07_task-see_space-MNI_contrast-c{image}_stat-{stat}_statmap.nii.gz"
            nib.save(nib.Nifti1Image(study.volume([trial])[..., 0], AFFINE), place / name)
    with pytest.raises(InputError, match="choose --series space-MNI_stat-effect_statmap"):
        plan_bids(BidsRequest(root=tmp_path / "data", subject="07"))
    series = "space-MNI_stat-effect_statmap"
    out = bring(tmp_path / "data", tmp_path / "out", series=series, normalise="none")
    assert names_of(out) == [f"c{i}" for i in range(30)]
    expected = np.empty((30, 12))
    expected[study.image] = study.betas.astype(np.float32)
    np.testing.assert_allclose(read_responses(out), expected, rtol=1e-6)
    offered = find_layout("bids").offer(recognise(tmp_path / "data"), {"subject": ["07"]})
    assert next(o for o in offered if o.name == "series").values == (
        series, "space-MNI_stat-t_statmap")  # fmt: skip


def write_events(path, rows, *, index=None):
    """Write events of some stimuli, with the index of their maps where it is given."""
    numbers = [f"\t{i}" for i in index] if index else [""] * len(rows)
    lines = [f"{3 * i}\t2\t{row}{number}"
             for i, (row, number) in enumerate(zip(rows, numbers, strict=True))]  # fmt: skip
    head = "onset\tduration\tstim_file" + "\tbeta_index" * bool(index)
    path.write_text("\n".join([head, *lines]) + "\n")


def test_events_with_other_rows_than_maps_are_never_paired_by_position(tmp_path):
    study = small()
    root = write_bids_volume(study, tmp_path / "data")
    events = sorted((tmp_path / "data").glob("sub-07/ses-01/func/*run-1_events.tsv"))[0]
    _, _, rows = study.runs()[0]
    shown = [study.shown[t] for t in rows]

    def first_run():
        return plan_bids(BidsRequest(root=root, subject="07")).trials.image[: len(shown)]

    right = first_run()
    write_events(events, shown)
    np.testing.assert_array_equal(first_run(), right)
    # One more was shown, of which no map was made, and another row lost its name: as many rows
    # name a stimulus as there are maps, and each stands beside another's map.
    more = [study.shown[rows[-1]], "n/a", *shown[1:]]
    assert sum(row != "n/a" for row in more) == len(shown)
    write_events(events, more)
    refused = rf"events.tsv: expected a row for each of {len(shown)} maps, found {len(more)} rows:"
    with pytest.raises(InputError, match=refused):
        first_run()
    write_events(events, ["n/a", *shown], index=["n/a", *range(len(shown))])
    np.testing.assert_array_equal(first_run(), right)
    write_events(events, shown[::-1], index=list(range(len(shown)))[::-1])
    np.testing.assert_array_equal(first_run(), right)


def test_what_does_not_fit_is_refused(tmp_path):
    root = write_bids_volume(small(), tmp_path / "data")
    events = sorted((tmp_path / "data").glob("sub-07/ses-01/func/*run-1_events.tsv"))[0]
    lines = events.read_text().splitlines()
    events.write_text("\n".join(lines[:-2]) + "\n")
    with pytest.raises(
        InputError, match=r"a row for each of .* rows that beta_index numbers other"
    ):
        plan_bids(BidsRequest(root=root, subject="07"))
    events.unlink()
    with pytest.raises(InputError, match="a table of its maps' stimuli"):
        plan_bids(BidsRequest(root=root, subject="07"))
