"""A run is drawn on its own surface, or on the beginning of it, and then that is said."""

import gzip

import nibabel
import numpy as np
import pytest
from click.testing import CliRunner
from nibabel import freesurfer

from jne_engine.analysis import listing, maps
from jne_engine.cli.main import main
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import SurfaceSpace
from jne_engine.cortex.surfaces import load_sulcal_depth, load_surface
from jne_engine.model.measures import Measure
from jne_engine.viewer.scenes.surface import RunMap, build_scene
from jne_engine.viewer.surfaces import (
    choose_display,
    fetch_fsaverage,
    find_surface_files,
    list_drawable,
)
from tests.engine.viewer_surfaces.test_files import write_gifti, write_subject

NOTHING: dict[str, str] = {}


def space(surface, left, right):
    return SurfaceSpace(
        surface, np.asarray(left, dtype=np.int64), np.asarray(right, dtype=np.int64)
    )


@pytest.mark.parametrize("surface", ["fsLR32k", "fsaverage5", "fsaverage4", "fsaverage3"])
def test_packaged_surfaces_are_drawn_whole(surface):
    display = choose_display(space(surface, [0], [0]), NOTHING)
    assert display.surface.name == surface
    assert display.note == ""
    assert display.n_vertices["left"] == display.surface.n_vertices("left")


def test_what_is_nowhere_is_not_drawn(tmp_path):
    assert choose_display(space("unheard-of", [0], [0]), {"JNE_SURFACES": str(tmp_path)}) is None


@pytest.mark.parametrize("surface", ["fsaverage", "fsaverage7"])
def test_fsaverage_is_drawn_on_its_first_vertices_and_that_is_said(surface):
    run_space = space(surface, [3, 10241, 10242, 163841], [163840, 7])
    display = choose_display(run_space, NOTHING)
    assert display.surface.name == "fsaverage5"
    assert "3 of the run's 6 vertices are not shown" in display.note
    assert "surfaces --fetch fsaverage" in display.note
    info = Measure("jne", "JNE", "a.u.", "sequential", "")
    values = np.arange(1, 7, dtype=np.float32)
    scene = build_scene(
        run_space, display, [RunMap(info, values, values != 2)], (),
        panes=("jne",), title="t", provenance="Source.", simulated=False,
    )  # fmt: skip
    (drawn,) = scene.maps
    assert {v: drawn.left[v] for v in np.flatnonzero(np.isfinite(drawn.left))} == {3: 1, 10241: 2}
    assert {v: drawn.right[v] for v in np.flatnonzero(np.isfinite(drawn.right))} == {7: 6}
    assert np.flatnonzero(drawn.mask_left).tolist() == [3]
    assert scene.note == display.note
    assert scene.provenance == f"Source. {display.note}"


def write_freesurfer(root, name, like):
    """Write a subject as FreeSurfer keeps it, with the meshes of another surface."""
    folder = root / name / "surf"
    folder.mkdir(parents=True)
    for hemi, side in (("left", "lh"), ("right", "rh")):
        for shape in ("white", "pial", "inflated"):
            freesurfer.write_geometry(folder / f"{side}.{shape}", *load_surface(like, shape)[hemi])
        freesurfer.write_morph_data(folder / f"{side}.sulc", load_sulcal_depth(like)[hemi])


def write_nilearn(root, name, like):
    """Write what nilearn has downloaded."""
    folder = root / name
    folder.mkdir(parents=True)
    names = {"white": "white", "pial": "pial", "infl": "inflated", "flat": "flat"}
    for hemi in ("left", "right"):
        for part, shape in names.items():
            write_gifti(folder / f"{part}_{hemi}.gii", *load_surface(like, shape)[hemi])
        depth = nibabel.gifti.GiftiDataArray(
            load_sulcal_depth(like)[hemi], intent="NIFTI_INTENT_SHAPE", datatype="float32"
        )
        nibabel.save(nibabel.gifti.GiftiImage(darrays=[depth]), folder / f"sulc_{hemi}.gii")
    for path in folder.glob("*.gii"):
        path.with_suffix(".gii.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
        path.unlink()


@pytest.mark.parametrize(
    ("write", "environment"),
    [
        (write_freesurfer, {"SUBJECTS_DIR": ""}),
        (write_freesurfer, {"FREESURFER_HOME": "subjects"}),
        (write_nilearn, {"NILEARN_DATA": ""}),
        (write_nilearn, {"HOME": "nilearn_data"}),
    ],
)
def test_a_mesh_on_disk_is_drawn_itself(tmp_path, write, environment):
    """Only its name is fsaverage6 here: a small mesh stands in its files."""
    ((variable, below),) = environment.items()
    write(tmp_path / below, "fsaverage6", "fsaverage3")
    display = choose_display(space("fsaverage6", [0, 641], [5]), {variable: str(tmp_path)})
    assert display.surface.name == "fsaverage6"
    assert display.note == ""
    np.testing.assert_allclose(
        display.surface.shapes[0].points["right"],
        load_surface("fsaverage3", "white")["right"].coordinates,
        atol=1e-4,
    )
    np.testing.assert_allclose(
        display.surface.sulcal_depth["left"], load_sulcal_depth("fsaverage3")["left"]
    )


def test_half_a_download_is_not_taken_for_a_surface(tmp_path):
    write_nilearn(tmp_path, "fsaverage6", "fsaverage3")
    (tmp_path / "fsaverage6" / "flat_right.gii.gz").unlink()
    assert find_surface_files("fsaverage6", {"NILEARN_DATA": str(tmp_path)}) is None


def test_a_described_surface_is_drawn_and_listed(tmp_path):
    write_subject(tmp_path)
    environment = {"JNE_SURFACES": str(tmp_path)}
    display = choose_display(space("my-subject", [641], [0]), environment)
    assert display.surface.name == "my-subject"
    listed = list_drawable(environment)
    assert listed["my-subject"] == str(tmp_path)
    assert listed["fsLR32k"] == "packaged"
    assert "shown on fsaverage5" in listed["fsaverage"]
    text = (tmp_path / "my-subject.toml").read_text()
    (tmp_path / "twin.toml").write_text(text)
    with pytest.raises(InputError, match=r"twin\.toml: expected a name of its own"):
        list_drawable(environment)


@pytest.mark.parametrize("spelling", ["fsaverage3", "fsaverage-3"])
def test_a_described_surface_comes_before_the_packaged_one_of_its_name(tmp_path, spelling):
    write_subject(tmp_path)
    path = tmp_path / "my-subject.toml"
    path.write_text(path.read_text().replace("my-subject", spelling))
    environment = {"JNE_SURFACES": str(tmp_path)}
    assert list_drawable(environment)["fsaverage3"] == str(tmp_path)
    display = choose_display(space("fsaverage3", [641], [0]), environment)
    assert display.surface.name == spelling
    packaged = choose_display(space("fsaverage3", [641], [0]), {}).surface
    assert {s.name for s in display.surface.shapes} != {s.name for s in packaged.shapes}
    path.write_text(path.read_text().replace(spelling, "fsLR32k"))
    with pytest.raises(InputError, match=r"fsLR32k, left: expected 32492 vertices, found 642"):
        choose_display(space("fsLR32k", [641], [0]), environment)


def test_a_download_that_fails_is_one_line_that_says_what_to_do(monkeypatch):
    def fail(name, data_dir):
        raise OSError("An error occurred while fetching\nhttps://osf.io")

    monkeypatch.setattr("nilearn.datasets.fetch_surf_fsaverage", fail)
    with pytest.raises(InputError, match=r"fsaverage6: .*SUBJECTS_DIR") as caught:
        fetch_fsaverage("fsaverage6")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="surface to fetch"):
        fetch_fsaverage("fsaverage5")


def test_the_command_fetches_and_lists(monkeypatch, tmp_path):
    def fetch(name, data_dir):
        write_nilearn(data_dir, name, "fsaverage3")
        return {"pial_left": str(data_dir / name / "pial_left.gii.gz")}

    monkeypatch.setattr("nilearn.datasets.fetch_surf_fsaverage", fetch)
    asked = ["surfaces", "--fetch", "fsaverage6", "--folder", str(tmp_path)]
    result = CliRunner().invoke(main, asked)
    assert result.output.strip() == str(tmp_path / "fsaverage6")
    listed = CliRunner().invoke(main, ["surfaces"], env={"NILEARN_DATA": str(tmp_path)}).output
    assert f"fsaverage6    {tmp_path / 'fsaverage6'}" in listed


def test_regions_are_cut_like_the_maps(synthetic_root):
    run = listing.list_runs(synthetic_root).runs[0]
    rois = maps.choose_roi_set(run)
    n = rois.masks.shape[1]
    vertices = np.arange(0, 163842, 163842 // n)[:n]
    run_space = space("fsaverage", vertices, [])
    jne = RunMap(Measure("jne", "JNE", "", "sequential", ""), np.ones(n), np.ones(n, bool))
    scene = build_scene(
        run_space, choose_display(run_space, NOTHING), [jne], [rois],
        panes=("jne",), title="t", provenance="p", simulated=False,
    )  # fmt: skip
    labels = scene.labels[0].left
    assert labels.shape == (10242,)
    here = vertices < 10242
    first = np.where(rois.masks.any(axis=0), rois.masks.argmax(axis=0) + 1, 0)
    np.testing.assert_array_equal(labels[vertices[here]], first[here])
