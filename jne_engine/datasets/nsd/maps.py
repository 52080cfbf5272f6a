"""Maps beside NSD's betas: the noise ceiling's signal-to-noise ratio, and valid voxels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from jne_engine.core.checks import check_length
from jne_engine.datasets.nsd.layout import NsdTree
from jne_engine.formats.guard import printable
from jne_engine.formats.volumes import read_volume


def find_ncsnr(tree: NsdTree) -> tuple[Path, ...]:
    """Return the files of ncsnr, one a part; none where one of them is missing."""
    surface = tuple(tree.hemisphere_files("ncsnr.mgh").values())
    files = surface if tree.is_surface else (tree.betas_folder / "ncsnr.nii.gz",)
    return files if all(path.exists() for path in files) else ()


def read_map(path: Path, n_positions: int) -> npt.NDArray[np.float32]:
    """Read a map, flat with x running fastest.

    Raises
    ------
    InputError
        If it cannot be read or has another size than the betas.
    """
    values: npt.NDArray[Any] = read_volume(path).values
    fix = "check that map and betas are of one subject and space"
    check_length(printable(path.name), values.size, n_positions, unit="positions", fix=fix)
    return values.reshape(-1, order="F").astype(np.float32)


def find_valid(tree: NsdTree, session: int) -> Path | None:
    """Return the mask of a session's valid voxels, where there is one."""
    path = tree.volume_folder / f"valid_session{session:02d}.nii.gz"
    return path if path.exists() else None
