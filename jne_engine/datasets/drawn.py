"""On which surface a volume's columns are drawn, and what to do where none is known."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jne_engine.core.errors import InputError
from jne_engine.cortex.names import canonical_name
from jne_engine.cortex.projection import Projection
from jne_engine.cortex.projection_weights import build_projection, sample_sheets
from jne_engine.cortex.spaces import CorticalSpace, VolumeSpace
from jne_engine.formats.guard import printable
from jne_engine.formats.sheets import load_sheets, read_subject_surface

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
