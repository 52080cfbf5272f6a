"""The preview tells what an import will do, and everything that looks wrong."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.plan import NsdRequest
from jne_engine.datasets.nsd.preview import preview_nsd
from jne_engine.datasets.preview import readable_ranges, readable_time
from tests.engine.importers import nsd_tree
from tests.engine.importers.nsd_tree import MiniNsd, plain_means


@pytest.fixture(scope="module")
def nsd(tmp_path_factory: pytest.TempPathFactory) -> MiniNsd:
    """Write a tree that lacks a session, ncsnr, images and annotations."""
    nsd = nsd_tree.write_nsd(tmp_path_factory.mktemp("preview") / "nsd")
    nsd_tree.write_volume_betas(nsd, 1, sessions=(1, 3))
    nsd_tree.write_volume_rois(nsd, 1)
    return nsd


def test_a_preview_says_exactly_what_the_import_gives(nsd, tmp_path):
    request = NsdRequest(root=nsd.root, subject=1)
    preview = preview_nsd(request)
    out = import_nsd(request, tmp_path / "out")
    responses = np.load(out / "responses.npy")
    assert (preview.n_images, preview.n_voxels) == responses.shape
    with np.load(out / "splits.npz") as splits:
        counts = [splits[name].size for name in ("train", "validation", "test")]
    assert [preview.n_train, preview.n_validation, preview.n_test] == counts
    with np.load(out / "rois.npz") as rois:
        total = {preset: int(rois[preset].sum()) for preset in rois}
    assert {k: sum(v.values()) for k, v in preview.roi_counts.items()} == total
    assert preview.n_trials == 2 * nsd_tree.PER_SESSION
    _, _, shown = plain_means(nsd, 1, nsd.volume[1, "func1pt8mm"], (1, 3))
    times = [len(trials) for trials in shown.values()]
    assert preview.presentations == {n: times.count(n) for n in sorted(set(times))}
    assert preview.disk_bytes >= responses.nbytes


def test_a_preview_reads_one_run_and_writes_nothing(nsd, tmp_path):
    before = sorted(nsd.root.rglob("*"))
    preview = preview_nsd(NsdRequest(root=nsd.root, subject=1))
    assert preview.seconds > 0
    assert preview_nsd(NsdRequest(root=nsd.root, subject=1), measure=False).seconds is None
    assert sorted(nsd.root.rglob("*")) == before
    assert preview.to_dict()["n_trials"] == preview.n_trials


def test_everything_that_looks_wrong_is_told(nsd):
    preview = preview_nsd(NsdRequest(root=nsd.root, subject=1))
    assert preview.sessions_present == (1, 3)
    assert preview.sessions_missing == (2, *range(4, 41))
    told = "\n".join(preview.problems)
    for expected in (
        "that are missing: 2, 4-40", "the manual says (81, 104, 83)", "the manual says 15724",
        "shared images seen, of 1000", "no ncsnr", "no pictures: nsd_stimuli.hdf5 not found",
    ):  # fmt: skip
        assert expected in told
    text = str(preview)
    assert "sessions: 1, 3; missing: 2, 4-40" in text
    assert text.count("LOOK AT: ") == len(preview.problems)
    assert "betas_session01.nii.gz: 18 trials × (6, 5, 4), int16, ÷300" in text


def test_ranges_and_times_are_written_as_people_do():
    assert readable_ranges((1, 2, 3, 5, 7, 8)) == "1-3, 5, 7-8"
    assert [readable_time(s) for s in (0.5, 42, 720, 9000)] == ["0.5 s", "42 s", "12 min", "2.5 h"]
