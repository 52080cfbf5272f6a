"""Random generators of their own, never the global one."""

from __future__ import annotations

import numpy as np
import torch


def make_generator(*key: int) -> torch.Generator:
    """Return a generator that depends on the whole key, unrelated to that of any other key.

    Examples
    --------
    >>> a, b = make_generator(0, 1), make_generator(0, 1)
    >>> bool((torch.rand(3, generator=a) == torch.rand(3, generator=b)).all())
    True
    """
    state = np.random.SeedSequence(key).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]))
