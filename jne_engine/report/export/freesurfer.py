"""Maps as ``.mgz`` and labels as ``.annot``, one file a hemisphere: FreeSurfer's own formats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.freesurfer.io import write_annot

from jne_engine.core.errors import InputError
from jne_engine.core.palettes import rgb
from jne_engine.cortex.names import canonical_name
from jne_engine.cortex.spaces import CorticalSpace, Hemisphere, SurfaceSpace
from jne_engine.report.export.content import ExportLabels, RunContent
from jne_engine.report.export.spaces import require_space
from jne_engine.report.export.vertices import (
    count_vertices,
    hemispheres_of,
    spread_codes,
    spread_values,
)

SIDES: dict[Hemisphere, str] = {"left": "lh", "right": "rh"}
NOTHING = ("unknown", (25, 5, 25))
"""FreeSurfer's own name and colour of what has no label."""


def check_mgz(space: CorticalSpace | None) -> None:
    """Require fsaverage or a subject's own surface.

    Raises
    ------
    InputError
        If the run lies elsewhere.
    """
    surface = require_space(space, SurfaceSpace, "mgz")
    if canonical_name(surface.surface) == "fsLR32k":
        fix = "take --to gifti or cifti"
        found = "fsLR32k, which FreeSurfer has no subject of"
        raise InputError("export to mgz", "a run on a FreeSurfer surface", found, fix)
    count_vertices(surface, "left")


def write_mgz(content: RunContent, folder: Path) -> Iterator[None]:
    """Write ``lh.MAP.mgz`` and ``lh.LABELS.annot`` for each hemisphere.

    Yields
    ------
    None
        After each map and each labelling.
    """
    space = require_space(content.space, SurfaceSpace, "mgz")
    for item in content.maps:
        for hemi in hemispheres_of(space):
            values = spread_values(space, item.values, hemi)
            image = nib.MGHImage(values.reshape(-1, 1, 1), np.eye(4))
            image.to_filename(folder / f"{SIDES[hemi]}.{content.stem(item.name)}.mgz")
        yield
    for labels in content.labels:
        names = [NOTHING[0], *labels.names]
        for hemi in hemispheres_of(space):
            codes = spread_codes(space, labels.codes, hemi)
            path = folder / f"{SIDES[hemi]}.{content.stem(labels.name)}.annot"
            write_annot(path, codes, _build_colours(labels), names, fill_ctab=True)
        yield


def _build_colours(labels: ExportLabels) -> npt.NDArray[np.int32]:
    """Return (red, green, blue, 0, 0) of nothing and of each label.

    An ``.annot`` tells labels apart by colour alone: colours that repeat are moved by the
    smallest step of blue.
    """
    seen: set[tuple[int, int, int]] = {(0, 0, 0)}
    rows = []
    for red, green, blue in (NOTHING[1], *(rgb(colour) for colour in labels.colours)):
        packed = red | green << 8 | blue << 16
        while (packed & 255, packed >> 8 & 255, packed >> 16) in seen:
            packed = (packed + (1 << 16)) % (1 << 24) or 1
        colour = (packed & 255, packed >> 8 & 255, packed >> 16)
        seen.add(colour)
        rows.append((*colour, 0, 0))
    return np.array(rows, dtype=np.int32)
