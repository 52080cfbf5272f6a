"""Maps and labels as volumes on the grid that the responses came on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.cortex.spaces import CorticalSpace, VolumeSpace
from jne_engine.report.export.content import ExportLabels, ExportMap, RunContent
from jne_engine.report.export.spaces import require_space
from jne_engine.report.export.vertices import choose_range
from jne_engine.report.figures.tables import defuse_table

DESCRIP_BYTES = 79


def check_nifti(space: CorticalSpace | None) -> None:
    """Require a volume; see :func:`require_space`."""
    require_space(space, VolumeSpace, "nifti")


def write_nifti(content: RunContent, folder: Path) -> Iterator[None]:
    """Write ``MAP.nii.gz`` for each map, and ``LABELS.nii.gz`` with its ``.tsv``.

    Yields
    ------
    None
        After each map and each labelling.
    """
    require_space(content.space, VolumeSpace, "nifti")
    for item in content.maps:
        build_volume(content, item).to_filename(folder / f"{content.stem(item.name)}.nii.gz")
        yield
    for labels in content.labels:
        stem = content.stem(labels.name)
        build_label_volume(content, labels).to_filename(folder / f"{stem}.nii.gz")
        (folder / f"{stem}.tsv").write_text(tell_label_table(labels), encoding="utf-8")
        yield


def build_volume(content: RunContent, item: ExportMap) -> nib.Nifti1Image:
    """Return a map on the source grid: float32, NaN where the run has no column."""
    low, high = choose_range(item, content)
    image = _fill(content, item.values, np.float32(np.nan))
    image.header["cal_min"], image.header["cal_max"] = low, high
    _describe(image, content.map_title(item))
    return image


def build_label_volume(content: RunContent, labels: ExportLabels) -> nib.Nifti1Image:
    """Return a labelling on the source grid: int16, 0 where there is no label."""
    image = _fill(content, labels.codes.astype(np.int16), np.int16(0))
    image.header.set_intent("label")
    _describe(image, content.title(labels.title))
    return image


def tell_label_table(labels: ExportLabels) -> str:
    """Return the labels as tab-separated text: index, name and colour, as BIDS names them."""
    rows = list(enumerate(zip(labels.names, labels.colours, strict=True), start=1))
    table = pd.DataFrame(
        {
            "index": [0, *(index for index, _ in rows)],
            "name": ["unlabelled", *(name for _, (name, _) in rows)],
            "color": ["#000000", *(colour for _, (_, colour) in rows)],
        }
    )
    return str(defuse_table(table).to_csv(sep="\t", index=False, lineterminator="\n"))


def _fill(
    content: RunContent,
    values: npt.NDArray[np.float32] | npt.NDArray[np.int16],
    missing: np.float32 | np.int16,
) -> nib.Nifti1Image:
    space = require_space(content.space, VolumeSpace, "nifti")
    volume = np.full(space.shape, missing, dtype=values.dtype)
    volume[tuple(space.voxels.T)] = values
    image = nib.Nifti1Image(volume, space.affine)
    image.header.set_xyzt_units("mm")
    return image


def _describe(image: nib.Nifti1Image, text: str) -> None:
    """Put a title with its unit into the header, which holds 79 ASCII letters."""
    plain = text.replace("Δ", "d").replace("²", "2").replace("−", "-")
    image.header["descrip"] = plain.encode("ascii", "replace")[:DESCRIP_BYTES]
