"""Named ROIs: which atlas labels make each of the ten, and where each choice comes from.

Names, order and tiers come from :mod:`jne_engine.core.areas`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from jne_engine.core import areas
from jne_engine.core.areas import AREAS
from jne_engine.core.arrays import BoolArray
from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.cortex.spaces import HEMISPHERES, CorticalLabels, RoiSet, SurfaceSpace, Tier

ROI_TIERS: Mapping[str, Tier] = MappingProxyType({area.name: area.tier for area in AREAS})
"""Tier of each of the paper's ten ROIs (arXiv 2510.13688, section 4.3)."""
ROI_ORDER: tuple[str, ...] = tuple(ROI_TIERS)
"""The ten ROIs, lowest first."""


@dataclass(frozen=True)
class RoiDefinition:
    """One ROI as a union of atlas labels.

    Parameters
    ----------
    name : str
        One of :data:`ROI_ORDER`.
    labels : tuple of (str, str)
        (atlas, label) pairs.
    source : str
        Why these labels, with its citation.
    coordinate : tuple of float, optional
        Published MNI centre in millimetres, rounded, right hemisphere; the left one mirrors x.
    """

    name: str
    labels: tuple[tuple[str, str], ...]
    source: str
    coordinate: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Preset:
    """A way of naming the ten ROIs.

    Parameters
    ----------
    name : str
        Name in a dataset's ``roi_sets``.
    source : str
        Where the labels come from.
    approximate : bool
        True where labels only stand in for functionally defined ROIs.
    rois : tuple of RoiDefinition
        In the order of :data:`ROI_ORDER`.
    """

    name: str
    source: str
    approximate: bool
    rois: tuple[RoiDefinition, ...]


def _mmp(*labels: str) -> tuple[tuple[str, str], ...]:
    """Return labels of HCP-MMP 1.0."""
    return tuple(("HCP-MMP", label) for label in labels)


HCP_MMP = Preset(
    name="hcp-mmp",
    source="HCP-MMP 1.0 labels (Glasser et al. 2016, Nature 536, 171-178), anatomical stand-ins "
    "for the functional ROIs",
    approximate=True,
    rois=(
        RoiDefinition(
            areas.V1.name,
            _mmp("V1"),
            "The atlas's own V1; centre of the calcarine sulcus as in Wang et al. (2015), "
            "Cereb. Cortex 25, 3911-3931.",
            (12, -80, 5),
        ),
        RoiDefinition(areas.V2.name, _mmp("V2"), "The atlas's own V2 (Glasser et al. 2016)."),
        RoiDefinition(areas.V3.name, _mmp("V3"), "The atlas's own V3 (Glasser et al. 2016)."),
        RoiDefinition(
            areas.V4.name,
            _mmp("V4"),
            "The atlas's own V4, which has a dorsal part beside hV4 (Glasser et al. 2016).",
        ),
        RoiDefinition(
            areas.EBA.name,
            _mmp("V4t", "MT", "MST", "FST", "PH"),
            "Body patches lie in a crescent around hMT+: Weiner and Grill-Spector (2011), "
            "NeuroImage 56, 2183-2199; centre after Downing et al. (2001), Science 293, 2470-2473. "
            "TE2p, on the fusiform side, is left out: it lies 30 mm off.",
            (47, -72, 2),
        ),
        RoiDefinition(
            areas.PPA.name,
            _mmp("PHA1", "PHA2", "PHA3", "VMV2", "VMV3"),
            "Place-selective cortex of the collateral sulcus reaches behind the parahippocampal "
            "areas: Weiner et al. (2018), NeuroImage 170, 373-384; PHA1-3 alone lie 13 mm in "
            "front of the centre of Epstein and Kanwisher (1998), Nature 392, 598-601.",
            (28, -48, -8),
        ),
        RoiDefinition(
            areas.RSC.name,
            _mmp("POS1", "ProS"),
            "The functional ROI lies in the parieto-occipital sulcus and not in retrosplenial "
            "cortex proper: Silson et al. (2016), J. Vision 16(6):14; the atlas's label RSC lies "
            "25 mm off.",
            (16, -54, 10),
        ),
        RoiDefinition(
            areas.OPA.name,
            _mmp("V3B", "V3CD", "IP0"),
            "Around the transverse occipital sulcus: Dilks et al. (2013), J. Neurosci. 33, "
            "1331-1336; Nasr et al. (2011), J. Neurosci. 31, 13771-13785.",
            (34, -80, 22),
        ),
        RoiDefinition(
            areas.FFA_1.name,
            _mmp("FFC"),
            "pFus-faces on the lateral fusiform gyrus: Weiner et al. (2014), NeuroImage 84, "
            "453-465; the fusiform face complex of Glasser et al. (2016).",
            (40, -60, -16),
        ),
        RoiDefinition(
            areas.FFA_2.name,
            _mmp("VVC"),
            "mFus-faces, 10 to 15 mm in front of pFus-faces at the mid-fusiform sulcus: Weiner et "
            "al. (2014), NeuroImage 84, 453-465; the atlas's VVC lies medial of it.",
            (40, -50, -19),
        ),
    ),
)
"""Anatomical stand-ins that need no functional localiser."""

NSD_FLOC_PRF = Preset(
    name="nsd-floc+prf",
    source="NSD manual pRF and functional localiser ROIs (Allen et al. 2022, Nat. Neurosci. 25, "
    "116-126)",
    approximate=False,
    rois=(
        *(
            RoiDefinition(
                area.name,
                (("prf-visualrois", f"{label}v"), ("prf-visualrois", f"{label}d")),
                "Ventral and dorsal part of the pRF map.",
            )
            for area, label in ((areas.V1, "V1"), (areas.V2, "V2"), (areas.V3, "V3"))
        ),
        RoiDefinition(areas.V4.name, (("prf-visualrois", "hV4"),), "hV4 of the pRF map."),
        RoiDefinition(areas.EBA.name, (("floc-bodies", "EBA"),), "Functional localiser, bodies."),
        RoiDefinition(areas.PPA.name, (("floc-places", "PPA"),), "Functional localiser, places."),
        RoiDefinition(areas.RSC.name, (("floc-places", "RSC"),), "Functional localiser, places."),
        RoiDefinition(areas.OPA.name, (("floc-places", "OPA"),), "Functional localiser, places."),
        RoiDefinition(areas.FFA_1.name, (("floc-faces", "FFA-1"),), "Functional localiser, faces."),
        RoiDefinition(areas.FFA_2.name, (("floc-faces", "FFA-2"),), "Functional localiser, faces."),
    ),
)
"""The functionally defined ROIs of the Natural Scenes Dataset."""

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {preset.name: preset for preset in (HCP_MMP, NSD_FLOC_PRF)}
)


def build_roi_set(preset: str, labels: Mapping[str, Mapping[str, BoolArray]]) -> RoiSet:
    """Unite labels into the ROIs of a preset.

    Parameters
    ----------
    preset : str
        One of :data:`PRESETS`.
    labels : mapping of atlas to mapping of label to numpy.ndarray of bool, shape (n_voxels,)
        Columns that carry each label. A label that no column carries may be missing or empty.

    Returns
    -------
    RoiSet
        The ten ROIs in order; an ROI may be empty.

    Raises
    ------
    InputError
        If the preset is unknown, an atlas of it is missing, or columns disagree in number.
    """
    check_choice("ROI preset", preset, tuple(PRESETS))
    chosen = PRESETS[preset]
    n_voxels = _count_columns(preset, labels)
    masks = np.zeros((len(chosen.rois), n_voxels), dtype=np.bool_)
    for row, roi in enumerate(chosen.rois):
        for atlas, label in roi.labels:
            masks[row] |= _columns(preset, labels, atlas).get(label, np.zeros(n_voxels, np.bool_))
    names = tuple(roi.name for roi in chosen.rois)
    tiers = tuple(ROI_TIERS[name] for name in names)
    return RoiSet(chosen.name, chosen.source, names, tiers, masks, approximate=chosen.approximate)


def stack_rois(preset: str, source: str, masks: Mapping[str, BoolArray]) -> tuple[RoiSet, ...]:
    """Return the masks that have a column as a set of ROIs, without tiers; none where none has."""
    used = {name: mask for name, mask in masks.items() if mask.any()}
    if not used:
        return ()
    stacked = np.stack(list(used.values()))
    return (RoiSet(preset, source, tuple(used), (None,) * len(used), stacked),)


def build_surface_roi_set(preset: str, space: SurfaceSpace, atlas: CorticalLabels) -> RoiSet:
    """Build a preset of HCP-MMP labels for the columns of a surface.

    Raises
    ------
    InputError
        If the atlas labels another surface, or the preset needs other atlases.
    """
    if atlas.surface != space.surface:
        fix = "load the labels of that surface"
        raise InputError("HCP-MMP labels", f"surface {space.surface}", atlas.surface, fix)
    return build_roi_set(preset, {"HCP-MMP": label_columns(space, atlas)})


def label_columns(space: SurfaceSpace, atlas: CorticalLabels) -> dict[str, BoolArray]:
    """Return the columns that carry each label of an atlas, (n_voxels,) bool a label."""
    parts = [atlas.index[hemi][space.vertices(hemi)] for hemi in HEMISPHERES]
    index = np.concatenate(parts)
    return {name: index == i for i, name in enumerate(atlas.names) if i}


def _columns(
    preset: str, labels: Mapping[str, Mapping[str, BoolArray]], atlas: str
) -> Mapping[str, BoolArray]:
    if atlas not in labels:
        found = ", ".join(labels) or "none"
        raise InputError(f"ROI preset {preset}", f"labels of {atlas}", found, "pass that atlas too")
    return labels[atlas]


def _count_columns(preset: str, labels: Mapping[str, Mapping[str, BoolArray]]) -> int:
    sizes = {mask.size for atlas in labels.values() for mask in atlas.values()}
    if len(sizes) != 1:
        fix = "pass one flag a response column"
        raise InputError(f"ROI preset {preset}", "labels of one length", str(sorted(sizes)), fix)
    return int(sizes.pop())
