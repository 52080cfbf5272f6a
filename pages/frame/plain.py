"""Text from outside that Streamlit shows as it is written, and errors in one line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import streamlit as st

from jne_engine.core.errors import JneError

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def plain(text: object) -> str:
    """Return text that Streamlit's Markdown shows as it is written, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def unmark(markdown: str) -> str:
    """Return a line of our own Markdown as text: no bold, no icons, nothing escaped."""
    bare = re.sub(r"(?<!\\)\*\*|:material/\w+:", "", markdown)
    return _ESCAPED.sub(r"\1", bare).strip()


def name_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Return the names of things by their ids, those that are alike with the end of their id.

    A menu tells Streamlit the name that was chosen: of two alike it would take another.
    """
    shown = {i: " ".join(name.split()) for i, name in names.items()}
    counts = Counter(shown.values())
    return {i: f"{name} · {i.rpartition('-')[2]}" if counts[name] > 1 else name
            for i, name in shown.items()}  # fmt: skip


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn a :class:`JneError` into one line on the page."""
    try:
        yield
    except JneError as error:
        st.error(plain(error), icon=":material/error:")
