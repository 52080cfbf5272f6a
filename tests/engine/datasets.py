"""Small random datasets for tests of the pipeline and the store."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jne_engine.cortex.spaces import RoiSet, SurfaceSpace
from jne_engine.datasets.dataset import (
    EncodingDataset,
    GroundTruth,
    InputRecord,
    Provenance,
    Splits,
    StimulusTable,
)


def make_dataset(n_stimuli: int = 120, n_voxels: int = 30, seed: int = 0, **changes):
    """Draw a dataset whose last voxels are driven by squares of the features."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n_stimuli, 8)).astype(np.float32)
    share = np.linspace(0, 1, n_voxels)
    linear = features @ rng.standard_normal((8, n_voxels))
    curved = np.abs(features) @ rng.standard_normal((8, n_voxels))
    signal = (1 - share) * linear + share * curved
    responses = (signal + 0.3 * rng.standard_normal(signal.shape)).astype(np.float32)
    order = rng.permutation(n_stimuli)
    test = np.sort(order[: n_stimuli // 4])
    categories = np.array(["faces", "scenes", "text"])[np.arange(n_stimuli) % 3]
    table = pd.DataFrame(
        {"category": categories}, index=[f"stimulus-{i}" for i in range(n_stimuli)]
    )
    half = n_voxels // 2
    masks = np.zeros((2, n_voxels), dtype=bool)
    masks[0, :half], masks[1, half:] = True, True
    parts = {
        "name": "Test data",
        "subject": "T1",
        "features": features,
        "responses": responses,
        "splits": Splits(order[n_stimuli // 2 :], order[n_stimuli // 4 : n_stimuli // 2], test),
        "stimuli": StimulusTable(
            table, rng.integers(0, 255, (n_stimuli, 4, 4, 3)).astype(np.uint8)
        ),
        "provenance": Provenance("Drawn for a test", True, (InputRecord("seed", "0" * 64),)),
        "space": SurfaceSpace("fsaverage5", np.arange(half), np.arange(n_voxels - half)),
        "roi_sets": {
            "halves": RoiSet("halves", "drawn", ("V1", "FFA-1"), ("primary", "higher"), masks)
        },
        "test_repeats": rng.standard_normal((3, test.size, n_voxels)).astype(np.float32),
        "ground_truth": GroundTruth(
            share.astype(np.float32),
            np.ones(n_voxels, dtype=np.float32),
            tuple("" for _ in range(n_voxels)),
        ),
    }
    return EncodingDataset(**(parts | changes))
