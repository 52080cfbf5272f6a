"""Pictures of stimuli as data addresses, so that no address has to be served."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy.typing as npt
from PIL import Image


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
