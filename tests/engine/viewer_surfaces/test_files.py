"""A user's surface: GIFTI or FreeSurfer, checked against itself, with what it lacks said."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nibabel import freesurfer

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.cortex.spaces import HEMISPHERES
from jne_engine.cortex.surfaces import load_sulcal_depth, load_surface
from jne_engine.viewer.surfaces import (
    ShapeFiles,
    SurfaceFiles,
    compute_mean_curvature,
    read_surface_description,
    read_surface_files,
)
from jne_engine.viewer.surfaces.descriptions import SURFACE_EXAMPLE

SURFACE = "fsaverage3"
SIDES = {"left": "lh", "right": "rh"}


def write_gifti(path, points, faces):
    arrays = [
        nibabel.gifti.GiftiDataArray(points, intent="NIFTI_INTENT_POINTSET", datatype="float32"),
        nibabel.gifti.GiftiDataArray(
            faces.astype(np.int32), intent="NIFTI_INTENT_TRIANGLE", datatype="int32"
        ),
    ]
    nibabel.save(nibabel.gifti.GiftiImage(darrays=arrays), path)


def write_subject(folder):
    """Write a subject as the description's example names its files."""
    for hemi, side in SIDES.items():
        for name in ("white", "inflated"):
            freesurfer.write_geometry(folder / f"{side}.{name}", *load_surface(SURFACE, name)[hemi])
        freesurfer.write_morph_data(folder / f"{side}.sulc", load_sulcal_depth(SURFACE)[hemi])
        write_gifti(folder / f"{side}.flat.surf.gii", *load_surface(SURFACE, "flat")[hemi])
    path = folder / "my-subject.toml"
    path.write_text(SURFACE_EXAMPLE, encoding="utf-8")
    return path


@pytest.fixture
def description(tmp_path):
    return write_subject(tmp_path)


def pair(folder, name, ending=""):
    return ShapeFiles(name, *(folder / f"{side}.{name}{ending}" for side in SIDES.values()))


def test_the_documented_example_reads_as_it_was_written(description):
    surface = read_surface_files(read_surface_description(description))
    assert surface.name == "my-subject"
    assert [s.name for s in surface.shapes] == ["white", "inflated", "flat"]
    assert [s.flat for s in surface.shapes] == [False, False, True]
    assert surface.note == ""
    for hemi in HEMISPHERES:
        for shape in surface.shapes:
            expected = load_surface(SURFACE, shape.name)[hemi].coordinates
            np.testing.assert_allclose(shape.points[hemi], expected, atol=1e-4)
        np.testing.assert_array_equal(surface.faces[hemi], load_surface(SURFACE, "white")[hemi][1])
        np.testing.assert_array_equal(
            surface.flat_faces[hemi], load_surface(SURFACE, "flat")[hemi].faces
        )
        np.testing.assert_array_equal(surface.sulcal_depth[hemi], load_sulcal_depth(SURFACE)[hemi])


def test_a_freesurfer_patch_serves_as_flat_map(description):
    folder = description.parent
    text = description.read_text()
    for hemi, side in SIDES.items():
        points, faces = load_surface(SURFACE, "flat")[hemi]
        rows = np.zeros(len(points), dtype=[("number", ">i4"), ("point", ">f4", 3)])
        rows["number"], rows["point"] = np.arange(1, len(points) + 1), points
        kept = rows[np.unique(faces)]
        head = np.array([-1, len(kept)], dtype=">i4").tobytes()
        (folder / f"{side}.flat.patch.3d").write_bytes(head + kept.tobytes())
        text = text.replace(f"{side}.flat.surf.gii", f"{side}.flat.patch.3d")
    description.write_text(text)
    surface = read_surface_files(read_surface_description(description))
    for hemi in HEMISPHERES:
        points, faces = load_surface(SURFACE, "flat")[hemi]
        used = np.unique(faces)
        np.testing.assert_array_equal(surface.shapes[-1].points[hemi][used], points[used])
        white = load_surface(SURFACE, "white")[hemi].faces
        expected = white[np.isin(white, used).all(axis=1)]
        np.testing.assert_array_equal(surface.flat_faces[hemi], expected)


def test_the_manual_shows_the_same_example():
    manual = Path(__file__).parents[3] / "docs" / "datasets.md"
    assert SURFACE_EXAMPLE in manual.read_text(encoding="utf-8")


def test_depth_that_counts_gyri_is_turned_round(description):
    text = SURFACE_EXAMPLE.replace("gyri_positive = false", "gyri_positive = true")
    description.write_text(text, encoding="utf-8")
    surface = read_surface_files(read_surface_description(description))
    np.testing.assert_array_equal(surface.sulcal_depth["left"], -load_sulcal_depth(SURFACE)["left"])


def test_without_depth_curvature_is_computed_and_that_is_said(tmp_path, description):
    files = SurfaceFiles("s", (pair(tmp_path, "inflated"), pair(tmp_path, "white")))
    surface = read_surface_files(files)
    assert "computed mean curvature of white" in surface.note
    assert surface.shapes[0].name == "white"
    expected = compute_mean_curvature(load_surface(SURFACE, "white")["left"])
    np.testing.assert_allclose(surface.sulcal_depth["left"], expected, atol=1e-5)


def test_without_a_folded_shape_cortex_is_one_grey_and_that_is_said(tmp_path, description):
    surface = read_surface_files(SurfaceFiles("s", (pair(tmp_path, "inflated"),)))
    assert "not shaded" in surface.note
    assert (surface.topology.arrays["left.sulcus"] == 128).all()


def test_packed_gifti_is_read_to_its_checksum(tmp_path, description):
    for side in SIDES.values():
        raw = (tmp_path / f"{side}.flat.surf.gii").read_bytes()
        (tmp_path / f"{side}.flat.surf.gii.gz").write_bytes(gzip.compress(raw))
    shapes = (pair(tmp_path, "white"), pair(tmp_path, "flat", ".surf.gii.gz"))
    surface = read_surface_files(SurfaceFiles("s", shapes))
    np.testing.assert_array_equal(
        surface.flat_faces["left"], load_surface(SURFACE, "flat")["left"].faces
    )
    broken = tmp_path / "lh.flat.surf.gii.gz"
    broken.write_bytes(broken.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"lh\.flat\.surf\.gii\.gz"):
        read_surface_files(SurfaceFiles("s", shapes))


def other_mesh(folder, name, points, faces):
    for side in SIDES.values():
        freesurfer.write_geometry(folder / f"{side}.{name}", points, faces)
    return pair(folder, name)


def test_shapes_of_other_subjects_are_refused(tmp_path, description):
    white = pair(tmp_path, "white")
    points, faces = load_surface("fsaverage4", "pial")["left"]
    finer = other_mesh(tmp_path, "pial", points, faces)
    with pytest.raises(InputError, match=r"lh\.pial: expected 642 vertices as lh\.white"):
        read_surface_files(SurfaceFiles("s", (white, finer)))
    points, faces = load_surface(SURFACE, "pial")["left"]
    other = faces.copy()
    other[5] = other[5][::-1]
    assert read_surface_files(
        SurfaceFiles("s", (white, other_mesh(tmp_path, "pial", points, np.roll(other, 3, axis=0))))
    )
    other[5, 0] = (other[5].max() + 7) % 600
    mixed = other_mesh(tmp_path, "pial", points, other)
    with pytest.raises(InputError, match=r"lh\.pial: expected the triangles of lh\.white"):
        read_surface_files(SurfaceFiles("s", (white, mixed)))


def test_depth_of_another_mesh_is_refused(tmp_path, description):
    short = np.zeros(600, np.float32)
    for side in SIDES.values():
        freesurfer.write_morph_data(tmp_path / f"{side}.curv", short)
    files = SurfaceFiles("s", (pair(tmp_path, "white"),), pair(tmp_path, "curv"))
    with pytest.raises(InputError, match=r"lh\.curv: expected 642 vertices"):
        read_surface_files(files)


def test_left_and_right_swapped_are_told_by_their_names(tmp_path, description):
    sulc = ShapeFiles("depth", tmp_path / "rh.sulc", tmp_path / "lh.sulc")
    with pytest.raises(InputError, match="one hemisphere"):
        read_surface_files(SurfaceFiles("s", (pair(tmp_path, "white"),), sulc))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "my-subject"', "", "a name and a table of shapes"),
        ("[shapes]", "[forms]", "forms"),
        ('["lh.white", "rh.white"]', '"lh.white"', "two files: left and right"),
        ("gyri_positive = false", 'gyri_positive = "no"', "true or false"),
        ("white =", "white ", "a TOML file"),
        ('["lh.white", "rh.white"]', '["lh.gone", "rh.gone"]', r"lh\.gone: expected a file"),
    ],
)
def test_descriptions_that_make_no_sense_end_in_one_line(description, old, new, message):
    description.write_text(SURFACE_EXAMPLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_surface_files(read_surface_description(description))
    assert "\n" not in str(caught.value)


def test_a_description_may_be_held_inside_a_folder(description):
    text = SURFACE_EXAMPLE.replace('"lh.white"', '"../lh.white"')
    description.write_text(text, encoding="utf-8")
    with pytest.raises(UnsafeFileError):
        read_surface_description(description, allowed_root=description.parent)


def test_a_flat_map_alone_is_no_surface(tmp_path):
    with pytest.raises(InputError, match="a folded shape"):
        SurfaceFiles("s", (pair(tmp_path, "flat", ".surf.gii"),))
    with pytest.raises(InputError, match="more than once"):
        SurfaceFiles("s", (pair(tmp_path, "white"), pair(tmp_path, "white")))
