"""Responses in images lie where the files say, as nibabel and scipy wrote and read them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import nibabel as nib
import numpy as np
import pytest
import scipy.io

from jne_engine.core.errors import UnsafeFileError
from jne_engine.cortex.names import VERTICES, canonical_name
from jne_engine.cortex.surfaces import load_cortex_vertices
from jne_engine.datasets.arrays.files import ArrayFiles, read_arrays_dataset
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.preview import preview_dataset
from jne_engine.datasets.registry import recognise
from tests.engine.readers.files import refused

N = 20
SMALL = VERTICES["fsaverage3"]
AFFINE = np.diag([2.0, 2, 2, 1])
_rng = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return _rng.normal(size=shape).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "features.npy", normal(N, 4))
    return tmp_path


def gifti(path: Path, values: np.ndarray, *, structure: str = "", intent: str = "none") -> Path:
    arrays = [
        nib.gifti.GiftiDataArray(row, intent=f"NIFTI_INTENT_{intent.upper()}") for row in values
    ]
    meta = {"AnatomicalStructurePrimary": structure} if structure else {}
    image = nib.gifti.GiftiImage(darrays=arrays, meta=nib.gifti.GiftiMetaData(meta))
    nib.save(image, path)
    return path


def cifti(path: Path, values: np.ndarray, *, series: bool = False, below: int = 0) -> Path:
    axis = nib.cifti2.BrainModelAxis
    models = axis.from_surface(load_cortex_vertices("left"), 32492, name="CortexLeft")
    models += axis.from_surface(load_cortex_vertices("right"), 32492, name="CortexRight")
    if below:
        mask = np.zeros((5, 5, 5), bool)
        mask[1, 2, :below] = True
        models += axis.from_mask(mask, name="ThalamusLeft", affine=AFFINE)
    scalars = nib.cifti2.ScalarAxis([f"image {i}" for i in range(len(values))])
    rows = nib.cifti2.SeriesAxis(0, 1, len(values)) if series else scalars
    nib.save(nib.Cifti2Image(values, (rows, models)), path)
    return path


def files(folder: Path, responses: str, **more: object) -> ArrayFiles:
    return ArrayFiles(features=folder / "features.npy", responses=folder / responses, **more)


@pytest.mark.parametrize(("left", "right"), [
    ("lh.responses.func.gii", "rh.responses.func.gii"),
    ("sub-1_hemi-L_task-x.func.gii", "sub-1_hemi-R_task-x.func.gii"),
])  # fmt: skip
def test_a_pair_by_its_names(folder: Path, left: str, right: str) -> None:
    paths = [gifti(folder / name, normal(N, SMALL)) for name in (left, right)]
    for first in (left, right):  # whichever is named, left comes first
        dataset = read_arrays_dataset(files(folder, first))
        known = [np.stack([a.data for a in nib.load(p).darrays]) for p in paths]
        np.testing.assert_array_equal(dataset.responses, np.hstack(known))
        assert dataset.space.surface == "fsaverage3"
        np.testing.assert_array_equal(dataset.space.right, np.arange(SMALL))
        assert {left, right} <= {i.name for i in dataset.provenance.inputs}
    [note] = [n for n in preview_dataset(dataset).notes if n.startswith("columns")]
    assert "1,284 vertices of fsaverage3, 642 left and then 642 right" in note


def test_a_pair_by_its_metadata(folder: Path) -> None:
    a = gifti(folder / "a.func.gii", normal(N, SMALL), structure="CortexRight")
    b = gifti(folder / "b.func.gii", normal(N, SMALL), structure="CortexLeft")
    dataset = read_arrays_dataset(files(folder, "a.func.gii", responses_other=b))
    left, right = (np.stack([x.data for x in nib.load(p).darrays]) for p in (b, a))
    np.testing.assert_array_equal(dataset.responses, np.hstack([left, right]))
    gifti(b, normal(N, SMALL), structure="CortexRight")
    with refused("b.func.gii", "right again"):
        read_arrays_dataset(files(folder, "a.func.gii", responses_other=b))
    swapped = gifti(folder / "lh.c.func.gii", normal(N, SMALL), structure="CortexRight")
    with refused("lh.c.func.gii", "one hemisphere"):
        read_arrays_dataset(files(folder, swapped.name))
    gifti(b, normal(N - 1, SMALL), structure="CortexLeft")
    with refused("b.func.gii", "as many stimuli"):
        read_arrays_dataset(files(folder, "a.func.gii", responses_other=b))


def test_one_hemisphere_alone_says_so(folder: Path) -> None:
    gifti(folder / "rh.func.gii", normal(N, SMALL), structure="CortexRight")
    dataset = read_arrays_dataset(files(folder, "rh.func.gii"))
    assert (dataset.space.left.size, dataset.space.right.size) == (0, SMALL)
    assert any("0 left and then 642 right" in note for note in dataset.provenance.notes)


def test_mgh_pairs(folder: Path) -> None:
    values = {side: normal(SMALL, 1, 1, N) for side in "lr"}
    for side, part in values.items():
        nib.save(nib.MGHImage(part, np.eye(4)), folder / f"{side}h.betas.mgz")
    dataset = read_arrays_dataset(files(folder, "lh.betas.mgz"))
    known = [nib.load(folder / f"{s}h.betas.mgz").get_fdata()[:, 0, 0].T for s in "lr"]
    np.testing.assert_array_equal(dataset.responses, np.hstack(known).astype(np.float32))


@pytest.mark.parametrize("series", [False, True])
def test_cifti_tells_its_vertices_and_what_lies_below(folder: Path, series: bool) -> None:
    name = f"responses.{'dtseries' if series else 'dscalar'}.nii"
    values = normal(N, 59412 + 3)
    path = cifti(folder / name, values, series=series, below=3)
    dataset = read_arrays_dataset(files(folder, name))
    np.testing.assert_array_equal(dataset.responses, nib.load(path).get_fdata()[:, :59412])
    assert dataset.space.surface == "fsLR32k"
    np.testing.assert_array_equal(dataset.space.right, load_cortex_vertices("right"))
    assert any("3 of 59,415 grayordinates lie below" in n for n in dataset.provenance.notes)
    below = read_arrays_dataset(files(folder, name, cifti_part="volume"))
    np.testing.assert_array_equal(below.responses, values[:, 59412:])
    assert below.space.voxels.tolist() == [[1, 2, 0], [1, 2, 1], [1, 2, 2]]
    np.testing.assert_array_equal(below.space.affine, AFFINE)


def test_cifti_1_is_refused_by_name(folder: Path) -> None:
    path = cifti(folder / "a.dscalar.nii", normal(2, 59412))
    path.write_bytes(path.read_bytes().replace(b'CIFTI Version="2.0"', b'CIFTI Version="1.0"'))
    with refused("a.dscalar.nii", "found CIFTI-1.*wb_command"):
        read_arrays_dataset(files(folder, "a.dscalar.nii"))


def test_a_volume_by_its_mask(folder: Path) -> None:
    mask = np.zeros((4, 5, 6), np.uint8)
    mask[1:3, 2, 3:] = 1
    nib.save(nib.Nifti1Image(normal(4, 5, 6, N), AFFINE), folder / "betas.nii.gz")
    nib.save(nib.Nifti1Image(mask, AFFINE), folder / "mask.nii.gz")
    dataset = read_arrays_dataset(files(folder, "betas.nii.gz", voxels=folder / "mask.nii.gz"))
    known = nib.load(folder / "betas.nii.gz").get_fdata()[mask > 0].T
    np.testing.assert_array_equal(dataset.responses, known.astype(np.float32))
    with refused("betas.nii.gz", "a mask beside a volume"):
        read_arrays_dataset(files(folder, "betas.nii.gz"))
    nib.save(nib.Nifti1Image(mask, np.diag([3.0, 3, 3, 1])), folder / "mask.nii.gz")
    with refused("betas.nii.gz", "the grid of mask.nii.gz"):
        read_arrays_dataset(files(folder, "betas.nii.gz", voxels=folder / "mask.nii.gz"))


def test_both_versions_of_matlab_give_the_same(folder: Path) -> None:
    values = _rng.normal(size=(N, 7))
    scipy.io.savemat(folder / "v5.mat", {"betas": values, "name": "x"}, do_compression=True)
    with h5py.File(folder / "v73.mat", "w") as file:
        file["betas"] = values.T  # MATLAB's axes lie in reverse order in HDF5
    for name in ("v5.mat", "v73.mat"):
        found = read_arrays_dataset(files(folder, name)).responses
        np.testing.assert_array_equal(found, values.astype(np.float32))
    scipy.io.savemat(folder / "v5.mat", {"betas": values, "other": values})
    with refused("v5.mat", "betas, other.*--responses-key"):
        read_arrays_dataset(files(folder, "v5.mat"))


@pytest.mark.parametrize(("n", "left", "below"), [
    (64984, np.arange(32492), 0), (59412, load_cortex_vertices("left"), 0),
    (91282, load_cortex_vertices("left"), 31870),
])  # fmt: skip
def test_usual_layouts_of_plain_arrays(folder: Path, n: int, left: np.ndarray, below: int) -> None:
    np.save(folder / "r.npy", np.tile(normal(N, 1), n) + np.arange(n))
    dataset = read_arrays_dataset(files(folder, "r.npy", surface="fs_LR_32k"))
    np.testing.assert_array_equal(dataset.space.left, left)
    assert dataset.n_voxels == n - below
    known = np.load(folder / "r.npy")[:, : n - below].astype(np.float32)
    np.testing.assert_array_equal(dataset.responses, known)
    assert any("below" in note for note in dataset.provenance.notes) == bool(below)
    bare = read_arrays_dataset(files(folder, "r.npy"))
    assert bare.space is None
    assert any("usual layout of fsLR32k" in note for note in bare.provenance.notes)


def test_counts_that_fit_no_surface_are_refused(folder: Path) -> None:
    gifti(folder / "lh.a.func.gii", normal(N, SMALL - 1))
    with refused("lh.a.func.gii", "vertices of a known surface"):
        read_arrays_dataset(files(folder, "lh.a.func.gii"))
    gifti(folder / "lh.space-fsLR_b.func.gii", normal(N, SMALL))
    with refused("lh.space-fsLR_b.func.gii", "vertices of a known surface"):
        read_arrays_dataset(files(folder, "lh.space-fsLR_b.func.gii"))
    gifti(folder / "lh.c.func.gii", normal(N, SMALL))
    with refused("lh.c.func.gii", "10,242 vertices of fsaverage5, found 642"):
        read_arrays_dataset(files(folder, "lh.c.func.gii", surface="fsaverage5"))


def test_vertices_and_names_are_decided_at_once(folder: Path) -> None:
    np.save(folder / "r.npy", normal(N, 3))
    base = files(folder, "r.npy", surface="fsLR_den-32k", vertices=folder / "v.npz")
    for right, match in (
        ([32492, 32493], "subtract 32492: the right hemisphere is counted on"),
        ([0, 32492], "count from 0 to 32491"),
    ):
        np.savez(folder / "v.npz", left=[32491], right=right)
        with refused("v.npz", match):
            read_arrays_dataset(base)
    np.savez(folder / "v.npz", left=[32491], right=[0, 32491])
    assert read_arrays_dataset(base).space.surface == "fsLR32k"
    with refused("surface", "fsaverage5x.*did you mean 'fsaverage5'"):
        read_arrays_dataset(replace(base, surface="fsaverage5x"))


def test_a_described_surface_is_known(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JNE_SURFACES", str(folder))
    (folder / "mine.toml").write_text('name = "sub-07"\n[shapes]\n')
    np.save(folder / "r.npy", normal(N, 2))
    np.savez(folder / "v.npz", left=[99999], right=[0])
    base = files(folder, "r.npy", surface="sub-07", vertices=folder / "v.npz")
    assert read_arrays_dataset(base).space.surface == "sub-07"
    with refused("surface", "sub-08"):
        read_arrays_dataset(replace(base, surface="sub-08"))


@pytest.mark.parametrize(("spelling", "name"), [
    ("fsLR", "fsLR32k"), ("fs_LR_32k", "fsLR32k"), ("fsLR_den-32k", "fsLR32k"),
    ("32k_fs_LR", "fsLR32k"), ("fsaverage7", "fsaverage"), ("FSAverage6", "fsaverage6"),
    ("fsaverage_den-10k", "fsaverage5"), ("fsLR_den-164k", "fsLR_den-164k"), ("mine", "mine"),
])  # fmt: skip
def test_usual_spellings_are_one_name(spelling: str, name: str) -> None:
    assert canonical_name(spelling) == name


def test_a_folder_is_recognised_by_its_pair(folder: Path) -> None:
    for side in "LR":
        gifti(folder / f"s_hemi-{side}_bold.func.gii", normal(N, SMALL))
    found = recognise(folder)
    assert (found.kind, found.detail) == (
        "described", "features beside s_hemi-L_bold.func.gii and s_hemi-R_bold.func.gii",
    )  # fmt: skip
    dataset = read_dataset(folder, allowed_root=folder)
    assert preview_dataset(dataset).space == "fsaverage3"
    gifti(folder / "lh.other.func.gii", normal(N, SMALL))
    with refused(folder.name, "one image of responses, or a pair"):
        read_dataset(folder)


def test_the_other_file_of_a_pair_stays_inside_the_folder(folder: Path) -> None:
    inside = folder / "in"
    inside.mkdir()
    (folder / "features.npy").rename(inside / "features.npy")
    gifti(inside / "lh.a.func.gii", normal(N, SMALL))
    gifti(folder / "secret.func.gii", normal(N, SMALL))
    (inside / "rh.a.func.gii").symlink_to(folder / "secret.func.gii")
    with refused("rh.a.func.gii", error=UnsafeFileError):
        read_dataset(inside, allowed_root=inside)
