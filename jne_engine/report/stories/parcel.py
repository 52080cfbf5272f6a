"""A story as one file, to hand on and to take in."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Final

import msgspec

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.guard import is_plain_member
from jne_engine.report.stories.folder import (
    FILES,
    MAX_PINS,
    STORY,
    add_pin,
    create_story,
    decode_contents,
    encode_contents,
    read_contents,
    read_story,
    remove_story,
)
from jne_engine.report.stories.records import Pin, Story

MAX_PARCEL_BYTES: Final = 2**29
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    msgspec.MsgspecError,
    KeyError,
    ValueError,
    EOFError,
    NotImplementedError,
)
_WHAT: Final = "story file"
_FIX: Final = "export the story again and copy the file whole"


def pack_story(root: Path, story_id: str) -> bytes:
    """Return a story as a zip: ``story.json``, and one folder a pin.

    Raises
    ------
    InputError
        If the story or what one of its pins keeps cannot be read.
    """
    story, out = read_story(root, story_id), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parcel:
        parcel.writestr(STORY, msgspec.json.format(msgspec.json.encode(story), indent=1))
        for pin in story.pins:
            for name, content in encode_contents(read_contents(root, story_id, pin.id)).items():
                parcel.writestr(f"{pin.id}/{name}", content)
    return out.getvalue()


def unpack_story(root: Path, parcel: bytes) -> Story:
    """Take in a story that :func:`pack_story` wrote, as a new one.

    Only the files that ``story.json`` calls for are read, in memory, and none larger than all
    may be together; nothing is written before all of it has been read.

    Parameters
    ----------
    root : pathlib.Path
        Folder of runs; the runs that the story shows need not be there.
    parcel : bytes
        Content of the file.

    Raises
    ------
    InputError
        If it is no such file, or cut short.
    UnsafeFileError
        If it claims to be larger than :data:`MAX_PARCEL_BYTES`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(parcel)) as opened:
            size = sum(entry.file_size for entry in opened.infolist())
            if size > MAX_PARCEL_BYTES:
                expected = f"at most {MAX_PARCEL_BYTES} bytes"
                raise UnsafeFileError(_WHAT, expected, f"{size}", "export a shorter story")
            if not all(map(is_plain_member, opened.infolist())):
                raise InputError(_WHAT, "stored or deflated files", "others", _FIX)
            story = msgspec.json.decode(opened.read(STORY), type=Story)
            contents = [decode_contents(_read_pin(opened, pin)) for pin in story.pins[:MAX_PINS]]
    except _BROKEN as error:
        raise InputError(_WHAT, "a whole story", str(error) or "another file", _FIX) from error
    taken = create_story(root, story.name)
    try:
        for pin, kept in zip(story.pins, contents, strict=False):
            taken = add_pin(root, taken.id, pin, kept)
    except BaseException:
        remove_story(root, taken.id)
        raise
    return taken


def _read_pin(parcel: zipfile.ZipFile, pin: Pin) -> dict[str, bytes]:
    """Return the bytes of a pin's files; a picture must be there."""
    names = set(parcel.namelist())
    found = {
        part: parcel.read(f"{pin.id}/{file}")
        for part, file in FILES.items()
        if f"{pin.id}/{file}" in names
    }
    if "picture" not in found:
        raise InputError(_WHAT, f"the picture of {pin.title[:40]!r}", "none", _FIX)
    return found
