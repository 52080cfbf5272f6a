"""A dataset from arrays in memory, as a notebook holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jne_engine.core.arrays import Float32Array
from jne_engine.core.checks import check_length, check_matrix
from jne_engine.core.disk import sha256
from jne_engine.core.errors import InputError
from jne_engine.cortex.names import check_vertices
from jne_engine.cortex.spaces import CorticalSpace, RoiSet, SurfaceSpace, Tier, VolumeSpace
from jne_engine.datasets.arrays.files import check_pairs, invalid_column_notes
from jne_engine.datasets.dataset import (
    EncodingDataset,
    InputRecord,
    Provenance,
    Splits,
    StimulusTable,
)
from jne_engine.datasets.drawn import draw_volume
from jne_engine.datasets.locations import (
    check_tiers,
    know_surface,
    place_columns,
    read_roi_mask,
)
from jne_engine.datasets.repeats import describe_repeats, draw_splits
from jne_engine.datasets.splits import DEFAULT_FRACTIONS, SPLIT_NAMES
from jne_engine.datasets.tables import numbered_stimuli
from jne_engine.formats.arrays import cast_note, to_float32, to_indices


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayPlaces:
    """Where the columns of an array lie, and which regions they form.

    Parameters
    ----------
    surface : str, optional
        Surface of the columns, for instance ``"fsaverage5"``; of a volume, the template that it
        lies in and is shown on.
    vertices : mapping of {"left", "right"} to array of int, optional
        Zero-based vertex of each column, left hemisphere first; without them the columns are all
        vertices of the surface, left and then right.
    mask_img : nibabel image or nilearn-like image, optional
        Voxels of the columns: those above 0, in numpy's order, as nilearn's maskers have them.
    rois : mapping of str to array, optional
        A mask over the columns, or a list of columns, of each ROI, lowest of the hierarchy first.
    tiers : mapping of str to {"primary", "intermediate", "higher"}, optional
        Place of ROIs in the visual hierarchy.
    """

    surface: str | None = None
    vertices: Mapping[str, npt.ArrayLike] | None = None
    mask_img: Any = None
    rois: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    tiers: Mapping[str, Tier] = field(default_factory=dict)

    def find_space(self, n_voxels: int) -> CorticalSpace | None:
        """Return where the columns lie, None where nobody says.

        Raises
        ------
        InputError
            If places are named twice or by half, or do not fit the columns.
        """
        space: CorticalSpace
        if self.mask_img is not None and self.vertices is not None:
            fix = "give vertices of a surface, or a mask of a volume"
            raise InputError("columns", "one place", "vertices and mask_img", fix)
        if self.mask_img is not None:
            space = _read_mask(self.mask_img)
        elif self.surface is not None:
            space = self._find_surface(know_surface(self.surface), n_voxels)
        elif self.vertices is not None:
            fix = "name the surface of the vertices"
            raise InputError("surface", "surface and vertices together", "vertices alone", fix)
        else:
            return None
        fix = "give one place a column, in the columns' order"
        check_length("places", space.n_voxels, n_voxels, unit="columns", fix=fix)
        return space

    def _find_surface(self, surface: str, n_voxels: int) -> SurfaceSpace:
        if self.vertices is None:
            space = place_columns(surface, n_voxels)
            if space is None or space.n_voxels != n_voxels:
                found, fix = f"{n_voxels:,} columns", "give vertices of the columns too"
                raise InputError(f"surface {surface}", "one column a vertex", found, fix)
            return space
        fix = "give the vertices of both hemispheres; one may be empty"
        if set(self.vertices) != {"left", "right"}:
            found = ", ".join(map(str, self.vertices)) or "none"
            raise InputError("vertices", "left and right", found, fix)
        empty = np.zeros(0, dtype=np.int64)
        sides = (np.asarray(self.vertices[hemi]) for hemi in ("left", "right"))
        left, right = (to_indices("vertices", s) if s.size else empty for s in sides)
        check_vertices("vertices", surface, left, right)
        return SurfaceSpace(surface, left, right)

    def build_rois(self, n_voxels: int) -> dict[str, RoiSet]:
        """Return the ROIs as one set, none where there are none."""
        if not self.rois:
            if self.tiers:
                check_tiers("tiers", (), self.tiers)
            return {}
        names = tuple(map(str, self.rois))
        check_tiers("rois", names, self.tiers)
        masks = [read_roi_mask(f"ROI {n}", np.asarray(m), n_voxels) for n, m in self.rois.items()]
        tiers = tuple(self.tiers.get(name) for name in names)
        return {"rois": RoiSet("rois", "masks given as arrays", names, tiers, np.stack(masks))}


def build_dataset(
    features: npt.ArrayLike,
    responses: npt.ArrayLike,
    *,
    name: str = "arrays",
    subject: str = "subject",
    splits: Mapping[str, npt.ArrayLike] | None = None,
    split_seed: int = 0,
    groups: Sequence[object] | None = None,
    stimuli: pd.DataFrame | None = None,
    places: ArrayPlaces | None = None,
    feature_set: str = "features",
    simulated: bool = False,
) -> EncodingDataset:
    """Build one subject's dataset from arrays.

    Parameters
    ----------
    features : array, shape (n_stimuli, n_features)
    responses : array, shape (n_stimuli, n_voxels)
        Columns with NaN, Inf or no variance are left out of the fit and are NaN in every result.
    name, subject, feature_set : str
        Names shown to people.
    splits : mapping of {"train", "validation", "test"} to array, optional
        Rows of each split, or a mask over the rows; drawn by ``split_seed`` by default.
    split_seed : int
        Seed of splits that are drawn. Equal stimuli stay in one of them.
    groups : sequence, optional
        Run or session of each row, whose rows stay in one split; ``standardise="run"`` scales
        within each.
    stimuli : pandas.DataFrame, optional
        One row a stimulus; its index holds ids, each column is one way of naming categories.
    places : ArrayPlaces, optional
        Where the columns lie.
    simulated : bool
        True for made-up data; every page and export then says SIMULATED.

    Raises
    ------
    InputError
        If the parts do not fit each other.
    """
    given = {"features": np.asarray(features), "responses": np.asarray(responses)}
    for what, columns in (("features", "n_features"), ("responses", "n_voxels")):
        fix = "pass one row a stimulus"
        check_matrix(what, given[what], ("n_stimuli", columns), fix=fix)
    x, y = (to_float32(values) for values in given.values())
    check_pairs("features", x, "responses", y)
    places = places or ArrayPlaces()
    space = places.find_space(y.shape[1])
    chosen, told = choose_splits(x, splits, seed=split_seed, groups=groups)
    drawn = draw_volume(space, surface=places.surface, surface_folder=None, subject=subject)
    casts = (note for what, values in given.items() for note in cast_note(what, values))
    return EncodingDataset(
        name=name,
        subject=subject,
        features=x,
        responses=y,
        splits=chosen,
        stimuli=numbered_stimuli(len(x)) if stimuli is None else _read_stimuli(stimuli),
        provenance=Provenance(
            source="arrays in memory",
            simulated=simulated,
            inputs=tuple(InputRecord(what, _hash(values)) for what, values in given.items()),
            notes=(*casts, *told, *invalid_column_notes(y, chosen), *drawn[1]),
        ),
        space=space,
        projection=drawn[0],
        roi_sets=places.build_rois(y.shape[1]),
        feature_set=feature_set,
        runs=_read_labels(groups, len(x)),
    )


def choose_splits(
    features: Float32Array,
    splits: Mapping[str, npt.ArrayLike] | None = None,
    *,
    seed: int = 0,
    groups: Sequence[object] | None = None,
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS,
) -> tuple[Splits, tuple[str, ...]]:
    """Return the splits that were given, or draw some, and what is to be told of them.

    Parameters
    ----------
    features : numpy.ndarray of float32, shape (n_stimuli, n_features)
    splits : mapping of {"train", "validation", "test"} to array, optional
        Rows of each split, or a mask over the rows.
    groups : sequence, optional
        Run or session of each row, whose rows stay in one split that is drawn.
    seed, fractions
        As for :func:`~jne_engine.datasets.repeats.draw_splits`, where none are given.

    Raises
    ------
    InputError
        If the splits do not fit, or none can be drawn.
    """
    labels = _read_labels(groups, len(features))
    if splits is None:
        drawn, told = draw_splits(features, seed=seed, fractions=fractions, labels=labels)
        return drawn, (told,)
    if set(splits) != set(SPLIT_NAMES):
        fix = "give the rows of each"
        found = ", ".join(map(str, splits)) or "none"
        raise InputError("splits", ", ".join(SPLIT_NAMES), found, fix)
    rows = {split: np.asarray(values) for split, values in splits.items()}
    for split, values in rows.items():
        if values.dtype.kind == "b":
            fix = "give a mask over the rows, or a list of rows"
            check_length(f"{split} split", values.size, len(features), unit="rows", fix=fix)
    given = Splits(*(to_indices(f"{split} split", rows[split]) for split in SPLIT_NAMES))
    given.check(len(features))
    repeats = describe_repeats(features, given)
    return given, (repeats,) * bool(repeats)


def _read_labels(groups: Sequence[object] | None, n_stimuli: int) -> tuple[str, ...] | None:
    if groups is None:
        return None
    fix = "name the run or session of every row"
    check_length("groups", len(groups), n_stimuli, unit="rows", fix=fix)
    return tuple(map(str, groups))


def _read_stimuli(stimuli: pd.DataFrame) -> StimulusTable:
    table = stimuli.astype(str)
    table.index = table.index.map(str)
    return StimulusTable(table)


def _read_mask(image: Any) -> VolumeSpace:
    """Return the voxels of a nibabel image that are above 0, x slowest."""
    values = np.asanyarray(image.dataobj)
    if values.ndim != 3:
        fix = "give one volume"
        raise InputError("mask_img", "a mask (x, y, z)", f"shape {values.shape}", fix)
    x, y, z = values.shape
    affine = np.asarray(image.affine, dtype=np.float64)
    return VolumeSpace((x, y, z), affine, np.argwhere(values > 0).astype(np.int64))


def _hash(values: npt.NDArray[Any]) -> str:
    return sha256(np.ascontiguousarray(values).data)
