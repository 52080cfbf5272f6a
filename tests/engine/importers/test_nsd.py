"""A miniature NSD is imported to exactly what a plain calculation over its arrays gives."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import nibabel
import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import SurfaceSpace, VolumeSpace
from jne_engine.datasets.feature_files import FeatureFile
from jne_engine.datasets.imported import ImportedFiles, build_imported_dataset, read_trial_table
from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.plan import NsdRequest, plan_nsd
from jne_engine.formats.label_tables import LABEL_NAMES
from tests.engine.importers import nsd_tree
from tests.engine.importers.doors import DOORS
from tests.engine.importers.nsd_tree import (
    AFFINE,
    GRID,
    N_VERTICES,
    PER_SESSION,
    RUNS,
    MiniNsd,
    plain_means,
    session_and_run,
)
from tests.engine.readers.files import refused

TOLERANCE = {"rtol": 0, "atol": 1e-6}
"""Means of at most three z-scores, summed in single precision."""

ALL = (1, 2, 3)


@pytest.fixture
def nsd(tmp_path: Path) -> MiniNsd:
    return nsd_tree.write_nsd(tmp_path / "nsd")


@pytest.fixture(scope="module")
def volume_nsd(tmp_path_factory: pytest.TempPathFactory) -> MiniNsd:
    """Write a tree with volume betas, ROIs and ncsnr that tests only read."""
    nsd = nsd_tree.write_nsd(tmp_path_factory.mktemp("volume") / "nsd")
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    nsd_tree.write_ncsnr(nsd, 1, "func1pt8mm")
    return nsd


def load(out: Path) -> dict[str, np.ndarray]:
    """Read what an import wrote, with numpy alone."""
    arrays = {p.stem: np.load(p) for p in out.glob("*.npy")}
    for p in out.glob("*.npz"):
        with np.load(p) as archive:
            arrays |= {f"{p.stem}.{key}": archive[key] for key in archive}
    return arrays


def record(out: Path) -> dict:
    return json.loads((out / "import.json").read_text())


def notes(out: Path) -> str:
    return "\n".join(record(out)["notes"])


def dataset(out: Path):
    """Join an imported folder with any features."""
    n_images = len(np.load(out / "image_ids.npy"))
    features = np.random.default_rng(0).normal(size=(n_images, 3)).astype(np.float32)
    files = ImportedFiles(folder=out, name="NSD", subject="subj01", standardisation="none")
    return build_imported_dataset(files, FeatureFile(features, "drawn"))


def whole_brain(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (x, y, z) and the x-fastest position of each voxel of a mask, as numpy lists them."""
    voxels = np.argwhere(mask.reshape(GRID, order="F"))
    x, y, z = voxels.T
    return voxels, x + GRID[0] * (y + GRID[1] * z)


FORMS = {
    "nifti": {"form": "nii.gz"},
    "plain nifti": {"form": "nii"},
    "hdf5": {"form": "hdf5"},
    "hdf5 by trial": {"form": "hdf5", "chunks": (1, 4, 5, 6)},
    "hdf5 by voxel": {"form": "hdf5", "chunks": (PER_SESSION, 1, 1, 1)},
    "hdf5 by slab": {"form": "hdf5", "chunks": (7, 3, 5, 6)},
}


@pytest.mark.parametrize("space", ["func1pt8mm", "func1mm"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_volumes_of_every_format(nsd, tmp_path, space, form):
    stored = nsd_tree.write_volume_betas(nsd, 1, space, **form)
    nsd_tree.write_volume_rois(nsd, 1, space)
    out = import_nsd(NsdRequest(root=nsd.root, subject=1, space=space), tmp_path / "out")
    ids, means, _ = plain_means(nsd, 1, stored, ALL)
    voxels, positions = whole_brain(nsd.labels["nsdgeneral"] == 1)
    found = load(out)
    np.testing.assert_array_equal(found["image_ids"], ids)
    np.testing.assert_allclose(found["responses"], means[:, positions], **TOLERANCE)
    np.testing.assert_array_equal(found["space.voxels"], voxels)
    np.testing.assert_allclose(found["space.affine"], AFFINE)
    space_read = dataset(out).space
    assert isinstance(space_read, VolumeSpace)
    assert (space_read.name, space_read.shape) == (space, GRID)


@pytest.mark.parametrize("space", ["fsaverage", "nativesurface"])
def test_surfaces_keep_left_before_right_and_count_nan(nsd, tmp_path, space):
    def spoil(prefix, stored):
        if space == "fsaverage" and prefix == "lh":
            stored[:, 3] = np.nan

    left, right = nsd_tree.write_surface_betas(nsd, 1, space, spoil=spoil)
    nsd_tree.write_surface_rois(nsd, "fsaverage" if space == "fsaverage" else "subj01")
    request = NsdRequest(root=nsd.root, subject=1, space=space, voxels=("all",))
    out = import_nsd(request, tmp_path / "out")
    ids, means, _ = plain_means(nsd, 1, np.concatenate([left, right], axis=1), ALL)
    found = load(out)
    np.testing.assert_array_equal(found["image_ids"], ids)
    np.testing.assert_allclose(found["responses"], means, **TOLERANCE)
    data = dataset(out)
    assert isinstance(data.space, SurfaceSpace)
    assert data.space.surface == ("fsaverage" if space == "fsaverage" else "subj01-nativesurface")
    np.testing.assert_array_equal(data.space.right, np.arange(N_VERTICES[1]))
    n_nan = 1 if space == "fsaverage" else 0
    assert (~data.valid_voxels).sum() == n_nan
    assert (f"{n_nan} of 25 vertices have NaN" in notes(out)) == bool(n_nan)


def test_percent_signal_change_is_divided_by_300_where_stored_as_whole_numbers(nsd, tmp_path):
    volume = nsd_tree.write_volume_betas(nsd, 1)
    surface = nsd_tree.write_surface_betas(nsd, 1, "fsaverage")
    native = nsd_tree.write_surface_betas(nsd, 1, "nativesurface")
    nsd_tree.write_volume_rois(nsd, 1)
    expected = {
        "func1pt8mm": volume[:, whole_brain(np.ones(np.prod(GRID), bool))[1]] / 300,
        "fsaverage": np.concatenate(surface, axis=1),
        "nativesurface": np.concatenate(native, axis=1) / 300,
    }
    for space, betas in expected.items():
        request = NsdRequest(root=nsd.root, subject=1, space=space, voxels=("all",),
                             normalise="none")  # fmt: skip
        found = load(import_nsd(request, tmp_path / space))
        rows = [betas[nsd.images[1] == i].mean(axis=0) for i in found["image_ids"]]
        np.testing.assert_allclose(found["responses"], rows, rtol=1e-6, atol=1e-6)
        assert "percent signal change" in notes(tmp_path / space)


def test_every_subject_has_its_own_images(nsd, tmp_path):
    for subject in (1, 2):
        stored = nsd_tree.write_volume_betas(nsd, subject)
        nsd_tree.write_volume_rois(nsd, subject)
        out = import_nsd(NsdRequest(root=nsd.root, subject=subject), tmp_path / f"{subject}")
        ids, means, _ = plain_means(nsd, subject, stored, ALL)
        _, positions = whole_brain(nsd.labels["nsdgeneral"] == 1)
        found = load(out)
        np.testing.assert_array_equal(found["image_ids"], ids)
        np.testing.assert_allclose(found["responses"], means[:, positions], **TOLERANCE)
        assert record(out)["source"].startswith(f"Natural Scenes Dataset, subj0{subject},")


@pytest.mark.parametrize("sessions", [(1, 2), (1, 3), (3,)])
def test_missing_sessions_leave_their_trials_out(nsd, tmp_path, sessions):
    stored = nsd_tree.write_volume_betas(nsd, 1, sessions=sessions)
    nsd_tree.write_volume_rois(nsd, 1)
    out = import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")
    ids, means, shown = plain_means(nsd, 1, stored, sessions)
    _, positions = whole_brain(nsd.labels["nsdgeneral"] == 1)
    found = load(out)
    np.testing.assert_array_equal(found["image_ids"], ids)
    np.testing.assert_allclose(found["responses"], means[:, positions], **TOLERANCE)
    trials = read_trial_table(out)
    assert trials.sessions == sessions
    assert trials.presentations.tolist() == [len(shown[i]) for i in ids]
    assert "missing: " + {(1, 2): "3-40", (1, 3): "2, 4-40", (3,): "1-2, 4-40"}[sessions] in notes(
        out
    )


def test_a_session_with_one_hemisphere_is_left_out_and_told(nsd):
    nsd_tree.write_surface_betas(nsd, 1, "fsaverage")
    (nsd.folder(1, "fsaverage") / "rh.betas_session02.mgh").unlink()
    plan = plan_nsd(NsdRequest(root=nsd.root, subject=1, space="fsaverage", voxels=("all",)))
    assert [s.session for s in plan.sessions] == [1, 3]
    assert "session 2: one hemisphere only, left out" in plan.problems


def test_the_shared_images_test_and_the_rest_is_divided(volume_nsd, tmp_path):
    out = import_nsd(NsdRequest(root=volume_nsd.root, subject=1), tmp_path / "out")
    found = load(out)
    test = found["image_ids"][found["splits.test"]]
    np.testing.assert_array_equal(test, np.intersect1d(volume_nsd.shared, found["image_ids"]))
    rows = np.concatenate([found[f"splits.{n}"] for n in ("train", "validation", "test")])
    np.testing.assert_array_equal(np.sort(rows), np.arange(found["image_ids"].size))


def test_images_common_to_subjects_may_test_instead(volume_nsd, tmp_path):
    request = NsdRequest(root=volume_nsd.root, subject=1, test="common", common_subjects=(1, 2))
    found = load(import_nsd(request, tmp_path / "out"))
    test = found["image_ids"][found["splits.test"]]
    np.testing.assert_array_equal(test, np.intersect1d(*(volume_nsd.images[s] for s in (1, 2))))


def test_the_ceiling_from_ncsnr_has_mixed_presentations(nsd, tmp_path):
    stored = nsd_tree.write_volume_betas(nsd, 1, sessions=(1, 2))
    nsd_tree.write_volume_rois(nsd, 1)
    ncsnr = nsd_tree.write_ncsnr(nsd, 1, "func1pt8mm").astype(np.float64)
    found = load(import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out"))
    _, _, shown = plain_means(nsd, 1, stored, (1, 2))
    counts = [len(shown[i]) for i in found["image_ids"][found["splits.test"]]]
    a, b, c = (counts.count(n) for n in (3, 2, 1))
    assert len(set(counts)) > 1
    _, positions = whole_brain(nsd.labels["nsdgeneral"] == 1)
    power = ncsnr[positions] ** 2
    expected = power / (power + (a / 3 + b / 2 + c) / (a + b + c))
    np.testing.assert_allclose(found["noise_ceiling"], expected, rtol=1e-5)


def test_the_ceiling_from_repeats_is_that_of_the_scripts(nsd, tmp_path):
    stored = nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    out = import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")
    found = load(out)
    _, _, shown = plain_means(nsd, 1, stored, ALL)
    test = found["image_ids"][found["splits.test"]]
    thrice = [i for i in test if len(shown[i]) == 3]
    assert 2 <= len(thrice) < len(test)
    _, positions = whole_brain(nsd.labels["nsdgeneral"] == 1)
    repeats = np.array([[shown[i][k][positions] for i in thrice] for k in range(3)])
    repeats = (repeats - repeats.mean(axis=1, keepdims=True)) / repeats.std(axis=1, keepdims=True)
    noise = repeats.var(axis=0, ddof=1).mean(axis=0)
    snr2 = np.maximum(1 - noise, 0) / noise
    np.testing.assert_allclose(found["noise_ceiling"], 3 * snr2 / (1 + 3 * snr2), atol=2e-6)
    assert f"{len(thrice)} test images shown 3×, as there is no ncsnr" in notes(out)
    assert not list(out.glob("*scratch*"))


@pytest.mark.parametrize("side", ["volume", "surface"])
def test_roi_masks_are_the_labels_at_the_columns(nsd, tmp_path, side):
    if side == "volume":
        nsd_tree.write_volume_betas(nsd, 1)
        nsd_tree.write_volume_rois(nsd, 1)
        space, (_, positions) = "func1pt8mm", whole_brain(nsd.labels["nsdgeneral"] == 1)
        labels = {name: nsd.labels[name][positions] for name in nsd_tree.LABEL_COUNTS}
    else:
        nsd_tree.write_surface_betas(nsd, 1, "fsaverage")
        nsd_tree.write_surface_rois(nsd, "fsaverage")
        space = "fsaverage"
        general = [nsd.labels[f"{p}.nsdgeneral"] == 1 for p in ("lh", "rh")]
        labels = {
            name: np.concatenate(
                [nsd.labels[f"{p}.{name}"][g] for p, g in zip(("lh", "rh"), general, strict=True)]
            )
            for name in nsd_tree.LABEL_COUNTS
        }
    out = import_nsd(NsdRequest(root=nsd.root, subject=1, space=space), tmp_path / "out")
    sets = dataset(out).roi_sets
    for name, names in LABEL_NAMES.items():
        present = [n for i, n in enumerate(names, start=1) if (labels[name] == i).any()]
        assert sets[name].names == tuple(present)
        for label in present:
            expected = labels[name] == names.index(label) + 1
            np.testing.assert_array_equal(sets[name].mask(label), expected)
    preset = sets["nsd-floc+prf"]
    assert "FFA-2" not in preset.names
    assert "nsd-floc+prf: no column in " in notes(out)
    assert "Allen et al. 2022" in preset.source
    prf = labels["prf-visualrois"]
    np.testing.assert_array_equal(preset.mask("V1"), (prf == 1) | (prf == 2))
    np.testing.assert_array_equal(preset.mask("V4"), prf == 7)
    np.testing.assert_array_equal(preset.mask("EBA"), labels["floc-bodies"] == 1)
    assert preset.tiers[preset.names.index("EBA")] == "higher"
    hcp = sets["hcp-mmp"]
    assert hcp.approximate
    assert "Glasser" in hcp.source
    v3 = labels["HCP_MMP1"] == 5
    assert ("V3" in hcp.names) == v3.any()
    if v3.any():
        np.testing.assert_array_equal(hcp.mask("V3"), v3)


def test_right_hemisphere_labels_above_180_are_folded_and_told(nsd, tmp_path):
    nsd_tree.write_surface_betas(nsd, 1, "fsaverage")
    nsd_tree.write_surface_rois(nsd, "fsaverage")
    path = nsd.root / "nsddata/freesurfer/fsaverage/label/rh.HCP_MMP1.mgz"
    labels = nsd.labels["rh.HCP_MMP1"].copy()
    labels[0] = 1
    shifted = np.where(labels > 0, labels + 180, labels).astype(np.float32)
    nibabel.save(nibabel.MGHImage(shifted[:, None, None], np.eye(4)), path)
    request = NsdRequest(root=nsd.root, subject=1, space="fsaverage", voxels=("all",))
    out = import_nsd(request, tmp_path / "out")
    assert "HCP_MMP1: labels above 180 taken as the right hemisphere's" in notes(out)
    assert dataset(out).roi_sets["HCP_MMP1"].mask("V1")[N_VERTICES[0]]


@pytest.mark.parametrize(
    ("voxels", "expected"),
    [
        (("all",), lambda n: np.ones(np.prod(GRID), bool)),
        (("brainmask",), lambda n: n.labels["brainmask"]),
        (("floc-bodies",), lambda n: n.labels["floc-bodies"] > 0),
        (("floc-places:PPA", "V4"),
         lambda n: (n.labels["floc-places"] == 2) | (n.labels["prf-visualrois"] == 7)),
    ],
    ids=lambda v: "+".join(v) if isinstance(v, tuple) else "",
)  # fmt: skip
def test_voxels_are_chosen_by_mask_or_roi(volume_nsd, tmp_path, voxels, expected):
    request = NsdRequest(root=volume_nsd.root, subject=1, voxels=voxels)
    found = load(import_nsd(request, tmp_path / "out"))
    voxels_expected, _ = whole_brain(expected(volume_nsd))
    np.testing.assert_array_equal(found["space.voxels"], voxels_expected)


def test_categories_are_the_boxes_inside_the_crop(volume_nsd, tmp_path):
    truth = nsd_tree.write_annotations(volume_nsd)
    out = import_nsd(NsdRequest(root=volume_nsd.root, subject=1), tmp_path / "out")
    table = dataset(out).stimuli.table
    assert list(table.columns) == ["main supercategory", "supercategories", "categories"]
    parents = {c["name"]: c["supercategory"] for c in nsd_tree.CATEGORIES}
    cut = 0
    for image in load(out)["image_ids"].tolist():
        seen = set()
        for name, (x, y, width, height) in truth[image]:
            left, right = (0, 640) if image % 2 == 0 else (160, 480)
            top, bottom = (48, 336) if image % 2 == 0 else (0, 480)
            shown = min(x + width, right) > max(x, left) and min(y + height, bottom) > max(y, top)
            cut += not shown
            seen |= {name} if shown else set()
        row = table.loc[f"nsd-{image:05d}"]
        assert row["categories"] == ("; ".join(sorted(seen)) or "none")
        expected = sorted({parents[name] for name in seen})
        assert row["supercategories"] == ("; ".join(expected) or "none")
        assert row["main supercategory"] in (expected or ["none"])
    assert cut > 0


def test_pictures_are_the_images_of_the_ids(nsd, tmp_path):
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    bricks = nsd_tree.write_images(nsd, pixels=128)
    found = load(import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out"))
    exact = bricks[found["image_ids"]].reshape(-1, 64, 2, 64, 2, 3).mean(axis=(2, 4))
    assert np.abs(found["thumbnails"] - exact).max() <= 0.5


def test_a_voxel_without_variance_in_a_run_is_masked_and_counted(nsd, tmp_path):
    session, run, _ = session_and_run(nsd.n_sessions)

    def spoil(stored):
        stored[(session == 2) & (run == 3), 7] = 12

    nsd_tree.write_volume_betas(nsd, 1, spoil=spoil)
    nsd_tree.write_volume_rois(nsd, 1)
    request = NsdRequest(root=nsd.root, subject=1, voxels=("all",))
    out = import_nsd(request, tmp_path / "out")
    valid = dataset(out).valid_voxels
    _, positions = whole_brain(np.ones(np.prod(GRID), bool))
    assert positions[~valid].tolist() == [7]
    assert "1 of 120 voxels have NaN or no variance within a run and are masked" in notes(out)


def test_runs_come_from_the_columns_in_whatever_order_the_rows_stand(nsd, tmp_path):
    stored = nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    order = np.random.default_rng(0).permutation(nsd.n_sessions * PER_SESSION)
    nsd_tree.write_behaviour(nsd, 1, order=order)
    out = import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")
    _, means, _ = plain_means(nsd, 1, stored, ALL)
    _, positions = whole_brain(nsd.labels["nsdgeneral"] == 1)
    np.testing.assert_allclose(load(out)["responses"], means[:, positions], **TOLERANCE)
    assert "responses.tsv was not in order and was sorted" in notes(out)
    assert len(read_trial_table(out).runs(1)) == len(RUNS)


@pytest.mark.parametrize("missing", ["behaviour", "design"])
def test_either_source_of_trials_gives_the_same(nsd, tmp_path, missing):
    stored = nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    tree = NsdRequest(root=nsd.root, subject=1).tree()
    (tree.responses if missing == "behaviour" else tree.design).unlink()
    out = import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")
    _, means, _ = plain_means(nsd, 1, stored, ALL)
    _, positions = whole_brain(nsd.labels["nsdgeneral"] == 1)
    np.testing.assert_allclose(load(out)["responses"], means[:, positions], **TOLERANCE)


def test_sources_that_disagree_are_refused(nsd, tmp_path):
    nsd_tree.write_volume_betas(nsd, 1)
    nsd.images[1][10] = (nsd.images[1][10] + 1) % nsd_tree.N_ALL
    nsd_tree.write_behaviour(nsd, 1)
    with refused("responses.tsv and nsd_expdesign.mat", "1 trials that differ.*position 10"):
        import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")


def test_zero_based_behaviour_is_refused_where_it_can_be_known(nsd, tmp_path):
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_behaviour(nsd, 1, shift=0)
    with refused("responses.tsv", "differ|from 1"):
        import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")
    nsd.images[1][nsd.images[1] == nsd.images[1].min()] = 0
    nsd_tree.write_behaviour(nsd, 1, shift=0)
    with refused("responses.tsv", "73KID from 1 to 73000, found 0"):
        import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")


def test_a_one_based_image_table_is_refused(nsd):
    path = NsdRequest(root=nsd.root, subject=1).tree().stimulus_info
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    lines = path.read_text().splitlines()
    cells = [line.split(",") for line in lines]
    column = cells[0].index("nsdId")

    def shift(line: str, number: int) -> str:
        before, _, after = line.partition(')",')
        rest = after.split(",")
        return f'{before})",{rest[0]},{number},{",".join(rest[2:])}'

    assert column == 5
    path.write_text("\n".join([lines[0], *(shift(x, i) for i, x in enumerate(lines[1:], 1))]))
    with refused(path.name, "nsdId that counts rows from 0"):
        plan_nsd(NsdRequest(root=nsd.root, subject=1))


def test_betas_with_other_trials_or_grid_are_refused(nsd, tmp_path):
    nsd_tree.write_volume_betas(nsd, 1, form="hdf5")
    nsd_tree.write_volume_rois(nsd, 1)
    request = NsdRequest(root=nsd.root, subject=1)
    path = nsd.folder(1, "func1pt8mm") / "betas_session02.hdf5"
    whole = path.read_bytes()
    for shape, match in (((17, *GRID[::-1]), "18 trials|17"), ((18, *GRID), "grid")):
        with h5py.File(path, "w") as file:
            file["betas"] = np.ones(shape, np.int16)
        with refused(path.name, match):
            import_nsd(request, tmp_path / "out")
        assert not list(tmp_path.glob("*out*"))
    path.write_bytes(whole)
    import_nsd(request, tmp_path / "out")


def test_rois_of_another_grid_are_refused(nsd, tmp_path):
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    path = NsdRequest(root=nsd.root, subject=1).tree().roi_folder
    turned = np.zeros(GRID[::-1], np.int16)
    for prefix in ("lh.", "rh."):
        nibabel.save(nibabel.Nifti1Image(turned, AFFINE), path / f"{prefix}streams.nii.gz")
    with refused("streams", "betas' grid"):
        import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")


@pytest.mark.parametrize("name", ["ncsnr.nii.gz", "valid_session02.nii.gz"])
@pytest.mark.parametrize("extra", [-1, 1])
def test_maps_of_another_grid_are_refused_before_betas_are_read(nsd, tmp_path, name, extra):
    nsd_tree.write_volume_betas(nsd, 1, "func1pt8mm")
    nsd_tree.write_volume_rois(nsd, 1)
    beside = nsd.folder(1, "func1pt8mm")
    folder = beside if name.startswith("ncsnr") else nsd.root / "nsddata/ppdata/subj01/func1pt8mm"
    values = np.ones((GRID[0], GRID[1], GRID[2] + extra), dtype=np.float32)
    nibabel.save(nibabel.Nifti1Image(values, AFFINE), folder / name)
    stages: list[str] = []
    with pytest.raises(InputError, match=f"{name}: expected.*one subject and space"):
        import_nsd(
            NsdRequest(root=nsd.root, subject=1),
            tmp_path / "out",
            report=lambda stage, done, total: stages.append(stage),
        )
    assert stages == []
    assert not (tmp_path / "out").exists()


def test_an_altered_gzip_is_refused_and_leaves_nothing(nsd, tmp_path):
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_volume_rois(nsd, 1)
    path = nsd.folder(1, "func1pt8mm") / "betas_session03.nii.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    with refused(path.name):
        import_nsd(NsdRequest(root=nsd.root, subject=1), tmp_path / "out")
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize(
    ("change", "name", "match"),
    [
        ({"subject": 9}, "subject", "1 to 8"),
        ({"space": "MNI"}, "space", "fsaverage"),
        ({"voxels": ("V9",)}, "voxel selection", "'V9'"),
        ({"voxels": ("floc-faces:PPA",)}, "voxel selection", "floc-faces:PPA"),
        ({"ceiling": "best"}, "noise ceiling", "ncsnr"),
        ({"subject": 2}, "betas", "none"),
        ({"test": "common", "common_subjects": (1,)}, "test images", "all images"),
    ],
)
def test_mistakes_are_one_line(volume_nsd, tmp_path, change, name, match):
    with refused(name, match):
        import_nsd(NsdRequest(**{"root": volume_nsd.root, "subject": 1} | change), tmp_path / "out")


def test_nothing_is_overwritten(volume_nsd, tmp_path):
    (tmp_path / "out").mkdir()
    with refused("out", "there already"):
        import_nsd(NsdRequest(root=volume_nsd.root, subject=1), tmp_path / "out")
    with refused(tmp_path.name, "no folder nsddata"):
        import_nsd(NsdRequest(root=tmp_path, subject=1), tmp_path / "other")


def test_training_images_alone_decide_where_that_is_asked_for(tmp_path):
    door = DOORS["nsd"]
    study = door.study(n_voxels=6, offset=3.0, scale=2.0)
    dataset = door.open(study, tmp_path, "run-training")
    trials, ids = np.load(tmp_path / "out" / "trials.npz"), np.load(tmp_path / "out/image_ids.npy")
    image = trials["image"]
    betas = np.round(300 * study.respond(image, np.random.default_rng((2, 0)))) / 300
    decides = np.isin(image, ids[dataset.splits.train])
    sums, counts = np.zeros((ids.size, 6)), np.zeros((ids.size, 1))
    for t, beta in enumerate(betas):
        same = (trials["session"] == trials["session"][t]) & (trials["run"] == trials["run"][t])
        fitted = betas[same & decides]
        row = np.flatnonzero(ids == image[t])[0]
        sums[row] += (beta - fitted.mean(axis=0)) / fitted.std(axis=0)
        counts[row] += 1
    columns = np.arange(6).reshape((1, 3, 2), order="F").reshape(-1)  # betas run with x fastest
    np.testing.assert_allclose(dataset.responses, (sums / counts)[:, columns], atol=1e-5)
    assert any("by its trials of training images" in note for note in dataset.provenance.notes)
