"""The child that computes live simulations; importing it imports torch, and that takes seconds."""

from __future__ import annotations

import pickle

import torch

from jne_engine.simulations.catalogue import LIVE, SIMULATIONS
from jne_engine.simulations.live import simulate_live

torch.set_num_threads(1)
for _live in LIVE:
    SIMULATIONS[_live].find()


def answer(request: bytes) -> bytes:
    """Compute the simulation of a name and its settings, both ways pickled."""
    name, settings = pickle.loads(request)  # noqa: S301 - written by our own parent
    return pickle.dumps(simulate_live(name, settings))
