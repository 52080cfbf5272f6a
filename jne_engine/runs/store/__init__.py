"""Runs on disk: written once, stage by stage, and complete or refused.

A run is a folder named after its key::

    <root>/<run id>/
        dataset/     what pages need of the dataset: space, ROIs, test stimuli, truth
        linear/ …    one folder a finished stage: arrays.zarr, *.parquet, *.safetensors
        run.json     the manifest, written last; without it the folder is not a run

A stage is written under a hidden name, fsynced, then renamed, so a folder with a
stage's name is a whole stage. Nothing is pickled. Arrays carry a checksum a chunk,
every other file a SHA-256 in the manifest; both are verified when read.
"""

from jne_engine.runs.folder import MANIFEST
from jne_engine.runs.store.contents import (
    has_projection,
    name_features,
    read_anatomy,
    read_features,
    read_projection,
    read_roi_sets,
    read_scaling,
    read_space,
    read_stimuli,
    read_truth,
    read_unit,
    write_dataset,
    write_scaling,
)
from jne_engine.runs.store.manifest import Manifest, compute_run_key
from jne_engine.runs.store.runs import Run, RunFolder, find_runs, find_unfinished, open_run
from jne_engine.runs.store.stages import CHUNK_STIMULI, CHUNK_VOXELS, StageReader, StageWriter

__all__ = [
    "CHUNK_STIMULI",
    "CHUNK_VOXELS",
    "MANIFEST",
    "Manifest",
    "Run",
    "RunFolder",
    "StageReader",
    "StageWriter",
    "compute_run_key",
    "find_runs",
    "find_unfinished",
    "has_projection",
    "name_features",
    "open_run",
    "read_anatomy",
    "read_features",
    "read_projection",
    "read_roi_sets",
    "read_scaling",
    "read_space",
    "read_stimuli",
    "read_truth",
    "read_unit",
    "write_dataset",
    "write_scaling",
]
