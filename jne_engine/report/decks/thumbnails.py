"""Small pictures of pins, for lists."""

from __future__ import annotations

import io

from PIL import Image

WIDTH = 480
"""Pixels of a small picture, at most."""


def draw_thumbnail(picture: bytes, width: int = WIDTH) -> bytes:
    """Return a pin's picture at most so wide.

    Parameters
    ----------
    picture : bytes
        PNG.
    width : int
        Pixels.

    Returns
    -------
    bytes
        PNG.
    """
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.thumbnail((width, width))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
