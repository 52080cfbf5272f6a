"""The simulated subject: made-up pictures, made-up responses, and the truth about them.

Everything is SIMULATED. Pictures of ten categories are drawn, filtered into Gabor features,
and turned into responses of visual cortex on both hemispheres whose nonlinear share is known
and rises from V1 to the category-selective areas, whose nonlinearity only pictures of a
preferred category open.

A subject may be looked at through any of the Gabor layers. Responses are always made of layer 0
(local energy), so the planted share is the truth relative to layer 0 alone. Seen from another
layer, the same response is another function: part of it is lost, for that layer does not say
where things are, and part that was linear is not. What is planted is therefore kept with layer
0 only; a low R² tells where JNE of another layer says little about the response.

Axes: s stimulus, v voxel (a vertex of fs_LR 32k), r repeat.
"""

from __future__ import annotations

import functools
import hashlib
from types import MappingProxyType

import numpy as np

from jne_engine.core.arrays import Float32Array
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.cortex.rois import HCP_MMP, build_surface_roi_set
from jne_engine.cortex.spaces import RoiSet
from jne_engine.cortex.surfaces import load_hcp_mmp
from jne_engine.datasets.dataset import (
    EncodingDataset,
    GroundTruth,
    InputRecord,
    Provenance,
    Splits,
)
from jne_engine.features.gabor_layers import GABOR_LAYERS
from jne_engine.simulations.subject.cortex import Cortex, choose_vertices
from jne_engine.simulations.subject.recipe import (
    GATED_CATEGORIES,
    Planting,
    Recipe,
    draw_recipe,
    name_preferences,
)
from jne_engine.simulations.subject.signal import SignalBank, build_signal_bank, mix_signal
from jne_engine.simulations.subject.stimuli import (
    SimulatedStimuli,
    carry_over,
    simulate_stimuli,
)

__all__ = ["SimulatedStimuli", "Splits", "simulate_stimuli", "simulate_subject"]


SURFACE = "fsLR32k"
N_REPEATS = 3
"""Presentations of every stimulus."""
VOXEL_BLOCK = 1024
"""Voxels simulated at once; bounds memory."""


def simulate_subject(
    seed: int = 0,
    *,
    stimuli: SimulatedStimuli | None = None,
    n_stimuli: int = 3000,
    n_test: int = 600,
    n_vertices: int | None = None,
    subject: str = "S1",
    layer: int = 0,
    planting: Planting = "areas",
    ceiling: float | None = None,
    progress: Progress = ignore_progress,
) -> EncodingDataset:
    """Simulate one subject whose nonlinearity is known.

    Parameters
    ----------
    seed : int
        The subject's seed: mixing weights, shares and noise. Pictures and nonlinear units
        depend on the stimuli's seed, so subjects differ as people do who see the same pictures.
    stimuli : SimulatedStimuli, optional
        Pictures to show; drawn with seed 0 by default. Pass the same ones for every subject.
    n_stimuli, n_test : int
        Sizes of the pictures drawn where none are passed.
    n_vertices : int, optional
        Keep about this many vertices, the middle of every area, for small tests; all by default.
    subject : str
        Name shown to people.
    layer : int
        Which of :data:`~jne_engine.features.gabor_layers.GABOR_LAYERS` to give as features;
        responses are the same for each.
    planting : str
        Which nonlinear shares: one of :data:`~jne_engine.simulations.subject.recipe.PLANTINGS`.
    ceiling : float, optional
        Explainable fraction of the variance of the mean response, the same for all voxels; drawn
        for each by default.
    progress : callable, optional
        Called as ``progress(pictures drawn, n_stimuli)``.

    Returns
    -------
    EncodingDataset
        With ``test_repeats``, the ROI set ``"hcp-mmp"`` and, for layer 0, ``ground_truth``. At full
        size
        3000 pictures, 492 features and 10,067 vertices take about 0.35 GB.

    Raises
    ------
    InputError
        If sizes do not fit each other, or there is no such layer.
    """
    shown = stimuli or simulate_stimuli(n_stimuli=n_stimuli, n_test=n_test, progress=progress)
    atlas = load_hcp_mmp(SURFACE)
    space = choose_vertices(atlas, n_vertices)
    rois = build_surface_roi_set(HCP_MMP.name, space, atlas)
    bank = build_signal_bank(
        shown.features,
        shown.categories,
        GATED_CATEGORIES,
        shown.splits.train,
        np.random.default_rng((shown.seed, 2)),
    )
    rng = np.random.default_rng((seed, 3))
    recipe = draw_recipe(
        bank, rois, Cortex(space), rng, n_repeats=N_REPEATS, planting=planting, ceiling=ceiling
    )
    responses, repeats = _present(bank, recipe, shown, rng)
    return EncodingDataset(
        name="Simulated subject",
        subject=subject,
        features=shown.layer(layer),
        responses=responses,
        splits=shown.splits,
        stimuli=shown.stimuli,
        provenance=_describe(shown, bank, seed, layer, planting=planting, ceiling=ceiling),
        space=space,
        roi_sets=MappingProxyType({rois.preset: rois}),
        test_repeats=repeats,
        ground_truth=_keep_truth(recipe, rois) if layer == 0 else None,
        feature_set="gabor",
        layer=layer,
    )


def _keep_truth(recipe: Recipe, rois: RoiSet) -> GroundTruth:
    """Return what was planted, which is relative to layer 0."""
    return GroundTruth(
        nonlinear_share=recipe.share.astype(np.float32),
        signal_to_noise=recipe.signal_to_noise.astype(np.float32),
        preferred_category=name_preferences(rois),
    )


def _present(
    bank: SignalBank, recipe: Recipe, shown: SimulatedStimuli, rng: np.random.Generator
) -> tuple[Float32Array, Float32Array]:
    """Present every stimulus to every voxel, block by block of voxels.

    Returns
    -------
    responses : numpy.ndarray of float32, shape (n_stimuli, n_voxels)
        Means over presentations, z-scored over training stimuli.
    repeats : numpy.ndarray of float32, shape (n_repeats, n_test, n_voxels)
        Presentations of the test stimuli, each z-scored.
    """
    n_voxels, splits = recipe.share.size, shown.splits
    add_noise = functools.partial(_add_noise, rng=rng, autocorrelation=shown.autocorrelation)
    responses = np.empty((len(bank.linear), n_voxels), dtype=np.float32)
    repeats = np.empty((recipe.n_repeats, splits.test.size, n_voxels), dtype=np.float32)
    for start in range(0, n_voxels, VOXEL_BLOCK):
        block = slice(start, start + VOXEL_BLOCK)
        weights = recipe.linear[:, block], recipe.units[:, block]
        signal = mix_signal(bank, *weights, recipe.share[block])
        noise = (1 / np.sqrt(recipe.signal_to_noise[block])).astype(np.float32)
        single = add_noise(signal[splits.test], noise, n_repeats=recipe.n_repeats)
        # Where single presentations are not kept, their mean has a third of the noise variance.
        mean = add_noise(signal, noise / np.float32(np.sqrt(recipe.n_repeats)))[0]
        mean[splits.test] = single.mean(axis=0)
        fitted = mean[splits.train]
        responses[:, block] = (mean - fitted.mean(axis=0)) / fitted.std(axis=0)
        single -= single.mean(axis=1, keepdims=True)
        repeats[:, :, block] = single / single.std(axis=1, keepdims=True)
    return responses, repeats


def _add_noise(
    signal: Float32Array,
    noise: Float32Array,
    *,
    rng: np.random.Generator,
    autocorrelation: float,
    n_repeats: int = 1,
) -> Float32Array:
    """Return noisy copies of a signal, (n_repeats, n_stimuli, n_voxels)."""
    noisy = rng.standard_normal((n_repeats, *signal.shape), dtype=np.float32)
    noisy = carry_over(noisy, autocorrelation, axis=1)
    noisy *= noise
    noisy += signal
    return noisy


def _describe(
    shown: SimulatedStimuli,
    bank: SignalBank,
    seed: int,
    layer: int,
    *,
    planting: Planting,
    ceiling: float | None,
) -> Provenance:
    text = f"simulated subject, stimulus seed {shown.seed}, subject seed {seed}"
    if shown.autocorrelation:
        text += f", autocorrelation {shown.autocorrelation:g}"
    text += "" if planting == "areas" else f", nonlinear shares {planting}"
    text += "" if ceiling is None else f", noise ceiling {ceiling:g}"
    notes = [
        f"Pictures of {len(set(shown.categories))} categories, drawn; Gabor features, layer "
        f"{layer}: {GABOR_LAYERS[layer]}.",
        "Nonlinear share: of the signal's variance over these stimuli, what no linear map of "
        f"the {bank.n_directions} leading directions of the features of layer 0 explains."
        + (" It is no truth about other layers, and is not kept with them." if layer else ""),
        "Responses: mean of three noisy presentations, z-scored over training stimuli.",
    ]
    digest = hashlib.sha256(shown.features.tobytes() + text.encode()).hexdigest()
    source = "SIMULATED: drawn pictures and planted responses, no measurement of any brain"
    return Provenance(
        source, simulated=True, inputs=(InputRecord(text, digest),), notes=tuple(notes)
    )
