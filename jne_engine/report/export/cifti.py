"""Both hemispheres of fs_LR 32k in one file: CIFTI-2 as the Human Connectome Project has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
from nibabel.cifti2 import BrainModelAxis, LabelAxis, ScalarAxis

from jne_engine.core.arrays import IntArray
from jne_engine.core.errors import InputError
from jne_engine.core.palettes import rgb
from jne_engine.cortex.names import FSLR, canonical_name
from jne_engine.cortex.spaces import HEMISPHERES, CorticalSpace, Hemisphere, SurfaceSpace
from jne_engine.cortex.surfaces import N_VERTICES, load_cortex_vertices
from jne_engine.formats.guard import printable
from jne_engine.report.export.content import ExportLabels, RunContent
from jne_engine.report.export.spaces import require_space
from jne_engine.report.export.vertices import (
    STRUCTURES,
    describe_palette,
    spread_codes,
    spread_values,
)


def check_cifti(space: CorticalSpace | None) -> None:
    """Require fs_LR 32k, the surface of standard grayordinates.

    Raises
    ------
    InputError
        If the run lies elsewhere.
    """
    surface = require_space(space, SurfaceSpace, "cifti")
    if canonical_name(surface.surface) != FSLR:
        found = printable(surface.surface)
        fix = "take --to gifti or mgz, which keep its own vertices"
        raise InputError("export to cifti", "a run on fsLR32k", found, fix)


def write_cifti(content: RunContent, folder: Path) -> Iterator[None]:
    """Write ``maps.dscalar.nii`` with every map and one ``LABELS.dlabel.nii`` a labelling.

    Yields
    ------
    None
        After each map and each labelling.
    """
    space = require_space(content.space, SurfaceSpace, "cifti")
    vertices = choose_vertices(space)
    rows = []
    for item in content.maps:
        rows.append(
            np.concatenate([spread_values(space, item.values, h)[vertices[h]] for h in HEMISPHERES])
        )
        yield
    _save_scalars(content, np.stack(rows), vertices, folder / f"{content.stem('maps')}.dscalar.nii")
    for labels in content.labels:
        codes = [spread_codes(space, labels.codes, h)[vertices[h]] for h in HEMISPHERES]
        path = folder / f"{content.stem(labels.name)}.dlabel.nii"
        _save_labels(content, labels, np.concatenate(codes), vertices, path)
        yield


def choose_vertices(space: SurfaceSpace) -> dict[Hemisphere, IntArray]:
    """Return the grayordinates of a file: the standard 59,412, or all 64,984 vertices.

    The standard ones leave out the medial wall and fit the HCP's files; they are taken where
    they hold every column of the run, so that nothing is dropped.
    """
    standard = {hemi: load_cortex_vertices(hemi) for hemi in HEMISPHERES}
    if all(np.isin(space.vertices(hemi), standard[hemi]).all() for hemi in HEMISPHERES):
        return standard
    return {hemi: np.arange(N_VERTICES[FSLR], dtype=np.int64) for hemi in HEMISPHERES}


def tell_vertices(space: SurfaceSpace) -> str:
    """Say which grayordinates a file has, and why."""
    n = sum(v.size for v in choose_vertices(space).values())
    if n < 2 * N_VERTICES[FSLR]:
        return f"The {n:,} standard cortical grayordinates, without the medial wall."
    return (
        f"All {n:,} vertices, the medial wall included: some of the run's lie outside of the"
        " 59,412 standard grayordinates and would otherwise be lost."
    )


def _models(vertices: dict[Hemisphere, IntArray]) -> BrainModelAxis:
    left, right = (
        BrainModelAxis.from_surface(vertices[hemi], N_VERTICES[FSLR], name=STRUCTURES[hemi])
        for hemi in HEMISPHERES
    )
    return left + right


def _save_scalars(
    content: RunContent,
    values: npt.NDArray[np.float32],
    vertices: dict[Hemisphere, IntArray],
    path: Path,
) -> None:
    names = [content.map_title(item) for item in content.maps]
    metas = [
        {
            "Units": item.info.unit,
            "Description": item.info.explanation,
            "Formula": item.formula,
            "Voxels": f"{item.voxels}, n = {item.n}",
            "PaletteColorMapping": describe_palette(item, content),
        }
        for item in content.maps
    ]
    axes = (ScalarAxis(names, metas), _models(vertices))
    _save(values, axes, "NIFTI_INTENT_CONNECTIVITY_DENSE_SCALARS", path)


def _save_labels(
    content: RunContent,
    labels: ExportLabels,
    codes: npt.NDArray[np.int32],
    vertices: dict[Hemisphere, IntArray],
    path: Path,
) -> None:
    table = {0: ("???", (0.0, 0.0, 0.0, 0.0))}
    for key, (name, colour) in enumerate(zip(labels.names, labels.colours, strict=True), start=1):
        red, green, blue = (part / 255 for part in rgb(colour))
        table[key] = (name, (red, green, blue, 1.0))
    meta = {"Description": printable(labels.explanation)}
    axes = (LabelAxis([content.title(labels.title)], [table], [meta]), _models(vertices))
    _save(codes[None].astype(np.float32), axes, "NIFTI_INTENT_CONNECTIVITY_DENSE_LABELS", path)


class _LinedHeader(nib.Cifti2Header):  # type: ignore[misc]
    """The XML with a line feed between tags: NiiVue reads it line by line, all else as before."""

    def to_xml(self, enc: str = "utf-8") -> bytes:
        """Return the XML; neither texts nor attributes can hold ``><``, which is escaped there."""
        return bytes(super().to_xml(enc)).replace(b"><", b">\n<")


class _LinedImage(nib.Cifti2Image):  # type: ignore[misc]
    header_class = _LinedHeader


def _save(
    values: npt.NDArray[np.float32],
    axes: tuple[ScalarAxis | LabelAxis, BrainModelAxis],
    intent: str,
    path: Path,
) -> None:
    """Write a CIFTI-2 file."""
    image = _LinedImage(values, header=_LinedHeader(nib.Cifti2Header.from_axes(axes).matrix))
    image.nifti_header.set_intent(intent)
    image.nifti_header["pixdim"][1:] = 1
    image.to_filename(path)
