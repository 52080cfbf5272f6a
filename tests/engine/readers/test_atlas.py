"""Atlas files of every format become ROIs over the response columns."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from jne_engine.cortex.names import VERTICES
from jne_engine.cortex.spaces import SurfaceSpace, VolumeSpace
from jne_engine.datasets.arrays.placed import list_pair
from jne_engine.datasets.atlas import read_atlas
from tests.engine.readers.files import refused

SURFACE = "fsaverage3"
N = VERTICES[SURFACE]
NAMES = ("unknown", "V1", "hV4", "FFA-1")
COLOURS = np.array([[0, 0, 1, 0], [200, 0, 0, 0], [0, 200, 0, 0], [9, 8, 200, 0]])
_rng = np.random.default_rng(0)
CODES = {side: _rng.integers(0, 4, N).astype(np.int32) for side in "lr"}
SPACE = SurfaceSpace(SURFACE, np.arange(5, 200), np.array([3, 1, 600]))
ON_COLUMNS = np.concatenate([CODES["l"][SPACE.left], CODES["r"][SPACE.right]])


def write_annot(folder: Path, side: str) -> Path:
    path = folder / f"{side}h.areas.annot"
    nib.freesurfer.write_annot(path, CODES[side], COLOURS, list(NAMES))
    return path


def write_gifti(folder: Path, side: str) -> Path:
    table = nib.gifti.GiftiLabelTable()
    for key, name in enumerate(NAMES):
        label = nib.gifti.GiftiLabel(key=key, red=0.1, green=0.2, blue=0.3, alpha=1.0)
        label.label = name
        table.labels.append(label)
    array = nib.gifti.GiftiDataArray(CODES[side], intent="NIFTI_INTENT_LABEL")
    path = folder / f"{side}h.areas.label.gii"
    nib.save(nib.gifti.GiftiImage(darrays=[array], labeltable=table), path)
    return path


def write_mgz(folder: Path, side: str) -> Path:
    path = folder / f"{side}h.areas.mgz"
    nib.save(nib.MGHImage(CODES[side][None, None], np.eye(4)), path)
    (folder / f"{path.name}.ctab").write_text("\n".join(f"{i} {n}" for i, n in enumerate(NAMES)))
    return path


def write_dlabel(folder: Path, side: str) -> Path:
    del side
    axis = nib.cifti2.BrainModelAxis
    everywhere = np.ones(N, bool)
    models = axis.from_mask(everywhere, name="CortexLeft")
    models += axis.from_mask(everywhere, name="CortexRight")
    table = {i: (name, (0.5, 0.5, 0.5, 1.0)) for i, name in enumerate(NAMES)}
    labels = nib.cifti2.LabelAxis(["areas"], [table])
    values = np.concatenate([CODES["l"], CODES["r"]])[None].astype(np.float32)
    path = folder / "areas.dlabel.nii"
    nib.save(nib.Cifti2Image(values, (labels, models)), path)
    return path


@pytest.mark.parametrize("write", [write_annot, write_gifti, write_mgz, write_dlabel])
def test_every_format_gives_the_same_rois(tmp_path: Path, write: object) -> None:
    path = [write(tmp_path, side) for side in "rl"][-1]
    rois = read_atlas(list_pair(path, None), SPACE, tiers={"V1": "primary"})
    assert rois.preset == "areas"
    assert sorted(rois.names) == sorted(NAMES[1:])
    for code, name in enumerate(NAMES[1:], start=1):
        np.testing.assert_array_equal(rois.mask(name), code == ON_COLUMNS)
    assert rois.tier_mask("primary").tolist() == rois.mask("V1").tolist()
    with refused(path.name, "a tier for 'V9'"):
        read_atlas(list_pair(path, None), SPACE, tiers={"V9": "primary"})


def test_numbers_get_their_names_from_a_table(tmp_path: Path) -> None:
    path = write_mgz(tmp_path, "l")
    (tmp_path / f"{path.name}.ctab").unlink()
    assert sorted(read_atlas((path,), SPACE).names) == ["1", "2", "3"]
    (tmp_path / "names.csv").write_text("index,name\n1,A\n2,B\n9,nowhere\n")
    rois = read_atlas((path,), SPACE, names=tmp_path / "names.csv")
    assert rois.names == ("A", "B")
    assert "1 without a column" in rois.source
    np.testing.assert_array_equal(rois.mask("B")[:195], CODES["l"][SPACE.left] == 2)
    assert not rois.mask("B")[195:].any()


def test_a_single_region_of_freesurfer(tmp_path: Path) -> None:
    path = tmp_path / "rh.V1_exvivo.label"
    path.write_text("#!ascii label\n2\n3 -1.0 2.0 3.0 0.5\n600 1 2 3 0\n")
    np.testing.assert_array_equal(nib.freesurfer.read_label(path), [3, 600])
    rois = read_atlas((path,), SPACE)
    assert (rois.names, rois.preset) == (("V1_exvivo",), "V1_exvivo")
    assert np.flatnonzero(rois.masks[0]).tolist() == [195, 197]
    for text, match in (("#!ascii\n3\n3 0 0 0 0\n", "3 vertices"), ("#\nx\n", "other text"),
                        ("#\n1\n642 0 0 0 0\n", "in 0..641")):  # fmt: skip
        path.write_text(text)
        with refused(path.name, match):
            read_atlas((path,), SPACE)


def test_labels_of_voxels(tmp_path: Path) -> None:
    codes = _rng.integers(0, 4, (4, 5, 6)).astype(np.int16)
    affine = np.diag([2.0, 2, 2, 1])
    voxels = np.argwhere(np.ones((4, 5, 6)))[::7].astype(np.int64)
    space = VolumeSpace((4, 5, 6), affine, voxels)
    path = tmp_path / "areas.nii.gz"
    nib.save(nib.Nifti1Image(codes, affine), path)
    (tmp_path / "names.tsv").write_text("index\tname\n" + "1\tV1\n2\tV2\n3\tV3\n")
    rois = read_atlas((path,), space, names=tmp_path / "names.tsv")
    for code, name in enumerate(("V1", "V2", "V3"), start=1):
        np.testing.assert_array_equal(rois.mask(name), codes[tuple(voxels.T)] == code)
    nib.save(nib.Nifti1Image(codes, np.diag([3.0, 3, 3, 1])), path)
    with refused("areas.nii.gz", "other millimetres"):
        read_atlas((path,), space)
    with refused("lh.areas.annot", "labels of voxels"):
        read_atlas((write_annot(tmp_path, "l"),), space)


def test_atlases_of_other_columns_are_refused(tmp_path: Path) -> None:
    path = write_annot(tmp_path, "l")
    with refused("lh.areas.annot", "2562 vertices, found 642"):
        read_atlas((path,), SurfaceSpace("fsaverage4", np.arange(3), np.arange(3)))
    with refused("lh.areas.annot", "none of its 3 labels"):
        read_atlas((path,), SurfaceSpace(SURFACE, np.array([], np.int64), np.arange(3)))
    with refused("lh.areas.annot", "places of the columns"):
        read_atlas((path,), None)
