"""From two arrays to a stored run, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd

from jne_engine.core.bars import StageBars
from jne_engine.core.devices import Device
from jne_engine.cortex.spaces import Tier
from jne_engine.datasets.arrays.memory import ArrayPlaces, build_dataset
from jne_engine.model.spec import RunSpec
from jne_engine.report.notebook.stored import StoredRun
from jne_engine.runs.folder import find_root
from jne_engine.runs.pipeline import compute_run


def fit(
    features: npt.ArrayLike,
    responses: npt.ArrayLike,
    *,
    surface: str | None = None,
    vertices: Mapping[str, npt.ArrayLike] | None = None,
    mask_img: Any = None,
    rois: Mapping[str, npt.ArrayLike] | None = None,
    tiers: Mapping[str, Tier] | None = None,
    stimuli: pd.DataFrame | None = None,
    splits: Mapping[str, npt.ArrayLike] | None = None,
    groups: Sequence[object] | None = None,
    name: str = "arrays",
    subject: str = "subject",
    feature_set: str = "features",
    simulated: bool = False,
    out: str | Path | None = None,
    progress: bool = True,
    device: Device = "auto",
    **choices: Any,
) -> StoredRun:
    """Fit both encoders, score them, disperse Jacobians, and say which voxels are nonlinear.

    The run is stored below ``out``, where the dashboard finds it; the same call returns it at
    once the next time, and goes on where it was interrupted.

    Parameters
    ----------
    features : array, shape (n_stimuli, n_features)
        One row a stimulus, all finite.
    responses : array, shape (n_stimuli, n_voxels)
        In the same order. Columns with NaN or without variance are NaN in every result.
    surface, vertices, mask_img, rois, tiers
        Where the columns lie, and which regions they form: ``surface="fsaverage5"`` for all
        vertices, left and then right; ``vertices={"left": ..., "right": ...}`` for some;
        ``mask_img``, a nibabel image, for voxels as nilearn's maskers order them, ``surface``
        naming the template to show them on; ``rois={"V1": mask, ...}``, lowest first, and
        ``tiers={"V1": "primary", ...}``, of primary, intermediate and higher.
    stimuli : pandas.DataFrame, optional
        One row a stimulus: its index holds ids, each column is one way of naming categories.
    splits : mapping, optional
        Rows of ``"train"``, ``"validation"`` and ``"test"``; by default 80, 10 and 10 % drawn by
        seed 0, equal stimuli kept together.
    groups : sequence, optional
        Run or session of each row, whose rows stay in one split.
    name, subject, feature_set : str
        What the data are called.
    simulated : bool
        True for made-up data: every page and export then says SIMULATED.
    out : str or pathlib.Path, optional
        Folder of runs; ``$JNE_RUNS`` by default, else ``runs``.
    progress : bool
        Show a bar a stage.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute; see :func:`~jne_engine.core.devices.find_device`.
    **choices
        Fields of :class:`~jne_engine.model.spec.RunSpec`: ``n_hidden``, ``activation``,
        ``seed``, ``standardise``, ...

    Returns
    -------
    StoredRun

    Raises
    ------
    InputError
        If the arrays do not fit each other or a choice cannot be; one line says what to do.
    StoreError
        If the disk is full or not writable.
    """
    places = ArrayPlaces(surface=surface, vertices=vertices, mask_img=mask_img, rois=rois or {},
                         tiers=tiers or {})  # fmt: skip
    dataset = build_dataset(
        features,
        responses,
        name=name,
        subject=subject,
        splits=splits,
        groups=groups,
        stimuli=stimuli,
        places=places,
        feature_set=feature_set,
        simulated=simulated,
    )
    root = find_root() if out is None else Path(out)
    with StageBars(lambda _: "steps", quiet=not progress) as report:
        spec = RunSpec(**choices)
        return StoredRun(compute_run(dataset, spec, root, report=report, device=device))
