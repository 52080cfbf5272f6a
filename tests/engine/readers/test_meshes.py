"""A mesh is points in millimetres and faces between them, whatever file it comes in."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from jne_engine.cortex.spaces import Mesh
from jne_engine.formats.meshes import read_mesh
from tests.engine.readers.files import cuts, refused
from tests.engine.readers.image_files import (
    FACES,
    POINTS,
    VOLUME_INFO,
    array,
    geometry,
    gifti,
    gifti_labels,
    gifti_maps,
    gifti_mesh,
    patch,
)

FILES = {
    "lh.white": geometry(),
    "lh.pial.surf.gii": gifti_mesh(),
    "plain.surf.gii": gifti_mesh("B64BIN"),
    "ascii.surf.gii": gifti_mesh("ASCII"),
}


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_mesh(tmp_path: Path, name: str) -> None:
    mesh = read_mesh(write(tmp_path, name, FILES[name]))
    np.testing.assert_allclose(mesh.coordinates, POINTS, atol=1e-6 if "ascii" in name else 0)
    np.testing.assert_array_equal(mesh.faces, FACES)
    assert (mesh.coordinates.dtype, mesh.faces.dtype) == (np.float32, np.int64)


def test_freesurfers_own_origin_is_moved_to_the_scanners(tmp_path: Path) -> None:
    mesh = read_mesh(write(tmp_path, "lh.white", geometry(VOLUME_INFO)))
    np.testing.assert_allclose(mesh.coordinates, POINTS + VOLUME_INFO["cras"], atol=1e-5)
    invalid = {**VOLUME_INFO, "valid": "0  # volume info invalid"}
    mesh = read_mesh(write(tmp_path, "lh.white", geometry(invalid)))
    np.testing.assert_array_equal(mesh.coordinates, POINTS)


def broken(points: np.ndarray = POINTS, faces: np.ndarray = FACES) -> bytes:
    return gifti_mesh(points=points, faces=faces)


@pytest.mark.parametrize(("name", "content", "match"), [
    ("a.surf.gii", broken(faces=np.array([[0, 1, 40]])), "0..39, found 0..40"),
    ("a.surf.gii", broken(faces=np.array([[0, -1, 2]])), "-1..2"),
    ("a.surf.gii", broken(points=np.where(POINTS > 1.5, np.nan, POINTS)), "finite"),
    ("a.surf.gii", broken(points=POINTS[:, :2]), r"\(40, 2\)"),
    ("a.surf.gii", broken(faces=FACES[:, :2]), r"\(60, 2\)"),
    ("a.surf.gii", broken(points=POINTS[:, 0]), ""), ("a.surf.gii", gifti_maps(), "POINTSET"),
    ("a.surf.gii", gifti_labels(), "POINTSET"), ("a.surf.gii", gifti([]), "no arrays"),
    ("a.surf.gii", gifti([array(POINTS, "NIFTI_INTENT_POINTSET")] * 2), "TRIANGLE"),
    ("lh.white", b"\xff\xff\xff" + geometry()[3:], "mesh"), ("lh.white", b"\xff\xff\xfe", ""),
    ("lh.white", geometry().replace(b"\n\n", b"  "), ""), ("lh.stl", b"solid", "another format"),
])  # fmt: skip
def test_other_content_is_refused(tmp_path: Path, name: str, content: bytes, match: str) -> None:
    with refused(name, match):
        read_mesh(write(tmp_path, name, content))


def test_faces_of_points_that_are_not_there_are_refused_in_freesurfers_files(
    tmp_path: Path,
) -> None:
    content = geometry()
    with refused("lh.white", "faces of vertices"):
        read_mesh(write(tmp_path, "lh.white", content[:-4] + b"\0\0\0\x28"))


@pytest.mark.parametrize("name", FILES)
def test_files_cut_short_are_refused(tmp_path: Path, name: str) -> None:
    whole = FILES[name]
    for length in cuts(len(whole.rstrip()) if name.endswith("gii") else len(whole), count=40):
        with refused(name):
            read_mesh(write(tmp_path, name, whole[:length]))


def test_a_patch_places_its_vertices_and_keeps_the_triangles_between_them(tmp_path: Path) -> None:
    path = write(tmp_path, "lh.flat.patch.3d", patch())
    flat = read_mesh(path, cut_from=Mesh(POINTS, FACES))
    np.testing.assert_array_equal(flat.coordinates[1:], 2 * POINTS[1:])
    np.testing.assert_allclose(flat.coordinates[0], 2 * POINTS[1:].mean(axis=0), atol=1e-6)
    expected = [face for face in FACES.tolist() if 0 not in face]
    assert 0 < len(expected) < len(FACES)
    np.testing.assert_array_equal(flat.faces, expected)


@pytest.mark.parametrize(("content", "match"), [
    (patch(np.array([1, 2, 41])), "vertices 1..40, found 3 vertices up to 41"),
    (patch(np.array([0, 1, 2])), "vertices 1..40"),
    (patch(count=20), "expected 20 vertices"),
    (patch(np.array([], dtype=int)), "0 vertices"),
    (patch()[:6], "a FreeSurfer patch"),
    (patch()[:-5], r"claim|bytes"),
])  # fmt: skip
def test_a_patch_of_another_surface_or_cut_short_is_refused(
    tmp_path: Path, content: bytes, match: str
) -> None:
    path = write(tmp_path, "lh.flat.patch.3d", content)
    with refused(path.name, match):
        read_mesh(path, cut_from=Mesh(POINTS, FACES))


def test_a_patch_alone_is_no_mesh(tmp_path: Path) -> None:
    path = write(tmp_path, "lh.flat.patch.3d", patch())
    with refused(path.name, "another format"):
        read_mesh(path)


def test_a_mesh_that_names_the_other_hemisphere_is_refused(tmp_path: Path) -> None:
    image = nib.gifti.GiftiImage.from_bytes(gifti_mesh())
    image.darrays[0].meta["AnatomicalStructurePrimary"] = "CortexRight"
    path = tmp_path / "a.surf.gii"
    nib.save(image, path)
    assert len(read_mesh(path, hemi="right").coordinates) == len(read_mesh(path).coordinates)
    with refused("a.surf.gii", "the left hemisphere, found the right one.*swap the two"):
        read_mesh(path, hemi="left")
