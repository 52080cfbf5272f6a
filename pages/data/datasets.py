"""The datasets that are in: their sizes, self-checks and features, and what to do next."""

from __future__ import annotations

import streamlit as st

from jne_engine.datasets.library import CheckEntry, DatasetEntry
from jne_engine.jobs.kinds.features import request_features
from pages.data.previews import name_columns
from pages.frame import jobs
from pages.frame.access import may_change
from pages.frame.state import select
from pages.frame.widgets import one_line_errors, plain

MODELS = {
    "clip-vit-b32": "CLIP ViT-B/32",
    "clip-vit-b16": "CLIP ViT-B/16",
    "vit-b16": "ViT-B/16",
    "gabor": "Gabor pyramid (no weights needed)",
    "local": "A model folder on the server",
}
"""Models that features can be extracted with; the names are those of ``features extract``."""

_MARKS = {
    True: ":green[:material/check_circle:]",
    False: ":red[:material/error:]",
    None: ":gray[:material/help:]",
}


def show_datasets() -> None:
    """Show the datasets that are in by name, each with its next step."""
    entries, problems = jobs.list_datasets()
    for problem in problems:
        st.error(plain(problem), icon=":material/error:")
    if not entries:
        return
    st.subheader("Datasets", anchor=False)
    extracting = {r.spec.payload["dataset"] for r in jobs.list_jobs()
                  if r.is_active and r.spec.kind == "features"}  # fmt: skip
    for entry in entries:
        _show_dataset(entry, extracting=entry.name in extracting)


def describe_entry(entry: DatasetEntry) -> str:
    """Return a dataset's sizes as one line."""
    images = f"{entry.n_images:,} images, {entry.n_test:,} of them test"
    parts = [entry.subject, entry.space, images, f"{entry.n_voxels:,} {name_columns(entry.space)}"]
    return plain(" · ".join(part for part in parts if part))


def _show_dataset(entry: DatasetEntry, *, extracting: bool) -> None:
    with st.container(border=True):
        about, more, run = st.columns([6, 2.4, 1.6], vertical_alignment="center")
        with about:
            st.markdown(f"**{plain(entry.name)}**  \n:gray[{describe_entry(entry)}]")
        with more:
            if entry.images is not None and may_change():
                with st.popover("Extract features", icon=":material/image_search:"):
                    _offer_features(entry)
        with run:
            st.button("New run", key=f"run.{entry.name}", icon=":material/play_arrow:",
                      type="primary", on_click=select,
                      disabled=not (has_features(entry) and may_change()),
                      kwargs={"part": "run", "dataset": entry.name},
                      help=None if has_features(entry) else "Extract features first.")  # fmt: skip
        st.caption(_tell_features(entry, extracting=extracting))
        wrong = [check for check in entry.checks if check.ok is False]
        for check in wrong:
            st.markdown(_tell_check(check))
        _show_checks(entry, n_wrong=len(wrong))


def has_features(entry: DatasetEntry) -> bool:
    """Tell whether a run can be made of a dataset."""
    return entry.n_features is not None or bool(entry.features)


def _tell_features(entry: DatasetEntry, *, extracting: bool) -> str:
    if entry.n_features is not None:
        return f"Features: {plain(entry.feature_set)}, {entry.n_features:,} values an image."
    found = [f"{plain(f.model)} ({f.n_states} layer{'s' * (f.n_states > 1)})"
             for f in entry.features]  # fmt: skip
    if extracting:
        found.append("more are being extracted, see the queue")
    if found:
        return f"Features: {', '.join(found)}."
    if entry.images is None:
        return "No features, and no images where the data came from."
    return "No features yet: extract them from its images next."


def _show_checks(entry: DatasetEntry, *, n_wrong: int) -> None:
    if not entry.checks:
        st.caption("Not checked yet: the check needs features, or pictures beside the data.")
        return
    label = f"Self-check: {n_wrong} of {len(entry.checks)} look wrong" if n_wrong else (
        f"Self-check: nothing looks wrong in {len(entry.checks)} questions"
    )  # fmt: skip
    with st.expander(label):
        for check in entry.checks:
            st.markdown(_tell_check(check))
        for note in entry.notes:
            st.caption(plain(note))


def _tell_check(check: CheckEntry) -> str:
    return f"{_MARKS[check.ok]} **{plain(check.name)}**: {plain(check.text)}"


def _offer_features(entry: DatasetEntry) -> None:
    model = st.selectbox("Model", list(MODELS), format_func=MODELS.__getitem__,
                         key=f"model.{entry.name}")  # fmt: skip
    path = ""
    if model == "local":
        label, example = "Folder of the model, below an allowed folder", "/data/models/clip"
        path = st.text_input(label, key=f"place.{entry.name}", placeholder=example)
    elif model != "gabor":
        st.caption("Downloaded once where the server has a network; all layers in one pass.")
    if st.button("Start extraction", key=f"extract.{entry.name}", type="primary",
                 disabled=model == "local" and not path):  # fmt: skip
        with one_line_errors():
            name = str(jobs.open_folder(path)[0]) if model == "local" else model
            jobs.submit([request_features(entry, name)])
            select(part="queue")
            st.rerun()
