"""On which surface or anatomical image a volume's columns are drawn, if on any."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from nibabel.affines import apply_affine, voxel_sizes

from jne_engine.core.errors import InputError
from jne_engine.cortex.names import canonical_name
from jne_engine.cortex.projection import Projection
from jne_engine.cortex.projection_weights import build_projection, sample_sheets
from jne_engine.cortex.spaces import Anatomy, CorticalSpace, VolumeSpace, bound_box
from jne_engine.formats.guard import printable
from jne_engine.formats.sheets import load_sheets, read_subject_surface
from jne_engine.formats.volumes import read_volume

NOT_DRAWN: Final = (
    "no map of the brain: a volume needs a surface in its own millimetres; name surface_folder (the"
    " subject's FreeSurfer surf folder) or surface (a packaged template) in dataset.toml"
)


def draw_volume(
    space: CorticalSpace | None,
    *,
    surface: str | None,
    surface_folder: Path | None,
    subject: str,
    absent: str = NOT_DRAWN,
) -> tuple[Projection | None, tuple[str, ...]]:
    """Compute how a volume is shown on the surface that was named, and say so.

    Parameters
    ----------
    space : SurfaceSpace or VolumeSpace, optional
        Where the columns lie; only a volume needs a projection.
    surface : str, optional
        A packaged template in whose millimetres the volume lies.
    surface_folder : pathlib.Path, optional
        FreeSurfer's ``surf`` folder of the subject, in the volume's millimetres.
    subject : str
        Whose surfaces those are.
    absent : str
        What to say where neither is named.

    Raises
    ------
    InputError
        If both are named, or a surface cannot be read.
    """
    if not isinstance(space, VolumeSpace):
        return None, ()
    if surface is not None and surface_folder is not None:
        fix = "name the subject's own surfaces, or a template"
        raise InputError("surface", "one surface", "surface and surface_folder", fix)
    if surface_folder is not None:
        name = f"{printable(subject)}-own"
        own = read_subject_surface(surface_folder, name)
        source = "the subject's own white and pial surfaces, in the volume's millimetres"
        points = sample_sheets(space, own.sheets())
        made = build_projection(space, points, surface=name, source=source, own=own)
    elif surface is not None:
        source = f"{surface}'s white and pial surfaces, the volume taken as in its space"
        template = canonical_name(surface)
        points = sample_sheets(space, load_sheets(template))
        made = build_projection(space, points, surface=template, source=source)
    else:
        return None, (absent,)
    return made, (made.note,)


_MOST_VOXELS: Final = 2**24
"""Of an anatomical image that are kept; of a finer one every second, third … of them."""
_SAME: Final = "name an image of the subject in the space of the responses"


def read_anatomy(
    path: Path | None, space: CorticalSpace | None
) -> tuple[Anatomy | None, tuple[str, ...]]:
    """Read the image that a volume's slices are drawn on, and say which it is.

    Parameters
    ----------
    path : pathlib.Path, optional
        NIfTI or MGH of any grid whose header gives the responses' millimetres.
    space : SurfaceSpace or VolumeSpace, optional
        Where the columns lie.

    Returns
    -------
    Anatomy or None
        What lies within the responses' grid, darkest to brightest hundredth as 0 to 255.
    tuple of str
        For the record.

    Raises
    ------
    InputError
        If the file cannot be read, has no contrast, or holds none of the responses' voxels; or
        there is no volume.
    """
    if path is None:
        return None, ()
    name = printable(path.name)
    if not isinstance(space, VolumeSpace):
        fix = "leave the anatomy out: a surface is drawn as it is"
        raise InputError(name, "responses in a volume", "columns elsewhere", fix)
    values, affine = _read_image(path)
    to_image = np.linalg.inv(affine) @ space.affine
    inside = _count_inside(to_image, space, values.shape)
    if not inside:
        found = f"none of {space.n_voxels:,} voxels inside it"
        raise InputError(name, "an image of where the responses lie", found, _SAME)
    low, high = _find_box(to_image, space, values.shape)
    step = max(1, int(np.ceil((np.prod(high - low) / _MOST_VOXELS) ** (1 / 3))))
    kept = values[tuple(slice(a, b, step) for a, b in zip(low, high, strict=True))]
    shift = np.diag([step, step, step, 1.0])
    shift[:3, 3] = low
    sizes = " × ".join(f"{size:.3g}" for size in voxel_sizes(affine))
    told = f"slices are drawn on {name} (voxels of {sizes} mm)"
    told += f", every {step}th of them" if step > 1 else ""
    outside = space.n_voxels - inside
    told += f"; {outside:,} of {space.n_voxels:,} voxels lie outside of it" if outside else ""
    return Anatomy(name, _brighten(name, kept), affine @ shift), (told,)


def _read_image(path: Path) -> tuple[npt.NDArray[Any], npt.NDArray[np.float64]]:
    volume = read_volume(path)
    values = volume.values[..., 0] if volume.values.shape[3:] == (1,) else volume.values
    if values.ndim != 3:
        found = f"shape {values.shape}"
        raise InputError(printable(path.name), "one image (x, y, z)", found, _SAME)
    if np.linalg.det(volume.affine) == 0:
        found = "a matrix without an inverse"
        raise InputError(printable(path.name), "an affine to millimetres", found, _SAME)
    return values, volume.affine


def _count_inside(
    to_image: npt.NDArray[np.float64], space: VolumeSpace, shape: tuple[int, ...]
) -> int:
    places = apply_affine(to_image, space.voxels)
    return int(((places > -0.5) & (places < np.asarray(shape) - 0.5)).all(axis=1).sum())


def _find_box(
    to_image: npt.NDArray[np.float64], space: VolumeSpace, shape: tuple[int, ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return first and one past last index of the image's part within the responses' grid."""
    ends = np.stack([np.full(3, -0.5), np.asarray(space.shape) - 0.5])
    least, greatest = bound_box(to_image, ends)
    low = np.floor(least).clip(0).astype(np.int64)
    high = np.minimum(np.ceil(greatest).astype(np.int64) + 1, shape)
    return low, high


def _brighten(name: str, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    known = np.where(np.isfinite(values), values, 0).astype(np.float32)
    low, high = np.percentile(known, (1, 99))
    if low == high:
        low, high = known.min(), known.max()
    if low == high:
        raise InputError(name, "an image with contrast", "one value everywhere", _SAME)
    share = ((known - low) / (high - low)).clip(0, 1)
    brightness: npt.NDArray[np.uint8] = np.round(255 * share).astype(np.uint8)
    return brightness
