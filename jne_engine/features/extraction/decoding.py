"""One image file, decoded as 8-bit RGB."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.guard import check_file, printable, reading

FORMATS: Final = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP",
    ".tif": "TIFF", ".tiff": "TIFF",
}  # fmt: skip
"""File endings that are images, and the only formats that are decoded."""
MAX_PIXELS: Final = 64_000_000
"""Largest image that is decoded: 192 MB as RGB."""

_EIGHT_BIT: Final = frozenset({"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK",
                               "YCbCr"})  # fmt: skip


def read_image(path: Path) -> Image.Image:
    """Decode one image file as RGB, transparency upon white.

    Raises
    ------
    InputError
        If it is not an image of :data:`FORMATS`, not whole, or of more than 8 bits a channel.
    UnsafeFileError
        If it has more than :data:`MAX_PIXELS` pixels.
    """
    path = check_file(path)
    fix = "copy the file again, or take it out of the folder"
    try:
        with (
            reading(path, expected="a whole image", fix=fix),
            Image.open(path, formats=sorted(set(FORMATS.values()))) as image,
        ):
            _check_image(path, image)
            return to_rgb(image)
    except Image.DecompressionBombError as error:
        raise UnsafeFileError(
            printable(path.name), f"at most {MAX_PIXELS:,} pixels", "more", fix
        ) from error


def to_rgb(image: Image.Image) -> Image.Image:
    """Return an image as RGB; what is transparent shows white, as transformers has it."""
    if image.mode == "RGB" and "transparency" not in image.info:
        image.load()
        return image
    if "A" in image.getbands() or image.info.get("transparency") is not None:
        solid = image.convert("RGBA")
        white = Image.new("RGBA", solid.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, solid)
    return image.convert("RGB")


def _check_image(path: Path, image: Image.Image) -> None:
    """Require a bearable size and 8 bits a channel."""
    name = printable(path.name)
    if image.width * image.height > MAX_PIXELS:
        found = f"{image.width} × {image.height}"
        raise UnsafeFileError(name, f"at most {MAX_PIXELS:,} pixels", found, "reduce the image")
    if image.mode not in _EIGHT_BIT:
        fix = "save the image as 8-bit RGB"
        raise InputError(name, "8 bits a channel", f"mode {image.mode}", fix)
