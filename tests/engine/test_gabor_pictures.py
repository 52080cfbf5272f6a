"""A drawn filter is the one that the feature measures."""

import math

import numpy as np
import pytest

from jne_engine.features.gabor import describe_gabor_features, extract_gabor_features
from jne_engine.features.gabor_pictures import draw_filter, has_filters, name_filter

TABLE = describe_gabor_features()


@pytest.mark.parametrize("column", [3, 40, 150, 300, 420, 440, 470, 491])
def test_a_pixel_is_the_filter_there(column):
    row, picture = TABLE.iloc[column], draw_filter(column)
    assert picture.shape == (64, 64, 3)
    signal = np.array([[value_at(row, (x + 0.5) / 64, (y + 0.5) / 64) for x in range(64)]
                       for y in range(64)])  # fmt: skip
    if row["frequency"]:
        window = np.array([[window_at(row, (x + 0.5) / 64, (y + 0.5) / 64) for x in range(64)]
                           for y in range(64)])  # fmt: skip
        signal -= window * signal.sum() / window.sum()
    signal /= np.abs(signal).max()
    colours = {"luminance": (1, 1, 1), "red-green": (1, -1, 0), "blue-yellow": (-0.5, -0.5, 1)}
    for i, weight in enumerate(colours[row["channel"]]):
        np.testing.assert_allclose(picture[:, :, i], 127.5 + 127.5 * weight * signal, atol=0.6)


def window_at(row, x, y):
    return math.exp(-((x - row["x"]) ** 2 + (y - row["y"]) ** 2) / (2 * row["window"] ** 2))


def value_at(row, x, y):
    if not row["frequency"]:
        return window_at(row, x, y)
    angle = math.radians(row["orientation"])
    along = (x - row["x"]) * math.cos(angle) + (y - row["y"]) * math.sin(angle)
    return window_at(row, x, y) * math.cos(2 * math.pi * row["frequency"] * along)


@pytest.mark.parametrize("column", [0, 30, 130, 280, 410])
def test_no_feature_of_its_kind_answers_more_to_a_drawn_filter(column):
    row = TABLE.iloc[column]
    kind = (TABLE["channel"] == row["channel"]) & (TABLE["frequency"] == row["frequency"])
    answers = extract_gabor_features(draw_filter(column)[None])[0]
    assert np.flatnonzero(kind)[answers[kind].argmax()] == column


def test_names_and_where_there_are_filters():
    assert name_filter(0) == "2c 0°"
    assert name_filter(int(TABLE.index[TABLE["channel"] == "red-green"][0])) == "4c 0° red-green"
    assert name_filter(len(TABLE) - 1) == "mean blue-yellow"
    assert has_filters("gabor", 0, len(TABLE))
    assert not has_filters("gabor", 1, 108)
    assert not has_filters("clip-vit-b32", 0, len(TABLE))
