"""A grid of pictures with captions as inert HTML."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
from PIL import Image

STYLE = (
    "<style>"
    ".jne-gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(112px,1fr));gap:12px}"
    ".jne-gallery figure{margin:0}"
    ".jne-gallery img{width:100%;aspect-ratio:1;object-fit:cover;border-radius:6px;display:block}"
    ".jne-gallery figcaption{font-size:.8rem;opacity:.75;padding-top:3px;white-space:nowrap;"
    "overflow:hidden;text-overflow:ellipsis;font-variant-numeric:tabular-nums}"
    "</style>"
)


def render_gallery(
    pictures: npt.NDArray[Any], captions: Sequence[str], descriptions: Sequence[str]
) -> str:
    """Return pictures in a grid; captions and descriptions are shown as written.

    Parameters
    ----------
    pictures : numpy.ndarray of uint8, shape (n, height, width, 3)
        RGB pictures in the order in which to show them.
    captions, descriptions : sequence of str
        Text below each picture, and its description for those who cannot see it.

    Returns
    -------
    str
        HTML whose pictures are embedded, so that no address has to be served.
    """
    cells = [
        f'<figure><img src="{_encode(picture)}" alt="{html.escape(description)}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        for picture, caption, description in zip(pictures, captions, descriptions, strict=True)
    ]
    return f'{STYLE}<div class="jne-gallery">{"".join(cells)}</div>'


def _encode(picture: npt.NDArray[Any]) -> str:
    """Return a picture as a PNG data address."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
