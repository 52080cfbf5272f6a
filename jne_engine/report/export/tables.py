"""Tidy tables, a row a voxel and a row an ROI, with a dictionary of their columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jne_engine.analysis.maps import read_all_roi_sets
from jne_engine.analysis.regions import tabulate_rois
from jne_engine.cortex.spaces import CorticalSpace, SurfaceSpace, VolumeSpace
from jne_engine.formats.guard import printable
from jne_engine.model.measures import JNE_UNIT, list_measures
from jne_engine.report.export.content import ExportLabels, RunContent
from jne_engine.report.figures.tables import write_csv

Column = dict[str, str]

DICTIONARY = "data-dictionary.json"

_MISSING = "null elsewhere, in CSV an empty cell; pandas reads either as NaN."
_MEANS = "mean over the ROI's significant voxels"
_COLUMNS: dict[str, tuple[str, str]] = {
    "column": ("", "Response column of the run, from 0."),
    "hemisphere": ("", "left or right."),
    "vertex": ("", "Vertex of the surface, from 0 in each hemisphere."),
    "i": ("", "First voxel index of the source grid, from 0."),
    "j": ("", "Second voxel index of the source grid, from 0."),
    "k": ("", "Third voxel index of the source grid, from 0."),
    "x_mm": ("mm", "First coordinate of the voxel by the source's affine."),
    "y_mm": ("mm", "Second coordinate of the voxel by the source's affine."),
    "z_mm": ("mm", "Third coordinate of the voxel by the source's affine."),
    "valid": ("", "Whether the voxel was fitted: finite and not constant."),
    "simulated": ("", "Whether the data are SIMULATED."),
    "preset": ("", "ROI set."),
    "roi": ("", "Name of the ROI."),
    "name": ("", "Name of the ROI."),
    "tier": ("", "Place of the ROI in the visual hierarchy."),
    "n_voxels": ("voxels", "Voxels of the ROI."),
    "n_significant": ("voxels", "Significant voxels of the ROI."),
    **{m.mean_name: (m.unit, f"{m.label}, {_MEANS}.") for m in list_measures("region")},
    "jne_low": (JNE_UNIT, "Lower end of the 95 % interval of mean_jne over voxels."),
    "jne_high": (JNE_UNIT, "Upper end of the 95 % interval of mean_jne over voxels."),
}


def check_tables(space: CorticalSpace | None) -> None:
    """Take every run: a table needs no place."""
    del space


def export_csv(content: RunContent, folder: Path) -> Iterator[None]:
    """Write the tables as CSV, whose text cells no spreadsheet runs as formulas.

    Yields
    ------
    None
        After each table.
    """

    def write(table: pd.DataFrame, path: Path) -> None:
        path.with_suffix(".csv").write_text(write_csv(table), encoding="utf-8", newline="")

    yield from _write_tables(content, folder, write)


def export_parquet(content: RunContent, folder: Path) -> Iterator[None]:
    """Write the tables as parquet, float32 as in the run; where there is no value, a null.

    Yields
    ------
    None
        After each table.
    """

    def write(table: pd.DataFrame, path: Path) -> None:
        table.to_parquet(path.with_suffix(".parquet"), index=False)

    yield from _write_tables(content, folder, write)


def tabulate_content(content: RunContent) -> pd.DataFrame:
    """Return one row a response column: where it lies, its value in each map, its labels.

    Returns
    -------
    pandas.DataFrame
        ``column``; ``hemisphere, vertex`` on a surface, ``i, j, k, x_mm, y_mm, z_mm`` in a
        volume; ``valid``; one float32 column a map; one text column a labelling, empty where
        there is none; ``simulated``.
    """
    valid = content.run.stage("dataset").read_array("valid")
    columns: dict[str, Any] = {"column": np.arange(len(valid)), **_tell_places(content.space)}
    columns |= {"valid": np.asarray(valid, dtype=np.bool_)}
    columns |= {item.name: item.values for item in content.maps}
    columns |= {labels.name: _name_codes(labels) for labels in content.labels}
    return pd.DataFrame(columns).assign(simulated=content.simulated)


def tabulate_members(content: RunContent) -> pd.DataFrame:
    """Return one row a voxel and ROI that it lies in, overlaps included.

    Returns
    -------
    pandas.DataFrame
        Columns ``preset, roi, column, simulated``.
    """
    rows = [
        pd.DataFrame({"preset": printable(preset), "roi": printable(name),
                      "column": np.flatnonzero(mask)})
        for preset, rois in read_all_roi_sets(content.run).items()
        for name, mask in zip(rois.names, rois.masks, strict=True)
    ]  # fmt: skip
    columns = ["preset", "roi", "column"]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    return table[columns].assign(simulated=content.simulated)


def _write_tables(
    content: RunContent, folder: Path, write: Callable[[pd.DataFrame, Path], None]
) -> Iterator[None]:
    tables = {"voxels": tabulate_content(content)}
    if content.labels:
        tables |= {"rois": _tabulate_rois(content), "roi-members": tabulate_members(content)}
    dictionary = {}
    for name, table in tables.items():
        stem = content.stem(name)
        write(table, folder / stem)
        dictionary[stem] = describe_columns(content, tuple(str(c) for c in table.columns))
        yield
    text = json.dumps(dictionary, indent=1, ensure_ascii=False)
    (folder / DICTIONARY).write_text(f"{text}\n", encoding="utf-8")


def _tabulate_rois(content: RunContent) -> pd.DataFrame:
    tables = []
    for preset, rois in read_all_roi_sets(content.run).items():
        table = tabulate_rois(content.run, preset).assign(preset=preset)
        tables.append(table[table["name"].isin(rois.names)])  # each drawn ROI once
    table = pd.concat(tables, ignore_index=True)
    return table[["preset", *table.columns.drop("preset")]].assign(simulated=content.simulated)


def _tell_places(space: CorticalSpace | None) -> dict[str, Any]:
    if isinstance(space, SurfaceSpace):
        sides = np.repeat(["left", "right"], [space.left.size, space.right.size])
        return {"hemisphere": sides, "vertex": np.concatenate([space.left, space.right])}
    if isinstance(space, VolumeSpace):
        places = space.voxels @ space.affine[:3, :3].T + space.affine[:3, 3]
        indices = dict(zip("ijk", space.voxels.T, strict=True))
        return indices | dict(zip(("x_mm", "y_mm", "z_mm"), places.T, strict=True))
    return {}


def _name_codes(labels: ExportLabels) -> Any:
    return np.array(["", *labels.names], dtype=object)[labels.codes]


def describe_columns(content: RunContent, names: tuple[str, ...]) -> list[Column]:
    """Return name, unit, description and formula of columns."""
    known = {name: _entry(name, *about) for name, about in _COLUMNS.items()}
    for item in content.maps:
        text = f"{item.info.explanation} Holds {item.voxels}; {_MISSING}"
        known[item.name] = _entry(item.name, item.info.unit, text, item.formula)
    for labels in content.labels:
        known[labels.name] = _entry(labels.name, "", printable(labels.explanation))
    return [known[name] for name in names]


def _entry(name: str, unit: str, description: str, formula: str = "") -> Column:
    return {"name": name, "unit": unit, "description": description, "formula": formula}
