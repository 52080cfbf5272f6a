"""Maps and labels as GIFTI, one file a hemisphere and map: Connectome Workbench and FreeView.

One map a file, because FreeView shows the first array of a file only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from nibabel.gifti import (
    GiftiDataArray,
    GiftiImage,
    GiftiLabel,
    GiftiLabelTable,
    GiftiMetaData,
)

from jne_engine.core.palettes import rgb
from jne_engine.cortex.spaces import CorticalSpace, Hemisphere, SurfaceSpace
from jne_engine.formats.guard import printable
from jne_engine.report.export.content import ExportLabels, ExportMap, RunContent
from jne_engine.report.export.spaces import require_space
from jne_engine.report.export.vertices import (
    LETTERS,
    STRUCTURES,
    count_vertices,
    describe_palette,
    hemispheres_of,
    spread_codes,
    spread_values,
)


def check_gifti(space: CorticalSpace | None) -> None:
    """Require a surface of known size.

    Raises
    ------
    InputError
        If the run lies elsewhere.
    """
    count_vertices(require_space(space, SurfaceSpace, "gifti"), "left")


def write_gifti(content: RunContent, folder: Path) -> Iterator[None]:
    """Write ``hemi-L_MAP.shape.gii`` and ``hemi-L_LABELS.label.gii`` for each hemisphere.

    Parameters
    ----------
    content : RunContent
    folder : pathlib.Path
        Folder to fill.

    Yields
    ------
    None
        After each map and each labelling.
    """
    space = require_space(content.space, SurfaceSpace, "gifti")
    for item in content.maps:
        for hemi in hemispheres_of(space):
            name = f"hemi-{LETTERS[hemi]}_{content.stem(item.name)}.shape.gii"
            build_metric(content, item, hemi).to_filename(folder / name)
        yield
    for labels in content.labels:
        for hemi in hemispheres_of(space):
            name = f"hemi-{LETTERS[hemi]}_{content.stem(labels.name)}.label.gii"
            build_label_image(content, labels, hemi).to_filename(folder / name)
        yield


def build_metric(content: RunContent, item: ExportMap, hemi: Hemisphere) -> GiftiImage:
    """Return one hemisphere of a map: float32 over all vertices, NaN where there is no value."""
    space = require_space(content.space, SurfaceSpace, "gifti")
    meta = {
        "Name": content.map_title(item),
        "Units": item.info.unit,
        "Description": item.info.explanation,
        "Formula": item.formula,
        "Voxels": f"{item.voxels}, n = {item.n}",
        "PaletteColorMapping": describe_palette(item, content),
    }
    values = spread_values(space, item.values, hemi)
    return _image(content, hemi, values, "NIFTI_INTENT_SHAPE", meta)


def build_label_image(content: RunContent, labels: ExportLabels, hemi: Hemisphere) -> GiftiImage:
    """Return one hemisphere of a labelling: int32 over all vertices, with its label table."""
    space = require_space(content.space, SurfaceSpace, "gifti")
    meta = {"Name": content.title(labels.title), "Description": printable(labels.explanation)}
    codes = spread_codes(space, labels.codes, hemi)
    image = _image(content, hemi, codes, "NIFTI_INTENT_LABEL", meta)
    image.labeltable = _build_table(labels)
    return image


def _image(
    content: RunContent,
    hemi: Hemisphere,
    values: npt.NDArray[np.float32] | npt.NDArray[np.int32],
    intent: str,
    meta: dict[str, str],
) -> GiftiImage:
    manifest = content.run.manifest
    about = {
        "AnatomicalStructurePrimary": STRUCTURES[hemi],
        "Run": manifest.run_id,
        "RunKey": manifest.key,
        "Simulated": "true" if content.simulated else "false",
    }
    kind = "NIFTI_TYPE_INT32" if values.dtype.kind == "i" else "NIFTI_TYPE_FLOAT32"
    array = GiftiDataArray(
        values, intent=intent, datatype=kind, encoding="GIFTI_ENCODING_B64GZ",
        meta=GiftiMetaData({k: v for k, v in meta.items() if v}),
    )  # fmt: skip
    image = GiftiImage(meta=GiftiMetaData(about))
    image.add_gifti_data_array(array)
    return image


def _build_table(labels: ExportLabels) -> GiftiLabelTable:
    """Return the label table: 0 is nothing and not drawn."""
    table = GiftiLabelTable()
    entries = [(0, "???", (0.0, 0.0, 0.0, 0.0))]
    for key, (name, colour) in enumerate(zip(labels.names, labels.colours, strict=True), start=1):
        red, green, blue = (part / 255 for part in rgb(colour))
        entries.append((key, name, (red, green, blue, 1.0)))
    for key, name, colour_parts in entries:
        label = GiftiLabel(key, *colour_parts)
        label.label = name
        table.labels.append(label)
    return table
