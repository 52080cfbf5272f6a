"""A vertex takes the values of the voxels around it, of its own side, and says where none is."""

from __future__ import annotations

from itertools import product
from math import floor

import nibabel as nib
import numpy as np
import pytest
from nilearn.surface import InMemoryMesh, vol_to_surf

from jne_engine.cortex.projection import Projection, Sheet, SubjectSurface, restore_projection
from jne_engine.cortex.projection_weights import MIN_COVERAGE, build_projection, sample_sheets
from jne_engine.cortex.spaces import HEMISPHERES, Mesh, SurfaceSpace, VolumeSpace
from tests.engine.readers.files import refused

AFFINE = np.array([[-2.0, 0.1, 0, 41], [0.1, 2.0, 0, -38], [0, 0.2, 1.9, -37], [0, 0, 0, 1]])
SHAPE = (42, 40, 39)
CENTRES = {"left": (-18.0, -2, 1), "right": (18.0, -2, 1)}
N = 300


def ball(centre: tuple[float, ...], radius: float) -> Mesh:
    """Return points of a ball around a centre; triangles that only have to be there."""
    rng = np.random.default_rng(3)
    points = rng.normal(size=(N, 3))
    points *= radius / np.linalg.norm(points, axis=1, keepdims=True)
    faces = np.arange(N).reshape(N // 3, 3)
    return Mesh((points + centre).astype(np.float32), faces)


SHEETS = {h: Sheet(ball(c, 9.0), ball(c, 12.0)) for h, c in CENTRES.items()}


def grid(mask: np.ndarray | None = None) -> VolumeSpace:
    """Return all voxels of the grid, or some, in an order of their own."""
    voxels = np.argwhere(np.ones(SHAPE, bool) if mask is None else mask)
    return VolumeSpace(SHAPE, AFFINE, np.random.default_rng(1).permutation(voxels))


def millimetres(space: VolumeSpace) -> np.ndarray:
    return nib.affines.apply_affine(space.affine, space.voxels)


def build(space: VolumeSpace, sheets=SHEETS) -> Projection:
    return build_projection(space, sample_sheets(space, sheets), surface="balls", source="balls")


def spread(projection: Projection, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return a projected map over all vertices of both balls."""
    shown, space = projection.project(values), projection.space
    out = {hemi: np.full(N, np.nan, np.float32) for hemi in HEMISPHERES}
    for hemi in HEMISPHERES:
        out[hemi][space.vertices(hemi)] = shown[space.columns(hemi)]
    return out


def plain_weights(column: dict[tuple[int, ...], int], points: np.ndarray) -> dict[int, float]:
    """Return the weight of each column in one vertex by loops over depths and corners."""
    found: dict[int, float] = {}
    for point in points:
        for corner in product((0, 1), repeat=3):
            at = tuple(floor(p) + c for p, c in zip(point, corner, strict=True))
            weight = 1.0
            for p, a in zip(point, at, strict=True):
                weight *= 1 - abs(p - a)
            if at in column:
                found[column[at]] = found.get(column[at], 0) + weight / len(points)
    return found


@pytest.fixture(scope="module")
def patchy() -> tuple[VolumeSpace, Projection]:
    """Return a volume of which half is missing, and its projection."""
    space = grid(np.random.default_rng(4).random(SHAPE) > 0.5)
    return space, build(space)


def test_values_and_labels_are_those_of_plain_loops(patchy) -> None:
    """Weights, coverage, the gaps of NaN and the nearest voxel, vertex by vertex in float64."""
    space, projection = patchy
    rng = np.random.default_rng(2)
    values = rng.normal(size=space.n_voxels).astype(np.float32)
    values[rng.random(space.n_voxels) < 0.2] = np.nan
    labels = rng.integers(0, 5, space.n_voxels)
    found, points = spread(projection, values), sample_sheets(space, SHEETS)
    names = projection.project_labels(labels)
    column = {tuple(v): i for i, v in enumerate(space.voxels.tolist())}
    n_bare = n_empty = 0
    for hemi in HEMISPHERES:
        at = dict(zip(projection.space.vertices(hemi), names[projection.space.columns(hemi)],
                      strict=True))  # fmt: skip
        for vertex in range(N):
            weights = plain_weights(column, points[hemi][:, vertex])
            if sum(weights.values()) < MIN_COVERAGE:
                assert vertex not in at
                n_empty += 1
                continue
            nearest = max(weights, key=weights.__getitem__)
            assert at[vertex] == labels[nearest]
            known = {c: w for c, w in weights.items() if np.isfinite(values[c])}
            expected = np.nan
            if nearest in known:
                total = sum(w * float(values[c]) for c, w in known.items())
                expected = total / sum(known.values())
            n_bare += bool(np.isnan(expected))
            np.testing.assert_allclose(found[hemi][vertex], expected, rtol=2e-5, atol=2e-6)
    assert n_bare > 20
    assert n_empty > 0


def test_it_is_what_nilearn_projects() -> None:
    """Where all voxels have values, vol_to_surf gives the same to single precision."""
    space = grid()
    values = np.random.default_rng(0).normal(size=space.n_voxels)
    volume = np.zeros(SHAPE)
    volume[tuple(space.voxels.T)] = values
    found = spread(build(space), values)
    for hemi, sheet in SHEETS.items():
        white, pial = (InMemoryMesh(mesh.coordinates, mesh.faces) for mesh in sheet)
        image = nib.Nifti1Image(volume, AFFINE)
        expected = vol_to_surf(image, pial, inner_mesh=white, depth=np.linspace(0, 1, 6))
        np.testing.assert_allclose(found[hemi], expected, atol=1e-5)


def test_a_linear_field_is_read_at_the_middle_of_the_cortex() -> None:
    """Trilinear interpolation is exact for a linear field, and so is the mean over depths."""
    space = grid()
    field = np.array([0.3, -0.7, 1.1])
    found = spread(build(space), millimetres(space) @ field + 5)
    for hemi, (white, pial) in SHEETS.items():
        middle = (white.coordinates.astype(float) + pial.coordinates) / 2
        np.testing.assert_allclose(found[hemi], middle @ field + 5, atol=1e-3)
        assert found[hemi].dtype == np.float32


def test_left_stays_left() -> None:
    space = grid()
    found = spread(build(space), np.sign(millimetres(space)[:, 0]))
    np.testing.assert_allclose(found["left"], -1, atol=1e-6)
    np.testing.assert_allclose(found["right"], 1, atol=1e-6)


def test_vertices_without_a_voxel_are_left_out_and_the_others_are_not_diluted() -> None:
    everywhere = grid()
    left = millimetres(everywhere)[:, 0] < 0
    mask = np.zeros(SHAPE, bool)
    mask[tuple(everywhere.voxels[left].T)] = True
    space = grid(mask)
    projection = build(space)
    np.testing.assert_allclose(projection.project(np.full(space.n_voxels, 7.0)), 7, rtol=1e-6)
    assert projection.space.right.size == 0
    assert projection.space.left.size == N
    for part in ("300 of 600 vertices", "linear", "balls", "nearest voxel", "projected value"):
        assert part in projection.note


def test_values_that_are_not_finite_count_as_no_voxel() -> None:
    space = grid()
    values = np.full(space.n_voxels, 3.0)
    values[millimetres(space)[:, 2] > 1] = np.nan
    values[millimetres(space)[:, 0] > 0] = np.inf
    found = spread(build(space), values)
    height = SHEETS["left"].pial.coordinates[:, 2]
    np.testing.assert_allclose(found["left"][height < 0], 3, rtol=1e-6)
    assert np.isnan(found["left"][height > 7]).all()
    assert np.isnan(found["right"]).all()


def test_masks_of_several_rois_go_with_the_nearest_voxel(patchy) -> None:
    space, projection = patchy
    masks = np.random.default_rng(5).random((3, space.n_voxels)) > 0.5
    shown = projection.project_labels(masks)
    assert (shown.dtype, shown.shape) == (np.bool_, (3, projection.space.n_voxels))
    np.testing.assert_array_equal(shown, masks[:, projection.nearest])


@pytest.mark.parametrize("with_own", [False, True])
def test_it_comes_back_from_its_arrays(patchy, with_own) -> None:
    space, made = patchy
    shapes = {n: {h: SHEETS[h][i].coordinates for h in HEMISPHERES} for i, n in
              enumerate(("white", "pial"))}  # fmt: skip
    faces = {h: SHEETS[h].white.faces for h in HEMISPHERES}
    depth = {h: np.arange(N, dtype=np.float32) for h in HEMISPHERES}
    own = SubjectSurface("balls", faces, shapes, depth) if with_own else None
    before = build_projection(
        space, sample_sheets(space, SHEETS), surface="balls", source="balls", own=own
    )
    arrays = before.arrays()
    again = restore_projection("balls", before.note, shapes=before.shapes,
                               has_depth=before.has_depth, read=arrays.__getitem__)  # fmt: skip
    values = np.random.default_rng(0).normal(size=space.n_voxels)
    np.testing.assert_array_equal(again.project(values), made.project(values))
    assert again.arrays().keys() == arrays.keys()
    for name, array in again.arrays().items():
        np.testing.assert_array_equal(array, arrays[name])


def test_what_does_not_fit_is_named() -> None:
    far = {h: Sheet(ball((900.0, 0, 0), 9), ball((900.0, 0, 0), 12)) for h in HEMISPHERES}
    with refused("projection", "balls"):
        build(grid(), far)
    space = SurfaceSpace("balls", np.array([0, 1]), np.zeros(0, np.int64))
    weights = np.ones(2, np.float32)
    with refused("projection", "a weighted voxel a vertex"):
        Projection(space, np.array([0, 0, 2]), np.array([0, 1]), weights, "")
    with refused("projection", "2 vertices"):
        Projection(space, np.array([0, 2]), np.array([0, 1]), weights, "")
    sound = Projection(space, np.array([0, 1, 2]), np.array([0, 7]), weights, "")
    with refused("projection", "columns below 7.*found 7"):
        sound.check_columns(7)
