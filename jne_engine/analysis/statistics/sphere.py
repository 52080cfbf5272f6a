"""Random rotations of the cortical sphere, and which column takes whose value.

Every rotation turns the left sphere; the right one is turned by its mirror image, so that both
hemispheres move alike. A column takes the value of the column that the rotation brings nearest
to it, or none where nothing comes near: the medial wall and vertices without data leave gaps.

References
----------
Alexander-Bloch et al. (2018), NeuroImage 178, 540-551. Markello and Misic (2021), NeuroImage
236, 118052.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from jne_engine.core.arrays import Float64Array, Int32Array
from jne_engine.core.checks import check_matrix, check_positive
from jne_engine.core.progress import Progress

NOWHERE = -1
REACH = 2.0
"""How near is near: this many times the usual distance between neighbouring columns."""

_MIRROR = np.diag([-1.0, 1.0, 1.0])


def draw_rotations(n: int, seed: int = 0) -> Float64Array:
    """Draw rotations uniformly.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3, 3)

    Raises
    ------
    InputError
        If ``n`` is not positive.
    """
    check_positive("n_rotations", n)
    return np.asarray(Rotation.random(n, rng=np.random.default_rng(seed)).as_matrix())


def mirror_rotations(rotations: Float64Array) -> Float64Array:
    """Return the same rotations as seen in a mirror between the hemispheres (x to −x)."""
    return np.asarray(_MIRROR @ rotations @ _MIRROR)


def spin_columns(
    left: npt.ArrayLike,
    right: npt.ArrayLike,
    rotations: Float64Array,
    progress: Progress | None = None,
) -> Int32Array:
    """Return for every rotation which column each column takes its value from.

    Parameters
    ----------
    left, right : array_like, shape (n_of_hemisphere, 3)
        Where each column lies on its hemisphere's sphere; either may be empty.
    rotations : numpy.ndarray of float64, shape (n_rotations, 3, 3)
        Of the left sphere.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    numpy.ndarray of int32, shape (n_rotations, n_left + n_right)
        Columns, left ones first; −1 where no column comes near. A column never takes a value
        from the other hemisphere. Memory: 4 bytes an entry.
    """
    sides = [_scale(left), _scale(right)]
    spun = np.full((len(rotations), sum(map(len, sides))), NOWHERE, dtype=np.int32)
    starts, turns = (0, len(sides[0])), (rotations, mirror_rotations(rotations))
    done, total = 0, len(rotations) * sum(len(side) > 0 for side in sides)
    for start, points, turn in zip(starts, sides, turns, strict=True):
        for i, nearest in enumerate(_find_nearest(points, turn)):
            found = np.where(nearest < len(points), nearest + start, NOWHERE)
            spun[i, start : start + len(points)] = found
            done += 1
            if progress is not None and (done % 20 == 0 or done == total):
                progress(done, total)
    return spun


def measure_areas(points: npt.ArrayLike, faces: npt.ArrayLike) -> Float64Array:
    """Return the area of every vertex: a third of the triangles about it, shape (n_vertices,)."""
    xyz, corners = np.asarray(points, dtype=np.float64), np.asarray(faces)
    first, second, third = (xyz[corners[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(second - first, third - first), axis=1) / 6
    found = np.bincount(corners.ravel(), np.repeat(area, 3), minlength=len(xyz))
    return found.astype(np.float64)


def measure_distortion(stretch: Float64Array, spun: Int32Array) -> Float64Array:
    """Return how much each rotation stretches what it carries.

    Parameters
    ----------
    stretch : numpy.ndarray of float64, shape (n_columns,)
        Logarithm of the cortical over the spherical area.
    spun : numpy.ndarray of int32, shape (n_rotations, n_columns)
        Rotations, as :func:`spin_columns` returns them.

    Returns
    -------
    numpy.ndarray of float64, shape (n_rotations,)
        Mean absolute difference of the stretch where a value goes and where it comes from;
        infinite where no column takes a value.
    """
    change = np.abs(stretch[spun] - stretch)
    known = spun != NOWHERE
    n = known.sum(axis=1)
    total = np.where(known, change, 0).sum(axis=1)
    mean: Float64Array = np.divide(total, n, out=np.full(len(spun), np.inf), where=n > 0)
    return mean


def measure_narrowing(stretch: Float64Array, spun: Int32Array) -> Float64Array:
    """Return how much narrower correlations of a rotated map spread than those of a map in place.

    A map that is as smooth everywhere on cortex is not so on the sphere: a patch that goes together
    covers a ∝ 1 / stretch there. Two maps in place go together over the same a, and the
    variance of their correlation goes with the mean of a; a rotated one brings another a′,
    Gaussian patches overlap over 2aa′ / (a + a′), which is less.

    Parameters
    ----------
    stretch : numpy.ndarray of float64, shape (n_columns,)
        Logarithm to base 2 of the cortical over the spherical area.
    spun : numpy.ndarray of int32, shape (n_rotations, n_columns)
        Rotations, as :func:`spin_columns` returns them.

    Returns
    -------
    numpy.ndarray of float64, shape (n_rotations,)
        Ratio of standard deviations, 1 or more; 1 where no column takes a value.
    """
    patch = 2.0**-stretch
    found = np.ones(len(spun))
    for i, row in enumerate(spun):
        known = row != NOWHERE
        if known.any():
            here, there = patch[known], patch[row[known]]
            alike = (here + there).mean() / 2
            found[i] = np.sqrt(alike / np.mean(2 * here * there / (here + there)))
    return found


def _scale(points: npt.ArrayLike) -> Float64Array:
    """Return points at distance 1 from the origin."""
    xyz: Float64Array = np.asarray(points, dtype=np.float64)
    if xyz.size == 0:
        return np.empty((0, 3))
    check_matrix("sphere", xyz, ("n_columns", "3"), fix="pass one point a column")
    scaled: Float64Array = xyz / np.linalg.norm(xyz, axis=1, keepdims=True)
    return scaled


def _find_nearest(points: Float64Array, rotations: Float64Array) -> Iterator[npt.NDArray[np.intp]]:
    if len(points) == 0:
        return
    tree = cKDTree(points)
    steps = tree.query(points, k=2)[0][:, 1]
    near = REACH * float(np.median(steps[np.isfinite(steps)])) if len(points) > 1 else 0.0
    # The tree keeps neighbours together: asked in its order, the search stays in cache.
    order = np.asarray(tree.indices)
    nearest = np.empty(len(points), dtype=np.intp)
    for rotation in rotations:
        # Turning the map by R brings to p what was at R⁻¹p; for a row that is p @ R.
        nearest[order] = tree.query(points[order] @ rotation, distance_upper_bound=near)[1]
        yield nearest
