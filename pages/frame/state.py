"""What a reader has chosen, mirrored in the address so that a link restores it.

A page declares its own choices in its own folder: a frozen dataclass under :func:`declares`. What
several pages share is :class:`Selection`. The session keeps every choice as the address says it.

The address is read where a browser can have a new one: on a page that has just been entered, and
after the reader's Back or Forward. Any other message carries the address that this session wrote,
or one from before the last change. A box whose choice something else changed gets a new key: what
a browser still says of the old one is heard by nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import unquote

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Choices = TypeVar("Choices", bound=DataclassInstance)

_CHOSEN, _PAGE, _MOVES = "chosen", "chosen: page", "chosen: moves"
_STEPS = {"undo": "chosen: before", "redo": "chosen: after"}
_MOST_STEPS = 100
_FLAGS = {"yes": True, "no": False}
_ASIDE = "aside"
_LONGEST = 4000
"""Characters of a value that the address holds; a longer one stays in this session."""
_declared: dict[str, tuple[str, Any, tuple[str, ...]]] = {}
"""Of each choice: whose it is, its default, and what it sets aside."""


def declares(kind: type[Choices]) -> type[Choices]:
    """Make the fields of a frozen dataclass choices that the address can hold.

    A field is text, a bool, or a number where its default is None. Empty text leaves the choice to
    the page.

    Raises
    ------
    ValueError
        If a field has no default, or the name is another class's choice already.
    """
    owner = f"{kind.__module__}.{kind.__qualname__}"
    for own in fields(kind):
        if own.default is MISSING or _declared.get(own.name, (owner,))[0] != owner:
            raise ValueError(f"{owner}.{own.name}: expected a default, and a name of its own")
        _declared[own.name] = owner, own.default, tuple(own.metadata.get(_ASIDE, ()))
    return kind


def setting_aside(*names: str) -> str:
    """Declare a choice of text that clears others, because they would stand before it."""
    made: str = field(default="", metadata={_ASIDE: names})
    return made


@declares
@dataclass(frozen=True)
class Selection:
    """What all pages share.

    Parameters
    ----------
    run, preset : str
        Run id; ROI preset.
    study, beside : str
        Study whose runs are offered, all runs where empty; ids of the runs that stand beside the
        chosen one, separated by commas.
    map, roi : str
        Map on the cortex, left to the page where empty; region.
    significant : bool
        Show significant voxels only.
    threshold : float or None
        Hide values of the map below this one.
    vertices : str
        Vertices that the reader has selected, as ``"left:3,7-9;right:2"``. On the selectivity page
        they stand before the region.
    picture : str
        ``"svg"`` or ``"png"``: what a figure's camera saves.
    part, dataset, story : str
        Where other pages lead: the part of the page of data and runs, and the dataset that a run
        is made of; the story that is presented.
    """

    run: str = ""
    preset: str = ""
    study: str = ""
    beside: str = ""
    map: str = ""
    roi: str = setting_aside("vertices")
    significant: bool = True
    threshold: float | None = None
    vertices: str = ""
    picture: str = "svg"
    part: str = ""
    dataset: str = ""
    story: str = ""


def read(kind: type[Choices]) -> Choices:
    """Return what is chosen of some declared choices."""
    texts = _read_texts()
    return kind(**{own.name: _parse(own.name, texts.get(own.name)) for own in fields(kind)})


def select(**changes: Any) -> None:
    """Change choices from anywhere but their own boxes: a button, the viewer, a figure."""
    _change(changes)


def can_step(way: Literal["undo", "redo"]) -> bool:
    """Tell whether there is a choice to take back, or one to make again."""
    return bool(st.session_state.get(_STEPS[way]))


def step(way: Literal["undo", "redo"]) -> None:
    """Take the last choice back, or make the one again that was taken back last."""
    if can_step(way):
        back = "redo" if way == "undo" else "undo"
        now = dict(st.session_state.get(_CHOSEN, {}))
        texts = st.session_state[_STEPS[way]].pop()
        st.session_state.setdefault(_STEPS[back], []).append(now)
        _write(texts)


def list_unreadable() -> list[str]:
    """Return one line for each value in the address that cannot be understood."""
    return [
        f"The link's {name} “{text[:40]}” is not understood: showing the default."
        for name, text in st.query_params.items()
        if not _is_readable(name, text)
    ]


def bind_choice(name: str, options: Sequence[str], default: str | None = None) -> dict[str, Any]:
    """Return the arguments that tie a select box to a choice.

    Parameters
    ----------
    name : str
        A declared choice.
    options : sequence of str
        What there is to choose from; not empty.
    default : str, optional
        What stands for a value that is empty or not among the options; the first by default.
    """
    return _bind(name, settle(name, options, default))


def bind_value(name: str) -> dict[str, Any]:
    """Return the arguments that tie a toggle or a number to a choice."""
    return _bind(name, _read_value(name))


def bind_list(name: str, options: Sequence[str], most: int | None = None) -> dict[str, Any]:
    """Return the arguments that tie a box of several options to a choice.

    The choice holds the options separated by commas; what the options lack is left out, and what
    is beyond the first ``most``.
    """
    return _bind(name, read_list(name, options)[:most])


def read_list(name: str, options: Sequence[str]) -> list[str]:
    """Return the parts of a choice of several that are among the options, in their order."""
    whole = _read_value(name)
    chosen = [whole] if whole in options else [unquote(text) for text in whole.split(",")]
    return [text for text in chosen if text in options]


def is_beyond_link(name: str) -> bool:
    """Tell whether a choice is too long for the address, so that a link does not restore it."""
    return len(_read_texts().get(name, "")) > _LONGEST


def settle(name: str, options: Sequence[str], default: str | None = None) -> str:
    """Return the chosen option, the first of several, or the default where the options lack it."""
    return next(iter(read_list(name, options)), default or options[0])


def is_unknown(name: str, options: Sequence[str]) -> bool:
    """Tell whether something is chosen that the options lack."""
    return bool(_read_value(name)) and not read_list(name, options)


def parse_number(text: str) -> float | None:
    """Return a finite number, None where the text is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bind(name: str, value: Any) -> dict[str, Any]:
    """Give a widget its value and let it write back."""
    key = _key(name)
    st.session_state[key] = value
    return {"key": key, "on_change": _take_over, "args": (name, key)}


def _key(name: str) -> str:
    """Return the key of a choice's widget: another one after each change from elsewhere."""
    moves = st.session_state.get(_MOVES, {}).get(name, 0)
    return f"choice.{name}.{moves}" if moves else f"choice.{name}"


def _take_over(name: str, key: str) -> None:
    if key == _key(name):
        _change({name: _join(st.session_state[key])}, own=name)


def _change(changes: Mapping[str, Any], own: str = "") -> None:
    """Change some choices and clear what they set aside; ``own`` is changed by its own widget."""
    aside = {other: "" for name in changes for other in _declared[name][2]}
    texts = dict(_read_texts())
    for name, value in {**aside, **changes}.items():
        texts.pop(name, None)
        if value != _declared[name][1]:
            texts[name] = _format(value)
    _keep(texts, own)


def _read_texts() -> Mapping[str, str]:
    """Return all choices as text, the address's first where it may be new."""
    texts: Mapping[str, str] = st.session_state.get(_CHOSEN, {})
    context = get_script_run_ctx()
    page = "" if context is None else context.page_script_hash
    moved = context is not None and context.is_history_navigation
    if moved or st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        # Back and Forward mean the address as it was, with what no address holds.
        kept = {n: t for n, t in texts.items() if len(t) > _LONGEST} if moved else texts
        texts = {**kept, **st.query_params.to_dict()}
    _keep(texts)
    return texts


def _keep(texts: Mapping[str, str], own: str = "") -> None:
    """Keep all choices as :func:`_write` does, and what was chosen before for :func:`step`."""
    before = st.session_state.get(_CHOSEN)
    if before is not None and before != texts:
        past = st.session_state.setdefault(_STEPS["undo"], [])
        past.append(before)
        del past[:-_MOST_STEPS]
        st.session_state[_STEPS["redo"]] = []
    _write(texts, own)


def _write(texts: Mapping[str, str], own: str = "") -> None:
    """Keep all choices, write them to the address, and let boxes of changed ones begin anew."""
    before: Mapping[str, str] = st.session_state.get(_CHOSEN, {})
    moves: dict[str, int] = st.session_state.setdefault(_MOVES, {})
    for name in before.keys() | texts.keys():
        changed = name != own and before.get(name) != texts.get(name)
        if changed and _key(name) in st.session_state:
            moves[name] = moves.get(name, 0) + 1
    st.session_state[_CHOSEN] = texts
    _write_address({name: text for name, text in texts.items() if len(text) <= _LONGEST})


def _write_address(texts: Mapping[str, str]) -> None:
    for name in [name for name in st.query_params if name not in texts]:
        del st.query_params[name]
    for name, text in texts.items():
        if st.query_params.get(name) != text:
            st.query_params[name] = text


def _read_value(name: str) -> Any:
    return _parse(name, _read_texts().get(name))


def _parse(name: str, text: str | None) -> Any:
    """Return a choice in its type; the default where it has no readable text."""
    default = _declared[name][1]
    if text is None or not _is_readable(name, text):
        return default
    if isinstance(default, bool):
        return _FLAGS[text]
    return parse_number(text) if default is None else text


def _is_readable(name: str, text: str) -> bool:
    default = _declared[name][1] if name in _declared else ""
    if isinstance(default, bool):
        return text in _FLAGS
    return default is not None or parse_number(text) is not None


def _join(value: Any) -> Any:
    """Return a widget's value as its choice keeps it: several in one text."""
    return ",".join(map(_quote, value)) if isinstance(value, list) else value


def _quote(text: str) -> str:
    """Return an option without what separates options."""
    return text.replace("%", "%25").replace(",", "%2C")


def _format(value: Any) -> str:
    """Return a value as the address says it: a number in few digits that all the same name it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    short = f"{value:g}" if isinstance(value, float) else str(value)
    return repr(value) if isinstance(value, float) and float(short) != value else short
