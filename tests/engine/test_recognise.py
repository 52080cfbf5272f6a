"""Folders are told apart by names alone."""

import pytest

from jne_engine.datasets.registry import recognise
from tests.engine.importers import nsd_tree


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_nsd_tells_subjects_spaces_and_betas(tmp_path):
    nsd = nsd_tree.write_nsd(tmp_path)
    for subject, space in ((1, "func1pt8mm"), (1, "fsaverage"), (5, "func1mm")):
        nsd.folder(subject, space).mkdir(parents=True)
    found = recognise(tmp_path)
    assert found.kind == "nsd"
    assert found.subjects == (1, 5)
    assert found.spaces_of(1) == ("func1pt8mm", "fsaverage")
    assert found.betas_of(5, "func1mm") == (nsd_tree.BETAS,)
    assert found.betas_of(5, "fsaverage") == ()


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["training_split/training_fmri/lh_training_fmri.npy"], "algonauts"),
        (["Stan_fmri_Sub2.h5", "Stan_clip_vit_Sub2.h5"], "scripts"),
        (["Dataset_fMRI/Stan_fmri_Sub7.h5"], "scripts"),
        (["dataset.toml"], "described"),
        (["features.npy", "responses.h5"], "described"),
        (["x.npy", "y.npy"], "arrays"),
        (["x.npy"], ""),
        (["a.png", "b.jpg"], "images"),
        ([], ""),
    ],
)
def test_kinds(tmp_path, names, kind):
    touch(tmp_path, *names)
    assert recognise(tmp_path).kind == kind


def test_scripts_tell_subjects_and_arrays_their_files(tmp_path):
    touch(tmp_path / "s", "Stan_fmri_Sub2.h5", "Stan_fmri_Sub1.h5")
    touch(tmp_path / "a", "x.npy", "y.h5", "z.txt")
    assert recognise(tmp_path / "s").subjects == (1, 2)
    assert recognise(tmp_path / "a").files == ("x.npy", "y.h5")
