"""Slices of a volume lie on an anatomical image of another grid, by millimetres."""

from __future__ import annotations

import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.analysis.anatomy import FINER, cut_anatomy, find_extent
from jne_engine.analysis.masks import Masks
from jne_engine.analysis.slices import read_slices
from jne_engine.cli.main import main
from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.cortex.spaces import Anatomy, SurfaceSpace, VolumeSpace
from jne_engine.datasets.attach import attach_features
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.drawn import read_anatomy
from jne_engine.datasets.imported import read_record
from jne_engine.datasets.nsd.importing import import_nsd
from jne_engine.datasets.nsd.plan import NsdRequest
from jne_engine.datasets.nsd.preview import preview_nsd
from jne_engine.datasets.registry import list_layouts, preview_source
from jne_engine.report.figures.slices import plot_slices
from jne_engine.runs.pipeline import compute_run
from tests.engine.importers import nsd_tree
from tests.engine.importers.trial_layouts import LAYOUTS
from tests.engine.importers.trial_study import AFFINE, SHAPE, SPEC, Study

SPACE = VolumeSpace(SHAPE, AFFINE, np.argwhere(np.ones(SHAPE)).astype(np.int64))
OTHER = np.array([[0, 0, 0.9, 1], [1.1, 0, 0, -21], [0, -1.2, 0, 13], [0, 0, 0, 1.0]])
"""Of an image whose axes run otherwise than the responses', in steps of 0.9 to 1.2 mm."""
SIZE = (11, 8, 9)


def write_image(path, *, values=None, affine=OTHER):
    index = np.indices(SIZE)
    values = 5 * index[0] + 9 * index[1] + 7 * index[2] if values is None else values
    nib.save(nib.Nifti1Image(values.astype(np.int16), affine), path)
    return path


def brightness_loop(point, affine):
    """Return 5 i + 9 j + 7 k at millimetres, None outside of the image."""
    i, j, k = (np.linalg.inv(affine) @ [*point, 1])[:3]
    inside = all(0 <= n <= most - 1 for n, most in zip((i, j, k), SIZE, strict=True))
    return 5 * i + 9 * j + 7 * k if inside else None


@pytest.mark.parametrize(("across", "right", "up"), [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
def test_each_point_of_a_plane_is_the_image_at_its_millimetres(across, right, up):
    index = np.indices(SIZE)
    values = (5 * index[0] + 9 * index[1] + 7 * index[2]).astype(np.uint8)
    found = cut_anatomy(
        Anatomy("T1w", values, OTHER), SPACE, across=across, right=right, up=up, index=1
    )
    assert found.shape == (FINER * SHAPE[up], FINER * SHAPE[right])
    n_inside = 0
    for row in range(found.shape[0]):
        for place in range(found.shape[1]):
            voxel = np.ones(3)
            voxel[up], voxel[right] = (row - 1) / FINER, (place - 1) / FINER
            expected = brightness_loop((AFFINE @ [*voxel, 1])[:3], OTHER)
            if expected is None:
                assert np.isnan(found[row, place])
            else:
                n_inside += 1
                np.testing.assert_allclose(found[row, place], expected, atol=1e-3)
    assert n_inside > 20


def test_the_kept_part_shows_the_same_place_as_the_file(tmp_path):
    far = np.zeros((40, 30, 25))
    index = np.indices(SIZE)
    far[6:17, 9:17, 8:17] = 5 * index[0] + 9 * index[1] + 7 * index[2]
    shifted = OTHER.copy()
    shifted[:3, 3] -= OTHER[:3, :3] @ [6, 9, 8]
    path = write_image(tmp_path / "T1w.nii.gz", values=far, affine=shifted)
    anatomy, (told,) = read_anatomy(path, SPACE)
    assert told.startswith("slices are drawn on T1w.nii.gz (voxels of 1.1 × 1.2 × 0.9 mm)")
    assert anatomy.values.size < far.size / 4
    scale = (anatomy.values.max() - 0.0) / 255
    for at in ((3, 4, 5), (2, 1, 7), (8, 5, 2)):
        point = (OTHER @ [*at, 1])[:3]
        i, j, k = np.round(np.linalg.inv(anatomy.affine) @ [*point, 1])[:3].astype(int)
        low, high = np.percentile(crop(far, anatomy, shifted), (1, 99))
        expected = np.clip((far[at[0] + 6, at[1] + 9, at[2] + 8] - low) / (high - low), 0, 1)
        assert scale == 1
        assert anatomy.values[i, j, k] == np.round(255 * expected)


def test_what_is_shown_spans_responses_and_what_is_bright():
    values = np.zeros((12, 12, 12), np.uint8)
    values[5, 4, 6] = values[5, 9, 6] = 200
    values[0, 0, 0] = 20  # air
    finer = AFFINE @ np.diag([0.5, 0.5, 0.5, 1])  # two of its voxels are one of the responses'
    space = VolumeSpace(SHAPE, AFFINE, np.array([[3, 1, 0]]))
    assert find_extent(None, space) == ((3, 3), (1, 1), (0, 0))
    assert find_extent(Anatomy("T1w", values, finer), space) == ((2, 3), (1, 4), (0, 2))
    dark = Anatomy("T1w", np.full((12, 12, 12), 9, np.uint8), finer)
    assert find_extent(dark, space) == ((3, 3), (1, 1), (0, 0))


def crop(values, anatomy, affine):
    first = np.round(np.linalg.inv(affine) @ anatomy.affine[:, 3])[:3].astype(int)
    return values[tuple(slice(a, a + n) for a, n in zip(first, anatomy.values.shape, strict=True))]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("far", r"T1w.nii.gz: expected an image of where the responses lie, found none of 60"),
        ("flat", "an image with contrast, found one value everywhere"),
        ("four", r"one image \(x, y, z\), found shape"),
        ("surface", "responses in a volume, found columns elsewhere"),
    ],
)
def test_what_cannot_lie_beneath_is_refused_in_one_line(tmp_path, change, match):
    affine, space = OTHER.copy(), SPACE
    values = None
    if change == "far":
        affine[:3, 3] += 500
    if change == "flat":
        values = np.full(SIZE, 7)
    if change == "four":
        values = np.ones((*SIZE, 2))
    if change == "surface":
        space = SurfaceSpace("fsaverage5", np.arange(3), np.arange(3))
    path = write_image(tmp_path / "T1w.nii.gz", values=values, affine=affine)
    with pytest.raises(InputError, match=match) as caught:
        read_anatomy(path, space)
    assert "\n" not in str(caught.value)


def test_whatever_yields_volumes_takes_one():
    with_volumes = [layout for layout in list_layouts() if layout.volumes]
    assert len(with_volumes) == 8
    assert all("anatomy" in {o.name for o in layout.options} for layout in with_volumes)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_of_volumes_takes_one_and_tells_it_in_the_preview(name, tmp_path):
    layout = LAYOUTS[name]
    root = layout.write(Study(n_images=60, n_repeated=10), tmp_path / "data" / "sub-01")
    image = write_image(tmp_path / "T1w.nii.gz")
    arguments = ["import", layout.kind, str(root), *layout.flags, "--anatomy", str(image)]
    printed = CliRunner().invoke(main, [*arguments, "--preview", "--json"])
    assert printed.exit_code == 0, printed.output
    assert sum("drawn on T1w.nii.gz" in note for note in json.loads(printed.stdout)["notes"]) == 1


def test_nsd_takes_one_for_its_volumes_alone(tmp_path):
    nsd = nsd_tree.write_nsd(tmp_path / "nsd")
    nsd_tree.write_volume_betas(nsd, 1)
    nsd_tree.write_surface_betas(nsd, 1, "fsaverage")
    image = write_image(tmp_path / "T1w.nii.gz", affine=nsd_tree.AFFINE)
    choices = {"voxels": ("all",), "pictures": False, "anatomy": image}
    request = NsdRequest(root=nsd.root, subject=1, **choices)
    told = [note for note in preview_nsd(request, measure=False).notes if "drawn on" in note]
    assert len(told) == 1
    out = import_nsd(request, tmp_path / "out")
    assert set(told) <= set(read_record(out).notes)
    assert "T1w.nii.gz" in {record.name for record in read_record(out).inputs}
    x, y, z = np.load(out / "anatomy.npz")["values"].shape
    assert (x, y, z) == tuple(np.minimum(SIZE, np.array(nsd_tree.GRID) + 1))
    with pytest.raises(InputError, match="responses in a volume"):
        preview_nsd(replace(request, space="fsaverage"), measure=False)


@pytest.mark.parametrize("kind", ["bids", "nsd"])
def test_an_image_outside_the_allowed_folder_is_refused(tmp_path, kind):
    affine = nsd_tree.AFFINE if kind == "nsd" else OTHER
    image = write_image(tmp_path / "T1w.nii.gz", affine=affine)
    root = tmp_path / "data"
    if kind == "nsd":
        nsd_tree.write_volume_betas(nsd_tree.write_nsd(root), 1)
        choices = {"subject": 1, "voxels": ["all"]}
    else:
        root = LAYOUTS["bids-nifti"].write(Study(n_images=60, n_repeated=10), root)
        choices = {"subject": "07"}
    source = {"kind": kind, "folder": str(root), "allowed_root": str(tmp_path / "data"),
              "choices": {**choices, "anatomy": str(image)}}  # fmt: skip
    with pytest.raises(UnsafeFileError, match=r"T1w\.nii\.gz"):
        preview_source(source, measure=False)
    source["allowed_root"] = str(tmp_path)
    assert any("drawn on" in note for note in preview_source(source, measure=False).notes)


def test_a_run_of_an_import_draws_its_slices_on_it(tmp_path):
    study, layout = Study(n_images=120), LAYOUTS["bids-nifti"]
    root = layout.write(study, tmp_path / "data" / "sub-01")
    image, out = write_image(tmp_path / "T1w.nii.gz"), tmp_path / "out"
    arguments = ["import", "bids", str(root), *layout.flags, "--anatomy", str(image)]
    done = CliRunner().invoke(main, [*arguments, "--out", str(out), "--quiet"])
    assert done.exit_code == 0, done.output
    attach_features(out, study.write_features(tmp_path / "features.h5"), layer=0)
    check_drawn(compute_run(read_dataset(out), SPEC, tmp_path / "runs"), image)


def test_a_run_of_described_arrays_draws_its_slices_on_it(tmp_path):
    study = Study(n_images=120)
    np.save(tmp_path / "features.npy", study.features)
    responses = study.respond(np.arange(120), np.random.default_rng(0))
    np.save(tmp_path / "responses.npy", responses)
    nib.save(nib.Nifti1Image(study.mask(), AFFINE), tmp_path / "mask.nii.gz")
    image = write_image(tmp_path / "T1w.nii.gz")
    text = 'features = "features.npy"\nresponses = "responses.npy"\nvoxels = "mask.nii.gz"\n'
    (tmp_path / "dataset.toml").write_text(f'{text}anatomy = "T1w.nii.gz"\n')
    check_drawn(compute_run(read_dataset(tmp_path), SPEC, tmp_path / "runs"), image)


def check_drawn(run, image):
    """Require that notes and inputs name the image, and that it lies below the stored values."""
    assert sum("drawn on T1w.nii.gz" in note for note in run.manifest.notes) == 1
    assert "T1w.nii.gz" in {record["name"] for record in run.manifest.inputs}
    slices = read_slices(run, "jne", Masks(significant=False))
    expected, _ = read_anatomy(image, SPACE)
    assert slices.anatomy == "T1w.nii.gz"
    first = [trace for trace in plot_slices(slices).data if trace.type == "heatmap"][::3]
    for plane, drawn in zip(slices.planes, first, strict=True):
        beneath = cut_anatomy(
            expected, SPACE, across=plane.across, right=plane.right, up=plane.up,
            index=plane.index,
        )  # fmt: skip
        assert np.isfinite(beneath).any()
        np.testing.assert_array_equal(plane.beneath, beneath)
        np.testing.assert_array_equal(np.asarray(drawn.z, np.float32), beneath)
        assert (drawn.x0, drawn.dx, drawn.y0, drawn.dy) == pytest.approx((-1 / 3, 1 / 3) * 2)
