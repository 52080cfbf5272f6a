"""What a person may choose of each kind of data; each function returns sources to import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from jne_engine.datasets.recognise import Recognised, is_volume
from jne_engine.formats.label_tables import LABEL_NAMES

Source = dict[str, Any]
"""``kind`` and ``choices`` of one import."""

SPACE_LABELS = {
    "func1pt8mm": "Volume, 1.8 mm",
    "func1mm": "Volume, 1 mm",
    "fsaverage": "Surface, fsaverage",
    "nativesurface": "Surface, native",
}
VOXEL_LABELS = {
    "nsdgeneral": "nsdgeneral",
    "rois": "Some ROIs",
    "brainmask": "Brain mask",
    "all": "Everything",
}
TEST_LABELS = {"shared": "The shared 1000", "common": "Seen by all chosen subjects"}
BETA_LABELS = {
    "betas_fithrf_GLMdenoise_RR": "b3: denoised, ridge",
    "betas_fithrf": "b2: fitted HRF",
    "betas_assumehrf": "b1: assumed HRF",
}
ROIS = (*LABEL_NAMES, "Kastner2015", "HCP_MMP1")
NOTHING = "none"


def choose_nsd(found: Recognised, folder: Path) -> list[Source]:
    """Choose subjects, space, betas, voxels and test images of NSD."""
    del folder
    if not found.subjects:
        st.caption("There are no betas below nsddata\\_betas/ppdata.")
        return []
    first, second, third = st.columns(3)
    with first:
        subjects = st.multiselect("Subjects", found.subjects, default=found.subjects[:1],
                                  format_func=lambda n: f"subj{n:02d}")  # fmt: skip
    if not subjects:
        st.caption("Choose a subject.")
        return []
    spaces = [s for s in found.spaces_of(subjects[0]) if _all_have(found, subjects, s)]
    if not spaces:
        st.caption("These subjects share no space: import them one by one.")
        return []
    with second:
        space = st.selectbox("Space", spaces, format_func=SPACE_LABELS.__getitem__)
    with third:
        betas = st.selectbox("Betas", found.betas_of(subjects[0], space),
                             format_func=BETA_LABELS.__getitem__)  # fmt: skip
    voxels = _choose_voxels(space)
    if not voxels:
        return []
    test = _choose_test(subjects)
    common = {"space": space, "betas": betas, "voxels": voxels, **test}
    return [{"kind": "nsd", "choices": {"subject": n, **common}} for n in subjects]


def _all_have(found: Recognised, subjects: list[int], space: str) -> bool:
    return all(space in found.spaces_of(subject) for subject in subjects)


def _choose_voxels(space: str) -> list[str]:
    """Choose which voxels or vertices become columns; none until there is a choice."""
    options = [v for v in VOXEL_LABELS if v != "brainmask" or is_volume(space)]
    left, right = st.columns([1, 2])
    with left:
        label = "Voxels" if is_volume(space) else "Vertices"
        chosen = st.selectbox(label, options, format_func=VOXEL_LABELS.__getitem__)
    if chosen != "rois":
        return [chosen]
    with right:
        rois: list[str] = st.multiselect(
            "ROIs or collections", ROIS, default=["prf-visualrois"], accept_new_options=True,
            placeholder="V1, FFA-1, floc-bodies:EBA, streams …",
        )  # fmt: skip
    return rois


def _choose_test(subjects: list[int]) -> dict[str, Any]:
    """Choose the test images where there are several subjects; the shared ones otherwise."""
    if len(subjects) == 1:
        return {"test": "shared"}
    test = st.radio("Test images", list(TEST_LABELS), format_func=TEST_LABELS.__getitem__,
                    horizontal=True)  # fmt: skip
    return {"test": test, **({"common_subjects": subjects} if test == "common" else {})}


def choose_algonauts(found: Recognised, folder: Path) -> list[Source]:
    """Choose the vertices and the seed of the test split."""
    del found, folder
    first, second = st.columns([2, 1])
    with first:
        labels = {"challenge": "The challenge's vertices", "fsaverage": "All of fsaverage"}
        space = st.selectbox("Vertices", list(labels), format_func=labels.__getitem__)
    with second:
        seed = st.number_input("Seed of the test split", 0, 10**6, 0)
    return [{"kind": "algonauts", "choices": {"space": space, "seed": int(seed)}}]


def choose_scripts(found: Recognised, folder: Path) -> list[Source]:
    """Choose subject and layer of the published scripts' files."""
    del folder
    first, second, third = st.columns(3)
    with first:
        subjects = st.multiselect("Subjects", found.subjects, default=found.subjects[:1])
    with second:
        layer = st.number_input("Layer", 0, 24, 12)
    with third:
        extractor = st.selectbox("Features", ["clip_vit", "vit"])
    choices = {"layer": int(layer), "extractor": extractor}
    return [{"kind": "scripts", "choices": {"subject": n, **choices}} for n in subjects]


def choose_described(found: Recognised, folder: Path) -> list[Source]:
    """Take a described folder as it is."""
    del found, folder
    return [{"kind": "described", "choices": {}}]


def choose_arrays(found: Recognised, folder: Path) -> list[Source]:
    """Choose which file is what."""
    files = list(found.files)
    first, second = st.columns(2)
    names = {"format_func": str}
    with first:
        features = st.selectbox("Features (n\\_stimuli, n\\_features)", files, index=None, **names)
        splits = st.selectbox("Splits, optional", files, index=None, **names)
    with second:
        responses = st.selectbox("Responses (n\\_stimuli, n\\_voxels)", files, index=None, **names)
        rois = st.selectbox("ROIs, optional", files, index=None, **names)
    if features is None or responses is None:
        st.caption("Say which file holds the features, and which the responses.")
        return []
    given = {"features": features, "responses": responses, "splits": splits, "rois": rois}
    choices = {name: file for name, file in given.items() if file is not None}
    return [{"kind": "arrays", "choices": {**choices, "name": folder.name}}]


CHOICES: Mapping[str, Callable[[Recognised, Path], list[Source]]] = {
    "nsd": choose_nsd,
    "algonauts": choose_algonauts,
    "scripts": choose_scripts,
    "described": choose_described,
    "arrays": choose_arrays,
}
"""Kinds of data that can be imported here."""


def name_parts(source: Mapping[str, Any]) -> tuple[str, ...]:
    """Return words that name a dataset."""
    choices, folder = source["choices"], Path(source["folder"]).name
    if source["kind"] == "nsd":
        return ("NSD", f"subj{choices['subject']:02d}", choices["space"], *choices["voxels"][:2])
    if source["kind"] == "algonauts":
        return ("Algonauts", folder, choices["space"])
    if source["kind"] == "scripts":
        return ("scripts", f"Sub{choices['subject']}", choices["extractor"], str(choices["layer"]))
    return (folder,)
