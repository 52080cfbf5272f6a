"""A figure of a dark page and the same of a light one differ in their inks only."""

from __future__ import annotations

import json
from dataclasses import astuple

from jne_engine.report.figures.template import DARK, LIGHT, lighten_figure


def check_inks(light, dark):
    """Turn each figure into the other one, as pins and decks do."""
    assert json.loads(lighten_figure(dark.to_json())) == json.loads(light.to_json())
    darkened = light.to_json()
    for bright, deep in zip(astuple(LIGHT), astuple(DARK), strict=True):
        darkened = darkened.replace(bright, deep)
    assert json.loads(darkened) == json.loads(dark.to_json())
