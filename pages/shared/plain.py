"""Text from outside that Streamlit shows as it is written."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def plain(text: object) -> str:
    """Return text that Streamlit's Markdown shows as it is written, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))
