"""What ``torch.save`` wrote, read without running any code of the file.

Such a file is a zip archive of raw values and a pickle that says how they fit together. A pickle
can call anything, so its instructions are read first, as text, and every name that it wants to
call must be one that plain tensors need; only then does torch's restricted loader build them.
"""

from __future__ import annotations

import pickle
import pickletools
import zipfile
from pathlib import Path
from typing import Final

from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.formats.guard import printable, readable_size, reading

_MAX_PICKLE_BYTES: Final = 2**20
_STORAGES: Final = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte",
                    "Bool")  # fmt: skip
_ALLOWED_NAMES: Final = frozenset(
    {
        "collections OrderedDict",
        "torch._utils _rebuild_tensor_v2",
        "torch._utils _rebuild_parameter",
        *(f"torch {kind}Storage" for kind in _STORAGES),
    }
)
_FORBIDDEN_OPCODES: Final = frozenset(
    {"STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID"}
)


def load_torch(path: Path, *, fix: str) -> object:
    """Return what a file holds: tensors on the CPU, mapped from it, in plain containers.

    Parameters
    ----------
    path : pathlib.Path
        A file in torch's zip format.
    fix : str
        How to save it so that it can be read, for messages.

    Raises
    ------
    InputError
        If the file is cut short, altered or of the old format.
    UnsafeFileError
        If its pickle wants to call anything that plain tensors do not need, or a size does not
        fit the file.
    """
    import torch  # seconds, and readers of other formats do without

    with reading(path, expected="tensors in torch's zip format", fix=fix):
        _check_archive(path, fix)
        try:
            loaded: object = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except pickle.UnpicklingError as error:
            raise ValueError(str(error)) from error
    return loaded


def _check_archive(path: Path, fix: str) -> None:
    name = printable(path.name)
    if not zipfile.is_zipfile(path):
        found = "another format, such as torch's before version 1.6"
        raise InputError(name, "a file in torch's zip format", found, fix)
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        size = path.stat().st_size
        for member in members:
            stored = member.compress_type == zipfile.ZIP_STORED
            if not stored or member.file_size > size:
                found = f"{printable(member.filename)} of {readable_size(member.file_size)}"
                raise UnsafeFileError(name, "members stored as they are", found, fix)
        pickles = [m for m in members if m.filename.lower().endswith("data.pkl")]
        if len(pickles) != 1 or pickles[0].file_size > _MAX_PICKLE_BYTES:
            found = f"{len(pickles)}" if len(pickles) != 1 else "a longer one"
            raise UnsafeFileError(name, "one data.pkl of at most 1 MB", found, fix)
        if any("constants.pkl" in m.filename or "/code/" in m.filename for m in members):
            raise UnsafeFileError(name, "tensors", "a TorchScript program", fix)
        broken = archive.testzip()
        if broken is not None:
            found = f"altered content in {printable(broken)}"
            raise InputError(name, "values that match their checksums", found, "copy it again")
        _check_pickle(name, archive.read(pickles[0]), fix)


def _check_pickle(name: str, program: bytes, fix: str) -> None:
    """Read a pickle's instructions without following them; refuse all but tensor rebuilding."""
    for opcode, argument, _ in pickletools.genops(program):
        wanted = str(argument) if opcode.name == "GLOBAL" else ""
        if opcode.name in _FORBIDDEN_OPCODES or (wanted and wanted not in _ALLOWED_NAMES):
            found = f"a pickle that calls {printable(wanted) or opcode.name}"
            raise UnsafeFileError(name, "tensors and nothing else", found, fix)
