"""Gabor features as pictures: the filter that each column measures, at its place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jne_engine.features.gabor import CHANNELS, PIXELS, describe_gabor_features, filter_feature


def has_filters(feature_set: str, layer: int, n_features: int) -> bool:
    """Tell whether features are local energy, each column of which is a filter of the pyramid."""
    return feature_set == "gabor" and layer == 0 and n_features == len(describe_gabor_features())


def draw_filter(column: int) -> npt.NDArray[np.uint8]:
    """Draw the filter of a feature: of a quadrature pair the even one.

    Parameters
    ----------
    column : int
        Of :func:`~jne_engine.features.gabor.describe_gabor_features`.

    Returns
    -------
    numpy.ndarray of uint8, shape (64, 64, 3)
        RGB; grey where the filter is 0, its largest size at full contrast.
    """
    channel = str(describe_gabor_features()["channel"].iloc[column])
    weights = np.ones(3) if channel == "luminance" else np.array(CHANNELS[channel])
    even = filter_feature(column)[0].reshape(PIXELS, PIXELS)
    signal = even[:, :, None] / np.abs(even).max() * (weights / np.abs(weights).max())
    return np.asarray(np.round(127.5 + 127.5 * signal), dtype=np.uint8)


def name_filter(column: int) -> str:
    """Name a feature in a few words: cycles a picture width, orientation, and its colours."""
    row = describe_gabor_features().iloc[column]
    colours = "" if row["channel"] == "luminance" else f" {row['channel']}"
    if not row["frequency"]:
        return f"mean{colours or ' luminance'}"
    return f"{row['frequency']:g}c {row['orientation']:g}°{colours}"
