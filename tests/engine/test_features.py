"""Gabor features against a slow float64 loop, and what they must and must not notice."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from jne_engine.core.errors import InputError
from jne_engine.features.gabor import CHANNELS, describe_gabor_features, extract_gabor_features

SIZE = 64
RNG = np.random.default_rng(0)


def random_images(n: int, size: int = SIZE) -> np.ndarray:
    return RNG.integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def grating(frequency: float, orientation: float, phase: float) -> np.ndarray:
    """Return a full-contrast grey grating; orientation in degrees, frequency in cycles a width."""
    ramp = (np.arange(SIZE) + 0.5) / SIZE
    x, y = np.meshgrid(ramp, ramp)
    angle = np.radians(orientation)
    wave = np.cos(2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle)) + phase)
    return np.repeat((127.5 + 100 * wave).astype(np.uint8)[..., None], 3, axis=2)


def slow_feature(image: np.ndarray, row) -> float:
    """Return one feature of one 64-pixel picture by plain loops."""
    weights = CHANNELS[row.channel]
    sums = dict.fromkeys(("window", "cos", "sin", "cos2", "sin2"), 0.0)
    pixels = []
    for i in range(SIZE):
        for j in range(SIZE):
            dx, dy = (j + 0.5) / SIZE - row.x, (i + 0.5) / SIZE - row.y
            window = math.exp(-(dx * dx + dy * dy) / (2 * row.window**2))
            angle = math.radians(row.orientation) if row.frequency else 0.0
            phase = 2 * math.pi * row.frequency * (dx * math.cos(angle) + dy * math.sin(angle))
            value = sum(w * float(c) / 255 for w, c in zip(weights, image[i, j], strict=True))
            pixels.append((window, window * math.cos(phase), window * math.sin(phase), value))
            sums["window"] += window
            sums["cos"] += window * math.cos(phase)
            sums["sin"] += window * math.sin(phase)
    if row.frequency == 0:
        return sum(w * value for w, _, _, value in pixels) / sums["window"]
    answers, norms = [0.0, 0.0], [0.0, 0.0]
    for window, cos, sin, value in pixels:
        for k, (wave, total) in enumerate(((cos, sums["cos"]), (sin, sums["sin"]))):
            balanced = wave - window * total / sums["window"]
            answers[k] += balanced * value
            norms[k] += balanced**2
    return math.hypot(*(a / math.sqrt(n) for a, n in zip(answers, norms, strict=True)))


def test_features_match_a_slow_loop():
    image = random_images(1)[0]
    table = describe_gabor_features()
    features = extract_gabor_features(image[None])[0]
    for i in range(0, len(table), 23):
        assert features[i] == pytest.approx(slow_feature(image, table.iloc[i]), rel=2e-4, abs=2e-5)


def test_there_is_one_description_a_feature():
    table = describe_gabor_features()
    assert extract_gabor_features(random_images(2)).shape == (2, len(table))
    assert 256 <= len(table) <= 768
    assert not table.duplicated().any()
    table["x"] = 0.0
    assert describe_gabor_features()["x"].min() > 0


def central(channel: str, frequency: float) -> np.ndarray:
    """Return which features of a channel and frequency lie well inside the picture."""
    table = describe_gabor_features()
    inside = ((table[["x", "y"]] - 0.5).abs().max(axis=1) + 2.5 * table["window"]) < 0.5
    return (inside & (table["channel"] == channel) & (table["frequency"] == frequency)).to_numpy()


def test_amplitude_does_not_depend_on_phase():
    best = central("luminance", 8) & (describe_gabor_features()["orientation"] == 45).to_numpy()
    phases = np.linspace(0, 2 * np.pi, 9)
    features = extract_gabor_features(np.stack([grating(8, 45, p) for p in phases]))[:, best]
    assert (np.ptp(features, axis=0) < 0.06 * features.mean(axis=0)).all()


@pytest.mark.parametrize("orientation", [0, 45, 90, 135])
def test_the_matching_orientation_and_frequency_answer_most(orientation):
    features = extract_gabor_features(grating(8, orientation, 0.3)[None])[0]
    table = describe_gabor_features()
    here = table["frequency"].to_numpy() > 0
    mean = (
        table.assign(answer=features)[here].groupby(["frequency", "orientation"])["answer"].mean()
    )
    assert mean.idxmax() == (8, orientation)


def test_grey_pictures_leave_colour_and_flat_ones_leave_contrast_silent():
    table = describe_gabor_features()
    colour = (table["channel"] != "luminance").to_numpy()
    contrast = (table["frequency"] > 0).to_numpy()
    assert np.abs(extract_gabor_features(grating(4, 0, 0)[None])[0, colour]).max() < 1e-4
    flat = np.full((1, SIZE, SIZE, 3), (200, 40, 90), dtype=np.uint8)
    features = extract_gabor_features(flat)[0]
    assert features[contrast].max() < 1e-3
    means = table.assign(value=features)[~contrast].groupby("channel")["value"].mean()
    for channel, weights in CHANNELS.items():
        assert means[channel] == pytest.approx(np.dot(weights, (200, 40, 90)) / 255, abs=1e-3)


def test_batches_change_nothing_and_progress_ends_at_the_total():
    images, calls = random_images(7), []
    whole = extract_gabor_features(images)
    parts = extract_gabor_features(images, batch_size=3, progress=lambda *c: calls.append(c))
    np.testing.assert_allclose(parts, whole, rtol=1e-4, atol=1e-5)
    assert calls == [(3, 7), (6, 7), (7, 7)]


def test_larger_pictures_are_reduced_by_area():
    image = random_images(1, 128)
    small = np.asarray(Image.fromarray(image[0]).resize((SIZE, SIZE), Image.Resampling.BOX))
    expected = extract_gabor_features(small[None])
    np.testing.assert_allclose(extract_gabor_features(image), expected, atol=0.02)


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 8, 8), np.uint8), np.zeros((2, 8, 8, 3)), np.zeros((2, 8, 8, 4), np.uint8)],
)
def test_only_rgb_pictures_are_taken(images):
    with pytest.raises(InputError, match="images: expected"):
        extract_gabor_features(images)
