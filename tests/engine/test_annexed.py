"""Data of DataLad: links to hashes keep their names, contents that are not there are told."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.core.progress import ignore_stages
from jne_engine.datasets.arrays.source import SOURCE
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.imported import read_trial_table
from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.layout import find_sessions
from jne_engine.datasets.nsd.plan import NsdRequest
from jne_engine.datasets.nsd.preview import preview_nsd
from jne_engine.datasets.registry import recognise
from jne_engine.formats.guard import check_file
from tests.engine.importers import nsd_tree

KEY = "MD5E-s9--0123456789abcdef0123456789abcdef"


def annex(path: Path, *, fetched: bool = True) -> None:
    """Put a link into ``.git/annex`` in a file's place, as git-annex does."""
    content = path.parent / ".git/annex/objects/aa/bb" / KEY / f"{KEY}{path.suffix}"
    content.parent.mkdir(parents=True, exist_ok=True)
    content = content.with_stem(f"{KEY}{path.stem}")
    if path.exists():
        path.rename(content)
    if not fetched:
        content.unlink(missing_ok=True)
    path.symlink_to(content.relative_to(path.parent))


def write_subject(folder: Path, features: Path | None = None) -> Path:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    np.save(folder / "responses.npy", rng.standard_normal((60, 5)).astype(np.float32))
    if features is None:
        np.save(folder / "features.npy", rng.standard_normal((60, 4)).astype(np.float32))
    else:
        (folder / "features.npy").symlink_to(features)
    return folder


def test_subjects_that_share_features_have_names_of_their_own(tmp_path):
    shared = write_subject(tmp_path / "shared") / "features.npy"
    names = [read_dataset(write_subject(tmp_path / s, shared)).name for s in ("s1", "s2")]
    assert names == ["s1", "s2"]
    for name in ("s3", "s4"):
        folder = write_subject(tmp_path / name)
        text = 'features = "../shared/features.npy"\nresponses = "responses.npy"\n'
        (folder / "dataset.toml").write_text(text)
        assert read_dataset(folder).name == name


def test_annexed_files_are_called_by_their_links(tmp_path):
    folder = write_subject(tmp_path / "sub-01")
    for name in ("features.npy", "responses.npy"):
        annex(folder / name)
    dataset = read_dataset(folder)
    assert dataset.name == "sub-01"
    request = SOURCE.request_type(
        features=folder / "features.npy", responses=folder / "responses.npy"
    )
    out = SOURCE.bring(request, tmp_path / "out", report=ignore_stages)
    values = tomllib.loads(out.read_text())
    assert values["features"] == "../sub-01/features.npy"
    again = read_dataset(out)
    assert again.name == "sub-01"
    assert KEY not in repr(again.provenance)


@pytest.mark.parametrize("pointer", [False, True])
def test_what_is_not_fetched_says_how_to_fetch_it(tmp_path, pointer):
    folder = write_subject(tmp_path / "sub-01")
    path = folder / "responses.npy"
    if pointer:
        path.write_text(f"/annex/objects/{KEY}.npy\n")
    else:
        annex(path, fetched=False)
    with pytest.raises(InputError, match="not fetched: run datalad get") as caught:
        check_file(path)
    assert "\n" not in str(caught.value)
    assert recognise(folder).kind == "described"
    with pytest.raises(InputError, match="not fetched"):
        read_dataset(folder)


def test_a_link_to_nothing_elsewhere_is_not_found(tmp_path):
    (tmp_path / "a.npy").symlink_to(tmp_path / "b.npy")
    with pytest.raises(InputError, match="nothing at"):
        check_file(tmp_path / "a.npy")


@pytest.mark.parametrize("pointer", [False, True])
def test_sessions_that_are_not_fetched_are_left_out_and_told(tmp_path, pointer):
    nsd = nsd_tree.write_nsd(tmp_path / "nsd")
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    path = nsd.folder(1, "func1pt8mm") / "betas_session02.nii.gz"
    if pointer:
        path.write_text(f"/annex/objects/{KEY}.nii.gz\n")
    else:
        annex(path, fetched=False)
    images = NsdRequest(root=nsd.root, subject=1).tree().images
    images.parent.mkdir(parents=True, exist_ok=True)
    images.unlink(missing_ok=True)
    annex(images, fetched=False)
    preview = preview_nsd(NsdRequest(root=nsd.root, subject=1))
    assert preview.sessions_present == (1, 3)
    assert "session 2: not fetched (run datalad get), left out" in preview.problems
    assert "no pictures: nsd_stimuli.hdf5 not fetched: run datalad get nsd_stimuli.hdf5" in (
        preview.problems
    )
    out = import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")
    assert read_trial_table(out).sessions == (1, 3)


def test_no_session_fetched_is_one_line(tmp_path):
    nsd = nsd_tree.write_nsd(tmp_path / "nsd")
    nsd_tree.write_volume_betas(nsd, 1)
    for path in nsd.folder(1, "func1pt8mm").glob("betas_session*"):
        annex(path, fetched=False)
    with pytest.raises(InputError, match="3 that are not fetched: run datalad get"):
        find_sessions(NsdRequest(root=nsd.root, subject=1).tree())
