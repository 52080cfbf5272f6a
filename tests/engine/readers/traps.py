"""Crafted files that ask for more than their own content, each with the reader that meets it."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import h5py
import nibabel as nib
import numpy as np

from tests.engine.readers.files import npy_claiming, npz_bytes, write_secret
from tests.engine.readers.image_files import (
    annot,
    array,
    cifti,
    geometry,
    gifti,
    gifti_maps,
    mgh,
    morph,
    nifti,
    packed,
)

MANY = 2**62
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
    + "]>"
)
ENTITY_FILE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def nifti_claiming(shape: tuple[int, ...], content: bytes = b"") -> bytes:
    """Return a NIfTI-2 file that claims a shape and holds something else."""
    header = nib.Nifti2Header()
    header.set_data_dtype(np.uint8)
    header["magic"] = b"n+2\0\r\n\x1a\n"
    header["dim"][: len(shape) + 1] = (len(shape), *shape)
    header["vox_offset"] = 544
    return header.binaryblock + bytes(4) + content


def mgh_claiming(*dims: int) -> bytes:
    """Return an MGH file that claims its dimensions."""
    return mgh()[:4] + np.array(dims, ">i4").tobytes() + mgh()[20:]


def bomb(header: bytes, n_megabytes: int) -> bytes:
    """Return gzip of a header and so many megabytes of zeros, a thousandth of them in size."""
    return packed(header) + n_megabytes * gzip.compress(bytes(2**20), mtime=0)


def gifti_with(old: str, new: str, content: bytes | None = None) -> bytes:
    """Return a GIFTI file with some of its text exchanged, which must be there."""
    text = (content or gifti_maps()).decode()
    assert old in text, old
    return text.replace(old, new).encode()


def gifti_bomb(claimed: int, held: int) -> bytes:
    """Return a GIFTI array that claims and holds so many bytes of zeros."""
    packer = zlib.compressobj(9)
    raw = b"".join(packer.compress(bytes(2**20)) for _ in range(held // 2**20)) + packer.flush()
    text = gifti([array(np.zeros(7, np.float32), "NIFTI_INTENT_NONE")]).decode()
    start, end = text.index("<Data>") + 6, text.index("</Data>")
    text = text[:start] + b64encode(raw).decode() + text[end:]
    return text.replace('Dim0="7"', f'Dim0="{claimed // 4}"').encode()


def cifti_with(old: bytes, new: bytes) -> bytes:
    """Return a CIFTI file with some of its description exchanged, its length kept."""
    content = cifti()
    assert old in content, old
    grown = len(new) - len(old)
    end = content.index(b"</CIFTI>") + 8
    tail = content[end : end + max(grown, 0)]
    assert not tail.strip(b"\0\n "), "no padding left"
    return content.replace(old, new, 1)[: end + grown] + content[end + max(grown, 0) :]


def laughing_cifti(prologue: str) -> bytes:
    """Return a CIFTI file whose description begins with entities."""
    content = nib.Nifti2Image(np.zeros((1, 1, 1, 1, 2, 3), np.float32), np.eye(4))
    xml = (prologue + '<CIFTI Version="2"><Matrix/></CIFTI>').encode()
    content.header.extensions.append(nib.nifti1.Nifti1Extension(32, xml))
    return content.to_bytes()


def pickled(folder: Path) -> bytes:
    """Return an array of objects that leaves a file behind when it is unpickled."""

    class RunsCode:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return os.system, (f"touch {folder / 'ran'}",)

    values = np.empty(1, dtype=object)
    values[0] = RunsCode()
    np.save(folder / "pickle.npy", values, allow_pickle=True)
    return (folder / "pickle.npy").read_bytes()


def hdf5_claiming() -> bytes:
    """Return an HDF5 file of some kilobytes that claims 4 TB."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.create_dataset("data", (10**6, 10**6), "f4", chunks=(1000, 1000), compression=1)
    return content.getvalue()


def hdf5_link(secret: Path) -> bytes:
    """Return an HDF5 file whose only key leads to another file."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["data"] = h5py.ExternalLink(str(secret), "/data")
    return content.getvalue()


def flipped(content: bytes) -> bytes:
    """Return a stored gzip with one bit of its last values changed."""
    stored = bytearray(gzip.compress(content, compresslevel=0, mtime=0))
    stored[-100] ^= 1
    return bytes(stored)


Trap = tuple[str, bytes, str]


def gifti_traps(secret: Path) -> dict[str, Trap]:
    maps, up = "lh.a.func.gii", f"../../../outside/{secret.name}"
    name, data = 'ExternalFileName="{}"', 'Encoding="GZipBase64Binary"'
    outside = 'Encoding="ExternalFileBinary"'
    named = gifti_with(name.format(""), name.format(secret))
    return {
        "gifti external absolute": (maps, named, "values"),
        "gifti external parent": (maps, gifti_with(name.format(""), name.format(up)), "values"),
        "gifti external encoding": (maps, gifti_with(data, outside, named), "values"),
        "gifti external unnamed": (maps, gifti_with(data, outside), "values"),
        "gifti external passwd": (
            maps,
            gifti_with(name.format(""), name.format("/etc/passwd")),
            "values",
        ),
        "gifti laughs": (maps, LAUGHS.encode() + b"<GIFTI>&a11;</GIFTI>", "values"),
        "gifti entity file": ("a.surf.gii", ENTITY_FILE.encode() + b"<GIFTI>&a;</GIFTI>", "mesh"),
        "gifti flood": (maps, b"<GIFTI>" + b"<MetaData/>" * 300_000 + b"</GIFTI>", "values"),
        "gifti claims": (maps, gifti_with('Dim0="40"', f'Dim0="{MANY}"'), "values"),
        "gifti lies": (maps, gifti_with('Dim0="40"', 'Dim0="41"'), "values"),
        "gifti lies less": (maps, gifti_with('Dim0="40"', 'Dim0="39"'), "values"),
        "gifti lies axes": (
            maps,
            gifti_with('Dimensionality="1"', f'Dimensionality="{MANY}"'),
            "values",
        ),
        "gifti negative": (maps, gifti_with('Dim0="40"', 'Dim0="-40"'), "values"),
        "gifti plain lies": (
            maps,
            gifti_with('Dim0="40"', f'Dim0="{10**9}"', gifti_maps("B64BIN")),
            "values",
        ),
        "gifti ascii lies": (
            maps,
            gifti_with('Dim0="40"', f'Dim0="{10**9}"', gifti_maps("ASCII")),
            "values",
        ),
        "gifti bomb": (maps, gifti_bomb(28, 2**26), "values"),
        "gifti honest bomb": (maps, gifti_bomb(2**26, 2**26), "values"),
        "gifti labels bomb": ("lh.a.label.gii", gifti_bomb(28, 2**26), "labels"),
    }


def cifti_traps() -> dict[str, Trap]:
    return {
        "cifti laughs": ("a.dscalar.nii", laughing_cifti(LAUGHS), "values"),
        "cifti entity file": ("a.dlabel.nii", laughing_cifti(ENTITY_FILE), "labels"),
        "cifti count": (
            "a.dscalar.nii",
            cifti_with(b'IndexCount="25"', b'IndexCount="99"'),
            "values",
        ),
        "cifti offset": (
            "a.dscalar.nii",
            cifti_with(b'IndexOffset="25"', b'IndexOffset="99"'),
            "values",
        ),
        "cifti surface": (
            "a.dscalar.nii",
            cifti_with(b'SurfaceNumberOfVertices="40"', b'SurfaceNumberOfVertices="09"'),
            "values",
        ),
        "cifti claims": ("a.dscalar.nii", nifti_claiming((1, 1, 1, 1, 2**30, 2**31)), "values"),
    }


def volume_traps() -> dict[str, Trap]:
    return {
        "nifti claims": ("a.nii", nifti_claiming((2**31, 2**31)), "volume"),
        "nifti claims more": ("a.nii", nifti_claiming((2**62, 2**62, 2**62)), "voxels"),
        "nifti negative": ("a.nii", nifti_claiming((-4, -4, 4)), "volume"),
        "nifti.gz claims": ("a.nii.gz", packed(nifti_claiming((2**62,))), "volume"),
        "nifti.gz claims less": ("a.nii.gz", bomb(nifti_claiming((4, 4, 4)), 10_000), "volume"),
        "nifti.gz honest bomb": (
            "a.nii.gz",
            bomb(nifti_claiming((100, 1000, 1000, 100)), 9537),
            "volume",
        ),
        "nifti.gz voxel bomb": (
            "a.nii.gz",
            bomb(nifti_claiming((1000, 1000, 1000)), 954),
            "voxels",
        ),
        "nifti.gz offset": (
            "a.nii.gz",
            packed(nifti()[:108] + np.float32(1e30).tobytes() + nifti()[112:]),
            "volume",
        ),
        "nifti.gz flip": ("a.nii.gz", flipped(nifti()), "volume"),
        "mgh claims": ("a.mgh", mgh_claiming(2**31 - 1, 2**31 - 1, 2**31 - 1, 2**31 - 1), "volume"),
        "mgz claims": ("lh.a.mgz", packed(mgh_claiming(2**31 - 1, 1, 1, 1)), "values"),
        "mgz negative": ("a.mgz", packed(mgh_claiming(-5, -6, 7, 4)), "volume"),
        "mgz bomb": ("lh.a.mgz", bomb(mgh_claiming(10**9, 1, 1, 1)[:284], 954), "values"),
        "mgz bomb behind": ("a.mgz", bomb(mgh(), 10_000), "volume"),
        "mgz flip": ("a.mgz", flipped(mgh()), "volume"),
    }


def surface_traps() -> dict[str, Trap]:
    return {
        "morph claims": ("lh.curv", b"\xff\xff\xff\x7f\xff\xff\xff" + morph()[7:], "values"),
        "morph negative": ("lh.curv", b"\xff\xff\xff\xff\xff\xff\xff" + morph()[7:], "values"),
        "geometry claims": (
            "lh.white",
            geometry().replace(b"\0\0\0\x28\0\0\0\x3c", b"\x7f\xff\xff\xff\x7f\xff\xff\xff"),
            "mesh",
        ),
        "geometry line": ("lh.white", b"\xff\xff\xfe" + b"x" * 2**24, "mesh"),
        "annot claims": ("lh.a.annot", b"\x7f\xff\xff\xff" + annot()[4:], "labels"),
        "annot name": (
            "lh.a.annot",
            annot().replace(b"\0\0\0\3V1", b"\x7f\xff\xff\xffV1"),
            "labels",
        ),
        "annot table": (
            "lh.a.annot",
            annot().replace(b"\0\0\0\4\0\0\0\7NOFILE", b"\x7f\xff\xff\xff\0\0\0\7NOFILE"),
            "labels",
        ),
    }


def array_traps(folder: Path, secret: Path) -> dict[str, Trap]:
    return {
        "npy claims": ("a.npy", npy_claiming(f"({MANY}, {MANY})"), "array"),
        "npz claims": ("a.npz", npz_bytes({"a": npy_claiming(f"({MANY},)")}), "array"),
        "npy pickle": ("a.npy", pickled(folder), "array"),
        "npz pickle": ("a.npz", npz_bytes({"a": pickled(folder)}), "array"),
        "hdf5 claims": ("a.h5", hdf5_claiming(), "array"),
        "hdf5 link": ("a.h5", hdf5_link(secret), "array"),
    }


def traps(folder: Path) -> dict[str, Trap]:
    """Return every trap: file name, content, and the name of its reader.

    What links lead to is written to ``outside``; a pickle that runs leaves the file ``ran``.
    """
    secret = write_secret(folder / "outside")
    return {
        **gifti_traps(secret),
        **cifti_traps(),
        **volume_traps(),
        **surface_traps(),
        **array_traps(folder, secret),
    }
