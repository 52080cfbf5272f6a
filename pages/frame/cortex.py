"""The one way to put a brain on a page: the project's own viewer as a Streamlit component."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from jne_engine.cortex.spaces import Hemisphere
from jne_engine.report.export.html import pack_scene
from jne_engine.report.figures.pinned import describe_scene, keep_maps, tell_extremes
from jne_engine.viewer.payload import ViewerScene, pack, scene_header, split_header
from pages.frame.pin import Offer, find_corner, show_pin
from pages.frame.runtime import declare

VertexSelection = Mapping[Hemisphere, tuple[int, ...]]

_SENT = "cortex viewer: sent blobs"
_HEARD = "cortex viewer: choices heard"


def show_cortex(
    scene: ViewerScene,
    *,
    key: str,
    height: int = 600,
    on_select: Callable[[VertexSelection], None] | None = None,
    on_map: Callable[[str], bool] | None = None,
    threshold: float | None = None,
    on_threshold: Callable[[float | None], None] | None = None,
) -> VertexSelection:
    """Show a scene and return the vertices that the reader has selected.

    The code (:func:`~pages.frame.runtime.mount_runtime`) and each blob of the scene are sent once
    a session. After that only a short message (about 0.6 kB) travels; threshold, range, colours,
    view, morph and hover send nothing.

    Parameters
    ----------
    scene : ViewerScene
        What to show.
    key : str
        Names the viewer; keep it constant, so that camera and settings survive reruns.
    height : int
        Height in CSS pixels.
    on_select : callable, optional
        Called with the selected vertices before the rerun that a new selection causes.
    on_map : callable, optional
        Called with the name of the map that the reader has put into the first pane, before the
        rerun that this causes, and tells whether the page takes it: from then on the first pane
        follows the page. Without it such a change never reaches the server.
    threshold, on_threshold : float, callable, optional
        The threshold of the first pane's map, and what is called with a new one; only with
        ``on_map``.

    Returns
    -------
    mapping of hemisphere to tuple of int
        Selected vertices, ascending; empty where nothing is selected.
    """
    message, description = split_header(scene_header(scene, key=key, height=height))
    blobs = {**scene.blobs(), description.hash: description}
    sent = _sent_blobs()
    asked = _asked_for(key)
    wanted = [h for h in (description.hash, *scene.start_hashes(), *asked) if h in blobs]
    fresh = [blobs[h] for h in dict.fromkeys(wanted) if h not in sent or h in asked]
    sent.update(blob.hash for blob in fresh)
    told = {"framed": True, "report_map": on_map is not None, "threshold": threshold,
            **_heard().get(key, {})}  # fmt: skip
    answer = declare("jne_cortex_viewer", "mount")(
        key=key,
        data=pack({**message, **told}, fresh),
        height="content",
        on_selection_change=partial(_pass_selection, key, on_select),
        on_need_change=_nothing,
        on_map_change=partial(_pass_map, key, on_map),
        on_threshold_change=partial(_pass_threshold, key, on_threshold),
    )
    _offer_pin(scene, key)
    return _read_selection(answer)


def _offer_pin(scene: ViewerScene, key: str) -> None:
    def behind(taken: Mapping[str, Any]) -> dict[str, bytes]:
        view = taken["view"]
        return {"brain": pack_scene(keep_maps(scene, view["maps"]), shapes=tuple(view["shapes"]))}

    def message(taken: Mapping[str, Any]) -> str:
        shown = tuple(taken["view"]["maps"])
        return tell_extremes(replace(keep_maps(scene, shown), panes=shown))

    title, caption = describe_scene(scene)
    with find_corner():
        show_pin(Offer("brain", key, title, caption, scene.provenance, behind, message), key=key)


def _sent_blobs() -> set[str]:
    sent: set[str] = st.session_state.setdefault(_SENT, set())
    return sent


def _asked_for(key: str) -> list[str]:
    state: Any = st.session_state.get(key)
    return list((state or {}).get("need") or ())


def _read_selection(answer: Mapping[str, Any]) -> VertexSelection:
    return {item["hemi"]: tuple(item["vertices"]) for item in answer.get("selection") or ()}


def _pass_selection(key: str, on_select: Callable[[VertexSelection], None] | None) -> None:
    if on_select is not None:
        on_select(_read_selection(st.session_state.get(key) or {}))


def _pass_map(key: str, on_map: Callable[[str], bool] | None) -> None:
    """Hand on the map that the reader has put into the first pane."""
    told = (st.session_state.get(key) or {}).get("map")
    # Back and Forward clear a component's state; the next message then tells old news.
    if told and on_map is not None and told["told"] != _heard().get(key, {}).get("heard"):
        _heard()[key] = {"heard": told["told"], "taken": on_map(told["name"])}


def _heard() -> dict[str, dict[str, Any]]:
    """Return of each viewer's last choice of a map its count, and whether the page took it."""
    heard: dict[str, dict[str, Any]] = st.session_state.setdefault(_HEARD, {})
    return heard


def _pass_threshold(key: str, on_threshold: Callable[[float | None], None] | None) -> None:
    value = (st.session_state.get(key) or {}).get("threshold")
    if on_threshold is not None and isinstance(value, int | float | None):
        on_threshold(None if value is None else float(value))


def _nothing() -> None:
    """Let Streamlit know a state or trigger by its callback."""
