"""One frozen selection for all pages, mirrored in the address so that a link restores it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import unquote

import streamlit as st

from pages.frame.lag import is_late, is_overtaken, note_change, note_jump

_REMEMBERED = "selection"
_FLAGS = {"yes": True, "no": False}
_NUMBERS = ("threshold", "q", "min_r2", "min_ceiling")
_LONGEST = 4000
"""Characters of a value that the address holds; a longer one stays in this session."""
_GIVES_UP = {
    "roi": ("vertices",),
    "grouping": ("category", "stimulus", "picked"),
    "category": ("stimulus", "picked"),
    "stimulus": ("picked",),
}
"""What a choice sets aside because it would stand before it."""


@dataclass(frozen=True)
class Selection:
    """What a person has chosen; empty text leaves the choice to the page.

    Parameters
    ----------
    run, preset : str
        Run id; ROI preset.
    study, beside : str
        Study whose runs are offered, all runs where empty; ids of the runs that stand beside the
        chosen one, separated by commas.
    map, roi, category : str
        Map on the cortex, region, category of stimuli.
    scale : str
        ``"raw"``, ``"normalised"`` or ``"index"``: what the category matrix shows.
    grouping, stimulus, picked : str
        On the selectivity page: how stimuli are grouped; the id of one stimulus; rows of several,
        as ``"0-5,9"``. Several stand before one, and one before the category.
    among : str
        Likewise: ``"all"`` or ``"shown"``: which pictures are ranked.
    significant : bool
        Show significant voxels only.
    threshold, q, min_r2, min_ceiling : float or None
        Hide values of the map below this one; voxels whose q is not below, whose nonlinear R²
        or noise ceiling (%) is below.
    rois : str
        Show only voxels inside these ROIs, separated by commas.
    compare, panes : str
        On the page of maps: what stands beside the map, and which maps where it is maps.
    vertices : str
        Vertices that the reader has selected, as ``"left:3,7-9;right:2"``. On the selectivity page
        they stand before the region.
    pair, outline : str
        On the page of models: which two measures, and the areas that a reader has drawn in
        their figure, as ``marks.write_outline`` writes them.
    by, draw, quantile : str
        On the hierarchy page: ``"roi"`` or ``"tier"``, how distributions are drawn, and above
        which quantile of the whole brain a voxel counts as high.
    matched : bool
        Show the comparison of voxels matched on R² too.
    picture : str
        ``"svg"`` or ``"png"``: what a figure's camera saves.
    export : str
        On the overview: the format in which to take a run away.
    check, activation, placement, wiring : str
        On the validation page: which simulation, φ, where it sits, and the skips.
    window, n_inputs, input_scale : str
        Likewise: half-width of a neuron's window, number of inputs, their half-range.
    places, layer : str
        On the page of layers and subjects: ``"tier"``, ``"roi"`` or ``"whole"``; the layer in which
        subjects are compared.
    story, deck : str
        On the page that presents: which story, and the format in which to take it away.
    show : bool
        Likewise: whether its slides fill the window.
    part, folder, dataset : str
        On the page of data and runs: which part of it, the folder that is looked at, the
        dataset that a run is made of.
    """

    run: str = ""
    preset: str = ""
    study: str = ""
    beside: str = ""
    map: str = "jne"
    roi: str = ""
    category: str = ""
    scale: str = "normalised"
    grouping: str = ""
    stimulus: str = ""
    picked: str = ""
    among: str = ""
    significant: bool = True
    by: str = ""
    draw: str = ""
    quantile: str = ""
    matched: bool = False
    threshold: float | None = None
    q: float | None = None
    min_r2: float | None = None
    min_ceiling: float | None = None
    rois: str = ""
    compare: str = ""
    panes: str = ""
    vertices: str = ""
    pair: str = ""
    outline: str = ""
    picture: str = "svg"
    export: str = ""
    check: str = ""
    activation: str = ""
    placement: str = ""
    wiring: str = ""
    window: str = ""
    n_inputs: str = ""
    input_scale: str = ""
    places: str = ""
    layer: str = ""
    story: str = ""
    deck: str = ""
    show: bool = False
    part: str = ""
    folder: str = ""
    dataset: str = ""


def read_selection() -> Selection:
    """Return the selection: the address first, unless it is a late one, then what is remembered."""
    selection = st.session_state.get(_REMEMBERED, Selection())
    for field in fields(Selection):
        text = st.query_params.get(field.name)
        if text is not None and not is_late(field.name, text):
            selection = replace(selection, **{field.name: _parse(field.name, text)})
    _remember(selection)
    return selection


def select(**changes: Any) -> None:
    """Change the selection from a button, as a widget that is tied to it would."""
    _jump(_change(changes))


def list_unreadable() -> list[str]:
    """Return one line for each value in the address that cannot be understood."""
    lines = []
    for name in ("significant", "matched", *_NUMBERS):
        text = st.query_params.get(name)
        if text is not None and _format(_parse(name, text)) != text:
            lines.append(f"The link's {name} “{text[:40]}” is not understood: showing the default.")
    return lines


def bind_choice(name: str, options: Sequence[str], default: str | None = None) -> dict[str, Any]:
    """Return the arguments that tie a select box to the selection.

    Parameters
    ----------
    name : str
        Field of :class:`Selection`.
    options : sequence of str
        What there is to choose from; not empty.
    default : str, optional
        What stands for a value that is empty or not among the options; the first by default.
    """
    return _bind(name, settle(name, options, default))


def bind_value(name: str) -> dict[str, Any]:
    """Return the arguments that tie a toggle or a number to the selection."""
    return _bind(name, getattr(read_selection(), name))


def bind_list(name: str, options: Sequence[str], most: int | None = None) -> dict[str, Any]:
    """Return the arguments that tie a box of several choices to the selection.

    The field holds the choices separated by commas; what the options lack is left out, and what
    is beyond the first ``most``.
    """
    return _bind(name, read_list(name, options)[:most])


def read_list(name: str, options: Sequence[str]) -> list[str]:
    """Return the choices of a field of several that are among the options, in their order."""
    parts = getattr(read_selection(), name).split(",")
    chosen = [unquote(text) for text in parts]
    return [text for text in chosen if text in options]


def choose_map(name: str) -> None:
    """Take over the map that a reader has chosen in the viewer, as if in the page's own menu."""
    _jump(replace(read_selection(), map=name))


def is_beyond_link(name: str) -> bool:
    """Tell whether a field is too long for the address, so that a link does not restore it."""
    return len(str(getattr(read_selection(), name))) > _LONGEST


def settle(name: str, options: Sequence[str], default: str | None = None) -> str:
    """Return the selected option, or the default where the options lack it."""
    wanted = getattr(read_selection(), name)
    return wanted if wanted in options else (default or options[0])


def is_unknown(name: str, options: Sequence[str]) -> bool:
    """Tell whether the selection names something that the options lack."""
    wanted = getattr(read_selection(), name)
    return bool(wanted) and wanted not in options


def _bind(name: str, value: Any) -> dict[str, Any]:
    """Give a widget its value and let it write back; keys are named after fields."""
    key = f"choice.{name}"
    st.session_state[key] = value
    return {"key": key, "on_change": _take_over, "args": (name, key)}


def _take_over(name: str, key: str) -> None:
    value = _join(st.session_state[key])
    if not is_overtaken(name, _format(value)):
        _remember(_change({name: value}))


def _jump(selection: Selection) -> None:
    """Take over a selection that no widget has made, and note what widgets still show."""
    before = read_selection()
    for field in fields(Selection):
        changed = getattr(before, field.name) != getattr(selection, field.name)
        shown = st.session_state.get(f"choice.{field.name}")
        if changed and shown is not None:
            note_jump(field.name, _format(_join(shown)))
    _remember(selection)


def _change(changes: Mapping[str, Any]) -> Selection:
    """Return the selection with some fields changed, and without what they set aside."""
    aside = {other: "" for name in changes for other in _GIVES_UP.get(name, ())}
    return replace(read_selection(), **{**aside, **changes})


def _join(value: Any) -> Any:
    """Return a widget's value as the selection keeps it: several in one text."""
    return ",".join(map(_quote, value)) if isinstance(value, list) else value


def _quote(text: str) -> str:
    """Return a choice without what separates choices."""
    return text.replace("%", "%25").replace(",", "%2C")


def _remember(selection: Selection) -> None:
    st.session_state[_REMEMBERED] = selection
    for field in fields(Selection):
        value, text = getattr(selection, field.name), st.query_params.get(field.name)
        if value == field.default or len(str(value)) > _LONGEST:
            if text is not None and _parse(field.name, text) != value:
                note_change(field.name, text, None)
                del st.query_params[field.name]
        elif text != _format(value):
            note_change(field.name, text, _format(value))
            st.query_params[field.name] = _format(value)


def _parse(name: str, text: str) -> Any:
    """Return a value of the address in its field's type; the default where it has none."""
    default = getattr(Selection(), name)
    if isinstance(default, bool):
        return _FLAGS.get(text, default)
    if name in _NUMBERS:
        return parse_number(text)
    return text


def parse_number(text: str) -> float | None:
    """Return a finite number, None where the text is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _format(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
