"""ROIs are disjoint, ordered, and lie where the literature says."""

from __future__ import annotations

import numpy as np
import pytest

from jne_engine.core.errors import InputError
from jne_engine.cortex.rois import (
    HCP_MMP,
    NSD_FLOC_PRF,
    PRESETS,
    ROI_ORDER,
    ROI_TIERS,
    build_roi_set,
    build_surface_roi_set,
)
from jne_engine.cortex.spaces import HEMISPHERES, SurfaceSpace
from jne_engine.cortex.surfaces import load_hcp_mmp, load_surface

BOUND_MM = 10.0
"""Distance of a stand-in's centroid from the published centre, in either hemisphere."""

LOCATED = [roi for roi in HCP_MMP.rois if roi.coordinate]


def whole_cortex() -> SurfaceSpace:
    every = np.arange(32492)
    return SurfaceSpace("fsLR32k", every, every)


def centroid(roi, hemi):
    labels = tuple(label for _, label in roi.labels)
    vertices = load_hcp_mmp().vertices(hemi, labels)
    return load_surface("fsLR32k", "midthickness")[hemi].coordinates[vertices].mean(axis=0)


@pytest.mark.parametrize("hemi", HEMISPHERES)
@pytest.mark.parametrize("roi", LOCATED, ids=lambda roi: roi.name)
def test_stand_ins_lie_near_published_coordinates(roi, hemi):
    mirror = np.array([-1 if hemi == "left" else 1, 1, 1])
    assert np.linalg.norm(centroid(roi, hemi) - roi.coordinate * mirror) < BOUND_MM


def test_every_functional_stand_in_is_located():
    assert {"V1", "EBA", "PPA", "RSC", "OPA", "FFA-1", "FFA-2"} == {roi.name for roi in LOCATED}


@pytest.mark.parametrize("hemi", HEMISPHERES)
def test_posterior_fusiform_lies_behind_middle_fusiform(hemi):
    rois = {roi.name: roi for roi in HCP_MMP.rois}
    assert centroid(rois["FFA-1"], hemi)[1] < centroid(rois["FFA-2"], hemi)[1]


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_presets_share_names_order_and_sources(preset):
    assert tuple(roi.name for roi in preset.rois) == ROI_ORDER == tuple(ROI_TIERS)
    assert all(roi.labels and roi.source for roi in preset.rois)
    labels = [label for roi in preset.rois for label in roi.labels]
    assert len(labels) == len(set(labels))


def test_only_anatomical_stand_ins_are_approximate():
    assert HCP_MMP.approximate
    assert not NSD_FLOC_PRF.approximate


def test_rois_are_disjoint_and_on_both_hemispheres():
    space = whole_cortex()
    rois = build_surface_roi_set("hcp-mmp", space, load_hcp_mmp())
    assert rois.names == ROI_ORDER
    assert rois.approximate
    assert rois.masks.sum(axis=0).max() == 1
    for hemi in HEMISPHERES:
        assert rois.masks[:, space.columns(hemi)].any(axis=1).all()


def test_masks_follow_the_columns_of_the_space():
    atlas, space = load_hcp_mmp(), SurfaceSpace("fsLR32k", np.array([5, 3]), np.array([7]))
    few, all_ = (build_surface_roi_set("hcp-mmp", s, atlas) for s in (space, whole_cortex()))
    assert np.array_equal(few.masks, all_.masks[:, [5, 3, 32492 + 7]])


def test_labels_unite_into_rois_and_may_be_missing():
    flags = {"V1v": np.array([1, 0, 0, 0], bool), "V1d": np.array([0, 1, 0, 0], bool)}
    faces = {"FFA-1": np.array([0, 0, 0, 1], bool)}
    labels = {"prf-visualrois": flags, "floc-faces": faces, "floc-bodies": {}, "floc-places": {}}
    rois = build_roi_set("nsd-floc+prf", labels)
    assert rois.mask("V1").tolist() == [True, True, False, False]
    assert rois.mask("FFA-1").tolist() == [False, False, False, True]
    assert not rois.mask("FFA-2").any()


def test_what_does_not_fit_is_told():
    with pytest.raises(InputError, match="ROI preset"):
        build_roi_set("brodmann", {})
    with pytest.raises(InputError, match="expected labels of floc-bodies"):
        build_roi_set("nsd-floc+prf", {"prf-visualrois": {"V1v": np.ones(3, bool)}})
    with pytest.raises(InputError, match="one length"):
        build_roi_set("hcp-mmp", {"HCP-MMP": {"V1": np.ones(3, bool), "V2": np.ones(2, bool)}})
    fsaverage5 = SurfaceSpace("fsaverage5", np.array([1]), np.array([1]))
    with pytest.raises(InputError, match="expected surface fsaverage5"):
        build_surface_roi_set("hcp-mmp", fsaverage5, load_hcp_mmp())
