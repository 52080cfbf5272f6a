"""Pictures of stimuli as data addresses, which nothing has to serve; and a grid of them."""

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


def encode_picture(picture: npt.NDArray[Any]) -> str:
    """Return a picture as a PNG data address.

    Parameters
    ----------
    picture : numpy.ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def render_gallery(sources: Sequence[str], captions: Sequence[str]) -> str:
    """Return a grid of pictures as HTML; captions are shown as written.

    Parameters
    ----------
    sources : sequence of str
        What :func:`encode_picture` returns, in the order in which to show them.
    captions : sequence of str
        Text below each picture, which describes it to those who cannot see it too.
    """
    cells = [
        f'<figure><img src="{html.escape(source)}" alt="{html.escape(caption)}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        for source, caption in zip(sources, captions, strict=True)
    ]
    return f'{STYLE}<div class="jne-gallery">{"".join(cells)}</div>'
