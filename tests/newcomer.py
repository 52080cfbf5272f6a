"""What a newcomer brings: a table of features, a folder of pictures, a pair of surface maps."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from jne_engine.cortex.names import VERTICES
from tests.engine.extraction.pictures import write_folder

N = 100
N_VERTICES = VERTICES["fsaverage3"]


def write_newcomer(
    folder: Path, *, features: bool = True, offset: float = 2.0, signal: float = 1.0
) -> Path:
    """Write ``features.csv``, 100 pictures and ``.func.gii`` of both hemispheres.

    Responses are linear in the features, with an offset, as percent signal change has one;
    without a ``signal`` fits end after a few epochs.
    """
    rng = np.random.default_rng(0)
    write_folder(folder / "pictures", [f"{i + 1}.png" for i in range(N)])
    x = rng.standard_normal((N, 5))
    if features:
        np.savetxt(folder / "features.csv", x, delimiter=",", fmt="%.6f")
    for side, structure in (("lh", "CortexLeft"), ("rh", "CortexRight")):
        y = offset + signal * x @ rng.standard_normal((5, N_VERTICES))
        y += 0.5 * rng.standard_normal(y.shape)
        meta = nib.gifti.GiftiMetaData({"AnatomicalStructurePrimary": structure})
        arrays = [
            nib.gifti.GiftiDataArray(row.astype("f4"), intent="NIFTI_INTENT_NONE") for row in y
        ]
        nib.save(nib.gifti.GiftiImage(darrays=arrays, meta=meta), folder / f"{side}.func.gii")
    return folder
