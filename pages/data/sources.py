"""Bringing data in: a folder that the operator allows, what lies there, choices, a preview."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from jne_engine.datasets.allowed import VARIABLE, Listing
from jne_engine.datasets.library import suggest_name
from jne_engine.datasets.registry import find_layout, list_layouts
from jne_engine.datasets.source import Found
from jne_engine.features.gabor_layers import GABOR_LAYERS
from jne_engine.jobs.kinds.imports import request_import
from jne_engine.jobs.kinds.run import (
    DEMO_HIDDEN,
    DEMO_SIZES,
    SIMULATED_STUDY,
    SMALL_DEMO_HIDDEN,
    SMALL_DEMO_SIZES,
    request_demo,
    request_demo_study,
)
from jne_engine.model.spec import RunSpec
from jne_engine.runs.folder import find_root
from pages.data.previews import could_begin, show_preview
from pages.data.source_choices import choose
from pages.frame import jobs
from pages.frame.access import tell_reader
from pages.frame.state import declares, read, select
from pages.frame.widgets import one_line_errors, plain

LIST_HEIGHT = 300
STUDY_SUBJECTS = 4


@declares
@dataclass(frozen=True)
class DataChoices:
    """What a reader chooses on this page only: the folder that is looked at."""

    folder: str = ""


def show_sources() -> None:
    """Show the folders that may be read, and what the chosen one is."""
    if tell_reader():
        return
    roots = jobs.list_roots()
    if not roots:
        _show_no_folder()
        return
    st.subheader("Bring data in", anchor=False)
    wanted = read(DataChoices).folder or (str(roots[0]) if len(roots) == 1 else "")
    left, right = st.columns([2, 3], gap="large")
    if not wanted:
        with left:
            _show_roots(roots)
        return
    folder, root, listing, found = jobs.open_folder(wanted)
    with left:
        _show_path(folder, root, several=len(roots) > 1)
        _show_listing(folder, listing)
    with right:
        _show_found(folder, root, found)


def offer_demo() -> None:
    """Offer the simulated subject, small or in full, and the small study of several."""
    n_runs = STUDY_SUBJECTS * len(GABOR_LAYERS)
    with st.container(horizontal=True):
        if st.button("Demo, 1 min", type="primary", icon=":material/play_arrow:",
                     help=f"{SMALL_DEMO_SIZES['n_stimuli']:,} pictures on about"
                     f" {SMALL_DEMO_SIZES['n_vertices']:,} vertices: about a minute."):  # fmt: skip
            _start_demo(small=True)
        if st.button("Full demo", help="3,000 pictures on all vertices: some minutes."):
            _start_demo(small=False)
        if st.button("Demo study", icon=":material/layers:",
                     help=f"Four subjects, three layers: {n_runs} small runs, some minutes."
                     " The page Layers & subjects compares them."):  # fmt: skip
            _start_demo_study()


def _start_demo(*, small: bool) -> None:
    """Ask for the simulated subject's run and show the queue."""
    sizes = SMALL_DEMO_SIZES if small else DEMO_SIZES
    spec = RunSpec(n_hidden=SMALL_DEMO_HIDDEN if small else DEMO_HIDDEN)
    jobs.submit([request_demo(spec, **sizes)])
    select(part="queue")
    st.rerun()


def _start_demo_study() -> None:
    specs = request_demo_study(
        RunSpec(n_hidden=SMALL_DEMO_HIDDEN),
        n_subjects=STUDY_SUBJECTS,
        n_layers=len(GABOR_LAYERS),
        **SMALL_DEMO_SIZES,
    )
    jobs.submit(specs, study=SIMULATED_STUDY)
    select(part="queue", study=SIMULATED_STUDY)
    st.rerun()


def _show_no_folder() -> None:
    with st.container(border=True):
        st.subheader("Connect your data", anchor=False)
        st.markdown(
            "This page reads data only from folders that whoever started the app allows. Stop it,"
            " name them, and start it again:"
        )
        st.code(f"{VARIABLE}=/data/nsd:/data/algonauts make app", language=None)
        st.caption(
            "Absolute paths, separated by colons. Recognised are:"
            f" {', '.join(layout.title for layout in list_layouts())}. Files there are only read."
        )
    with st.container(border=True):
        st.subheader(":material/science: No data at hand?", anchor=False)
        st.markdown(
            "The simulated subject has drawn pictures, planted responses on both hemispheres, and"
            " a known answer. Nothing in it was measured in a brain."
        )
        offer_demo()


def _show_roots(roots: tuple[Path, ...]) -> None:
    st.caption("Folders that may be read")
    for i, root in enumerate(roots):
        st.button(plain(root), key=f"root.{i}", icon=":material/folder:", type="tertiary",
                  on_click=select, kwargs={"folder": str(root)})  # fmt: skip


def _show_path(folder: Path, root: Path, *, several: bool) -> None:
    steps = [root, *(root.joinpath(*folder.relative_to(root).parts[: i + 1])
                     for i in range(len(folder.relative_to(root).parts)))]  # fmt: skip
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if several:
            st.button("All", key="step.all", type="tertiary", icon=":material/home_storage:",
                      on_click=select, kwargs={"folder": ""})  # fmt: skip
        for i, step in enumerate(steps):
            st.button(plain(step.name), key=f"step.{i}", type="tertiary", disabled=step == folder,
                      icon=":material/folder_open:" if i == 0 else ":material/chevron_right:",
                      on_click=select, kwargs={"folder": str(step)})  # fmt: skip


def _show_listing(folder: Path, listing: Listing) -> None:
    with st.container(height=LIST_HEIGHT, border=True, gap="xxsmall"):
        if not listing.entries:
            st.caption("Nothing that may be read lies here.")
        for i, entry in enumerate(entry for entry in listing.entries if entry.is_folder):
            st.button(plain(entry.name), key=f"entry.{i}", type="tertiary",
                      icon=":material/folder:", on_click=select,
                      kwargs={"folder": str(folder / entry.name)})  # fmt: skip
        files = [plain(entry.name) for entry in listing.entries if not entry.is_folder]
        if files:
            more = len(files) - 30 + listing.n_left_out
            st.caption("  \n".join(files[:30]) + (f"  \n… {more:,} more" if more > 0 else ""))


def _show_found(folder: Path, root: Path, found: Found) -> None:
    if found.kind in {"", "images"}:
        images = f"{plain(found.detail)}: extract features by the command line. " * bool(found.kind)
        st.markdown(f":gray[{images}**Not a data set that is known.** Enter a folder on the left.]")
        st.caption(f"Known are: {'; '.join(layout.hint for layout in list_layouts())}.")
        return
    title, button = st.columns([3, 1.2], vertical_alignment="center")
    with title:
        st.markdown(f":green[:material/check_circle:] **{found.title}**  \n"
                    f":gray[{plain(found.detail)}]")  # fmt: skip
    sources = choose(found, folder)
    if not sources:
        return
    full = [{**source, "folder": str(folder), "allowed_root": str(root)} for source in sources]
    with button:
        _offer_import(full)
    show_preview(full[0], n_alike=len(full) - 1)


def _offer_import(sources: list[dict[str, Any]]) -> None:
    """Show the button that starts the imports; it waits for the preview."""
    many = f"Import {len(sources)} subjects" if len(sources) > 1 else "Import"
    if st.button(many, type="primary", icon=":material/download:", width="stretch",
                 disabled=not could_begin(sources[0])):  # fmt: skip
        root = find_root()
        with one_line_errors():
            names = [suggest_name(root, _name_parts(source)) for source in sources]
            jobs.submit([request_import(source, name, root=root)
                         for source, name in zip(sources, names, strict=True)])  # fmt: skip
            select(part="queue")
            st.rerun()


def _name_parts(source: dict[str, Any]) -> tuple[str, ...]:
    return find_layout(source["kind"]).name_parts(Path(source["folder"]), source["choices"])
