"""The formats that a run can be exported to: one place that names them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import CorticalSpace
from jne_engine.report.export import bids, brain, cifti, freesurfer, gifti, nifti, tables
from jne_engine.report.export.content import RunContent
from jne_engine.runs.store import Run, read_space


@dataclass(frozen=True)
class Format:
    """One format.

    Parameters
    ----------
    name, label : str
        Name for commands; name and use for people.
    files : str
        One sentence on the files, for the README.
    check : callable
        ``check(run)`` raises :class:`InputError` where a run cannot be put into it.
    write : callable
        ``write(content, folder)`` fills a folder and yields after each map and labelling.
    """

    name: str
    label: str
    files: str
    check: Callable[[Run], None]
    write: Callable[[RunContent, Path], Iterator[None]]


def _of_space(check: Callable[[CorticalSpace | None], None]) -> Callable[[Run], None]:
    return lambda run: check(read_space(run.stage("dataset")))


_ALL = (
    Format(
        "gifti", "GIFTI: surfaces for Connectome Workbench, FreeView, nilearn",
        "One hemi-L or hemi-R file a map (.shape.gii) or labelling (.label.gii), over all vertices"
        " of the surface; NaN, or label 0, where the run has no value. Colour ranges and the ROIs'"
        " colours are inside.",
        _of_space(gifti.check_gifti), gifti.write_gifti,
    ),
    Format(
        "cifti", "CIFTI: both hemispheres of fs_LR 32k in one file",
        "All maps in one .dscalar.nii, each labelling in a .dlabel.nii, as Connectome Workbench"
        " reads them; NaN, or label 0, where the run has no value.",
        _of_space(cifti.check_cifti), cifti.write_cifti,
    ),
    Format(
        "mgz", "MGZ: FreeSurfer's fsaverage and native surfaces",
        "One lh or rh file a map (.mgz, vertices by 1 by 1) or labelling (.annot), over all"
        " vertices; NaN, or “unknown”, where the run has no value.",
        _of_space(freesurfer.check_mgz), freesurfer.write_mgz,
    ),
    Format(
        "nifti", "NIfTI: volumes on the grid of the source",
        "One .nii.gz a map or labelling on the grid and affine of the responses; NaN, or label 0,"
        " where the run has no value. A .tsv beside a labelling names its numbers.",
        _of_space(nifti.check_nifti), nifti.write_nifti,
    ),
    Format(
        "csv", "CSV: tables for spreadsheets, R, anything",
        "voxels: a row a voxel. rois: a row an ROI. roi-members: a row a voxel and ROI that it lies"
        f" in. {tables.DICTIONARY} describes every column. A voxel without a value has an empty"
        " cell. A quote before a cell's first letter keeps spreadsheets from running it.",
        _of_space(tables.check_tables), tables.export_csv,
    ),
    Format(
        "parquet", "Parquet: the same tables for pandas, polars, R",
        "voxels: a row a voxel. rois: a row an ROI. roi-members: a row a voxel and ROI that it lies"
        f" in. {tables.DICTIONARY} describes every column. A voxel without a value has a null,"
        " which pandas reads as NaN.",
        _of_space(tables.check_tables), tables.export_parquet,
    ),
    Format(
        "bids", "BIDS derivatives: a folder for sharing",
        "A BIDS derivatives dataset of one subject: maps (_statmap) and labels (_dseg) with a JSON"
        " file beside each. stat- and _statmap follow nilearn and FitLins, which BIDS does not yet"
        " define; .bidsignore names them.",
        _of_space(bids.check_bids), bids.write_bids,
    ),
    Format(
        "html", "HTML: the interactive brain in one file",
        "One HTML file with every map on the interactive brain; it needs no network.",
        brain.check_html, brain.write_html,
    ),
)  # fmt: skip

FORMATS: Mapping[str, Format] = MappingProxyType({form.name: form for form in _ALL})
"""Every format by its name."""


def list_refusals(run: Run) -> dict[str, str]:
    """Return, for every format that a run cannot be put into, why, in one line.

    Returns
    -------
    dict of str to str
        By the format's name; what is not in it can be written.
    """
    refusals = {}
    for form in FORMATS.values():
        try:
            form.check(run)
        except InputError as error:
            refusals[form.name] = str(error)
    return refusals
