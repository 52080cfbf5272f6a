"""Read many altered copies of a small file and report every outcome that breaks the promise.

Run as ``python -m tests.engine.readers.mutants COUNT SEED FOLDER``, so that a crash or a hang of
a file library ends this process and not its parent. Prints a line of JSON after each format.
"""

from __future__ import annotations

import gzip
import io
import json
import resource
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from jne_engine.core.errors import JneError
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.scripts.files import ScriptFiles, read_scripts_dataset
from jne_engine.datasets.tables import read_table
from jne_engine.formats.arrays import read_array
from jne_engine.formats.guard import read_gzip
from tests.engine.readers.files import check_message, npz_bytes

MEMORY_BYTES = 4 * 2**30
VALUES = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)


def npy() -> bytes:
    content = io.BytesIO()
    np.save(content, VALUES)
    return content.getvalue()


def hdf5(**options: Any) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w", libver=options.pop("libver", None)) as file:
        file.create_dataset("data", data=VALUES, **options)
    return content.getvalue()


def read_hdf5_both_ways(path: Path) -> np.ndarray:
    """Read with a key, and then without one, which lists the file."""
    read_array(path, key="data")
    return read_array(path)


def read_layer(path: Path) -> np.ndarray:
    """Read the altered file as the features of the authors' scripts."""
    folder = path.parent
    shared = folder / "Sub_info_uniqueFig.npy"
    if not shared.exists():
        np.save(shared, np.tile(np.arange(4), (4, 1)))
        with h5py.File(folder / "Stan_fmri_Sub1.h5", "w") as file:
            file["data"] = VALUES
    return read_scripts_dataset(ScriptFiles(folder=folder, subject=1, layer=1)).features


def read_described(path: Path) -> np.ndarray:
    """Read the altered file as a description of two arrays beside it."""
    for name in ("features.npy", "responses.npy"):
        np.save(path.parent / name, VALUES)
    return read_dataset(path, allowed_root=path.parent).features


def checkpoint() -> bytes:
    import torch

    content = io.BytesIO()
    torch.save({"encoder.lin0.0.weight": torch.from_numpy(VALUES)}, content)
    return content.getvalue()


def tensor() -> bytes:
    import torch

    content = io.BytesIO()
    torch.save(torch.from_numpy(VALUES), content)
    return content.getvalue()


def safetensors() -> bytes:
    from safetensors.numpy import save

    return save({"data": VALUES})


def parquet() -> bytes:
    content = io.BytesIO()
    pd.DataFrame(VALUES, columns=list("abcdefgh")).to_parquet(content)
    return content.getvalue()


def parquet_vectors() -> bytes:
    content = io.BytesIO()
    pd.DataFrame({"id": list("abcdefghij") * 3, "data": list(VALUES)}).to_parquet(content)
    return content.getvalue()


def read_weights(path: Path) -> np.ndarray:
    from jne_engine.model.checkpoints import read_checkpoint

    return next(iter(read_checkpoint(path).values())).float().numpy()


def stacked() -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        data = np.repeat(VALUES[:, None], 3, axis=1)
        file.create_dataset("data", data=data, compression="gzip", chunks=(10, 3, 8))
    return content.getvalue()


def design() -> bytes:
    from scipy.io import savemat

    content = io.BytesIO()
    order = np.arange(1.0, 13)[None]
    variables = {"masterordering": order, "subjectim": np.tile(order, (8, 1)) + 40}
    savemat(content, variables, do_compression=True)
    return content.getvalue()


def read_design(path: Path) -> np.ndarray:
    """Read the altered file as NSD's design."""
    from jne_engine.datasets.nsd.trials import read_design_images

    return read_design_images(path, 2).astype(np.float32)


def annotations() -> bytes:
    box = {"image_id": 1, "category_id": 2, "bbox": [1.0, 2.0, 3.0, 4.5], "segmentation": [[1.5]]}
    content = {
        "images": [{"id": 1, "width": 640, "height": 480}],
        "annotations": [box] * 3,
        "categories": [{"id": 2, "name": "dog", "supercategory": "animal"}],
    }
    return json.dumps(content).encode()


def read_annotations(path: Path) -> np.ndarray:
    """Read the altered file as COCO's annotations of one cropped image."""
    from jne_engine.datasets.coco import CropBox, find_visible, read_instances

    found = find_visible(path, read_instances(path), [(1, CropBox(0, 0, 0, 0))])
    return np.array([len(found), *(o.share for o in found[0])], dtype=np.float32)


BEHAVIOUR = "SUBJECT\tSESSION\tRUN\tTRIAL\t73KID\n" + "".join(
    f"1\t1\t{i // 5 + 1}\t{i % 5 + 1}\t{i * 7 + 1}\n" for i in range(20)
)


def read_trial_images(path: Path) -> np.ndarray:
    """Read the altered file as NSD's behaviour."""
    from jne_engine.datasets.nsd.trials import read_behaviour

    return read_behaviour(path)[0].image.astype(np.float32)


TABLE = "id,split,scene\n" + "".join(f'{i},train,"a, {i}"\n' for i in range(20))
TOML = 'features = "features.npy"\nresponses = "responses.npy"\nsplit_seed = 3\n[roi_tiers]\n'
Case = tuple[str, Callable[[], bytes], Callable[[Path], Any]]
FORMATS: dict[str, Case] = {
    "npy": ("a.npy", npy, read_array),
    "npz": ("a.npz", lambda: npz_bytes({"a": npy()}), read_array),
    "npz-stored": ("a.npz", lambda: npz_bytes({"a": npy()}, zipfile.ZIP_STORED), read_array),
    "h5": ("a.h5", hdf5, read_hdf5_both_ways),
    "h5-gzip": ("a.h5", lambda: hdf5(compression=4, shuffle=True), read_hdf5_both_ways),
    "h5-lzf": ("a.h5", lambda: hdf5(compression="lzf"), read_hdf5_both_ways),
    "h5-sums": ("a.h5", lambda: hdf5(fletcher32=True, libver="latest"), read_hdf5_both_ways),
    "scripts": ("Stan_clip_vit_Sub1.h5", stacked, read_layer),
    "gzip": ("a.gz", lambda: gzip.compress(npy()), read_gzip),
    "mat": ("nsd_expdesign.mat", design, read_design),
    "coco": ("instances_val2017.json", annotations, read_annotations),
    "behaviour": ("responses.tsv", BEHAVIOUR.encode, read_trial_images),
    "csv": ("a.csv", TABLE.encode, read_table),
    "toml": ("dataset.toml", TOML.encode, read_described),
    "pt": ("a.pt", tensor, read_array),
    "safetensors": ("a.safetensors", safetensors, read_array),
    "parquet": ("a.parquet", parquet, read_array),
    "parquet-vectors": ("a.parquet", parquet_vectors, read_array),
    "pth": ("a_res_linear.pth", checkpoint, read_weights),
}


def mutate(whole: bytes, rng: np.random.Generator) -> bytes:
    """Flip bits, set bytes to telling values, cut, repeat or insert."""
    content = bytearray(whole)
    kind = rng.integers(6)
    place = int(rng.integers(len(content)))
    if kind == 0:
        content[place] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        content[place] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF]))
    elif kind == 2:
        content[place : place + 8] = rng.bytes(min(8, len(content) - place))
    elif kind == 3:
        content[place : place + 8] = b"\xff" * min(8, len(content) - place)
    elif kind == 4:
        for spot in rng.integers(0, len(content), 5):
            content[spot] = int(rng.integers(256))
    else:
        del content[place : place + int(rng.integers(1, 40))]
    return bytes(content) or b"\0"


def is_valid(values: Any) -> bool:
    """Tell whether a reader's result is what it promises: real numbers, or a filled table."""
    if isinstance(values, np.ndarray):
        return values.dtype == np.float32 and values.size > 0
    return len(values) > 0


def outcome(path: Path, read: Callable[[Path], Any], whole: Any) -> str:
    """Read one mutant and name what came of it."""
    try:
        values = read(path)
    except JneError as error:
        check_message(str(error), "")
        return "refused"
    assert is_valid(values)
    same = values.equals(whole) if hasattr(values, "equals") else np.array_equal(values, whole)
    return "same" if same else "different"


def count(name: str, n: int, seed: int, folder: Path) -> dict[str, Any]:
    """Read ``n`` mutants of a format in a folder of its own and count the outcomes."""
    file_name, make, read = FORMATS[name]
    rng = np.random.default_rng(seed)
    path = folder / name / file_name
    path.parent.mkdir()
    whole = make()
    path.write_bytes(whole)
    expected = read(path)
    counts: dict[str, int] = {"refused": 0, "same": 0, "different": 0}
    for _ in range(n):
        path.write_bytes(mutate(whole, rng))
        counts[outcome(path, read, expected)] += 1
    return counts


def main(n: int, seed: int, folder: Path) -> None:
    """Read mutants of every format; the last line tells where a process ended that died."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in FORMATS:
        counts = count(name, n, seed, folder)
        print(json.dumps([name, counts]), flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
