"""Stories: views that somebody kept to show others, in order, with titles, captions and notes.

A story is a folder of plain JSON, PNG and CSV below ``<runs>/stories``, written so that a crash
leaves the old or the new state. Nothing here draws: pages pin, exports read.
"""

from jne_engine.report.stories.folder import (
    add_pin,
    create_story,
    duplicate_pin,
    edit_pin,
    list_stories,
    move_pin,
    read_contents,
    read_story,
    remove_pin,
    remove_story,
    rename_story,
)
from jne_engine.report.stories.parcel import pack_story, unpack_story
from jne_engine.report.stories.records import Pin, PinContents, PinKind, Story

__all__ = [
    "Pin",
    "PinContents",
    "PinKind",
    "Story",
    "add_pin",
    "create_story",
    "duplicate_pin",
    "edit_pin",
    "list_stories",
    "move_pin",
    "pack_story",
    "read_contents",
    "read_story",
    "remove_pin",
    "remove_story",
    "rename_story",
    "unpack_story",
]
