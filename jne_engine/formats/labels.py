"""Labels of the vertices of a surface, whatever file they are in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jne_engine.core.arrays import IntArray
from jne_engine.core.checks import check_matrix
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import CorticalLabels, Hemisphere
from jne_engine.formats.annotations import read_annotation, read_ctab
from jne_engine.formats.cifti import read_grayordinates
from jne_engine.formats.gifti import intent_of, read_gifti, stated_hemisphere
from jne_engine.formats.guard import check_file, printable
from jne_engine.formats.hemispheres import hemisphere_of
from jne_engine.formats.surface_values import read_mgh_maps
from jne_engine.formats.volume_headers import MGH_SUFFIXES

FORMATS: Final = ".annot, .label.gii, .mgz, .dlabel.nii, or FreeSurfer's .label"

_NOTHING: Final = ("", "???", "unknown")


def read_labels(
    path: str | Path,
    *,
    hemi: Hemisphere | None = None,
    surface: str = "",
    ctab: str | Path | None = None,
    map_index: int | None = None,
) -> CorticalLabels:
    """Read one labelling of the vertices of a surface.

    Parameters
    ----------
    path : str or pathlib.Path
        ``.annot``, ``.label.gii``, ``.mgh`` or ``.mgz`` of whole numbers, or ``.dlabel.nii``.
    hemi : {"left", "right"}, optional
        Hemisphere of a file that holds one; needed where neither name nor content says it.
    surface : str
        Name of the surface whose vertices these are, for the result.
    ctab : str or pathlib.Path, optional
        Names of the numbers of an ``.mgz``; by default the file beside it, ``NAME.mgz.ctab``.
        Where there is neither, its numbers above 0 are their names.
    map_index : int, optional
        Which labelling to take, from 0; needed where a file holds several.

    Returns
    -------
    CorticalLabels
        Names in the order of the file's table after ``""``; labels of the same name are one.
        What is unnamed, ``???`` or unknown, negative or not in the table counts as no label.

    Raises
    ------
    InputError
        If the file cannot be read, is cut short or altered, or holds something else.
    UnsafeFileError
        If it asks for more than its own content.
    """
    path = check_file(path)
    lower = path.name.lower()
    if lower.endswith(".dlabel.nii"):
        return _from_cifti(path, surface, map_index)
    if lower.endswith(".gii"):
        return _from_gifti(path, hemi, surface, map_index)
    side = hemisphere_of(path, hemi)
    if lower.endswith(".annot"):
        codes, table = read_annotation(path)
    elif lower.endswith(MGH_SUFFIXES):
        codes = whole_labels(path, _choose(path, read_mgh_maps(path), map_index))
        table = name_labels(path, codes, ctab)
    else:
        fix = "convert the labels to one of these"
        raise InputError(printable(path.name), FORMATS, "another format", fix)
    return label_surface(path, surface, {side: codes}, {side: table})


def label_surface(
    path: Path,
    surface: str,
    codes: Mapping[Hemisphere, IntArray],
    tables: Mapping[Hemisphere, Mapping[int, str]],
) -> CorticalLabels:
    """Turn the numbers of a file into labels by its tables.

    Parameters
    ----------
    path : pathlib.Path
        The file, for messages.
    surface : str
        Name of the surface.
    codes : mapping of hemisphere to numpy.ndarray of int64, shape (n_vertices,)
        The file's numbers.
    tables : mapping of hemisphere to mapping of int to str
        Their names.

    Raises
    ------
    InputError
        If the tables name nothing.
    """
    named = [name for table in tables.values() for name in table.values() if _is_label(name)]
    names = ("", *dict.fromkeys(named))
    if len(names) == 1:
        raise InputError(printable(path.name), "named labels", "none", "add a label table")
    position = {name: i for i, name in enumerate(names)}
    index: dict[Hemisphere, IntArray] = {}
    for hemi, numbers in codes.items():
        places = {code: position.get(name, 0) for code, name in tables[hemi].items()}
        present, inverse = np.unique(numbers, return_inverse=True)
        found = np.array([places.get(int(code), 0) for code in present], dtype=np.int64)
        index[hemi] = found[inverse.ravel()]
    return CorticalLabels(surface, names, MappingProxyType(index))


def _is_label(name: str) -> bool:
    return name.strip().lower() not in _NOTHING


def _choose(path: Path, maps: npt.NDArray[Any], map_index: int | None) -> npt.NDArray[Any]:
    """Return one row of (n_maps, n_vertices)."""
    name = printable(path.name)
    check_matrix(name, maps, ("n_maps", "n_vertices"), fix="choose another file")
    if map_index is None and len(maps) > 1:
        raise InputError(name, "one labelling", f"{len(maps)}", "say which map to take, from 0")
    if not 0 <= (map_index or 0) < len(maps):
        raise InputError(name, f"maps 0..{len(maps) - 1}", f"{map_index}", "choose one of these")
    chosen: npt.NDArray[Any] = maps[map_index or 0]
    return chosen


def name_labels(path: Path, codes: IntArray, ctab: str | Path | None) -> dict[int, str]:
    """Return the names of a file's numbers: of a table, or else the numbers themselves.

    Parameters
    ----------
    path : pathlib.Path
        The file; a colour table ``NAME.ctab`` beside it is taken where none is given.
    codes : numpy.ndarray of int64
        Its numbers.
    ctab : str or pathlib.Path, optional
        A table: a number and a name a line.
    """
    beside = path.with_name(f"{path.name}.ctab")
    if ctab is not None or beside.is_file():
        return read_ctab(ctab or beside)
    return {int(code): str(code) for code in np.unique(codes) if code > 0}


def whole_labels(path: Path, values: npt.NDArray[Any]) -> IntArray:
    """Return labels as whole numbers; floating ones must be whole, and NaN is no label.

    Raises
    ------
    InputError
        If they are fractions.
    """
    numbers = np.where(np.isnan(values), -1, values) if values.dtype.kind == "f" else values
    if numbers.dtype.kind not in "iu" and not np.all(np.abs(np.rint(numbers) - numbers) == 0):
        fix = "read it as values, not as labels"
        raise InputError(printable(path.name), "whole numbers", "fractions", fix)
    if (np.abs(numbers.astype(np.float64)) > 2**53).any():
        raise InputError(printable(path.name), "label numbers", "larger ones", "renumber them")
    return numbers.astype(np.int64)


def _from_gifti(
    path: Path, hemi: Hemisphere | None, surface: str, map_index: int | None
) -> CorticalLabels:
    image = read_gifti(path)
    for array in image.darrays:
        intent = intent_of(path, array)
        if intent != "NIFTI_INTENT_LABEL":
            fix = "read it as values or as a mesh"
            raise InputError(printable(path.name), "labels", intent, fix)
    lengths = {np.shape(array.data) for array in image.darrays}
    if len(lengths) != 1:
        found = f"{len(image.darrays)} arrays of {len(lengths)} shapes"
        raise InputError(printable(path.name), "labels of one length", found, "split the file")
    maps = np.stack([np.ravel(array.data) for array in image.darrays])
    side = hemisphere_of(path, hemi, stated=stated_hemisphere(image))
    table = {int(x.key): printable(str(x.label or "")) for x in image.labeltable.labels}
    codes = whole_labels(path, _choose(path, maps, map_index))
    return label_surface(path, surface, {side: codes}, {side: table})


def _from_cifti(path: Path, surface: str, map_index: int | None) -> CorticalLabels:
    cortex = read_grayordinates(path)
    tables = getattr(cortex.maps, "label", None)
    if tables is None:
        fix = "read it as values, not as labels"
        raise InputError(printable(path.name), "a label table", "none", fix)
    maps = cortex.spread(-1)
    codes = {h: whole_labels(path, _choose(path, part, map_index)) for h, part in maps.items()}
    entries = {int(key): printable(str(entry[0])) for key, entry in tables[map_index or 0].items()}
    return label_surface(path, surface, codes, dict.fromkeys(codes, entries))
