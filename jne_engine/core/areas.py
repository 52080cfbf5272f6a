"""The paper's ten areas: what each is called, its tier and its colour, here and nowhere else."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple


class Area(NamedTuple):
    """One area of visual cortex.

    Parameters
    ----------
    name : str
        What people read, and the key of its ROI.
    tier : {"primary", "intermediate", "higher"}
        Its level in the hierarchy (arXiv 2510.13688, section 4.3).
    colour : str
        Its colour wherever it is drawn.
    """

    name: str
    tier: Literal["primary", "intermediate", "higher"]
    colour: str


WHOLE_BRAIN: Final = "Whole brain"
"""What stands before the areas wherever they are listed."""
FFA: Final = "FFA"
"""What the paper calls both parts of the fusiform face area together."""
V1: Final = Area("V1", "primary", "#332288")
V2: Final = Area("V2", "intermediate", "#4477aa")
V3: Final = Area("V3", "intermediate", "#88ccee")
V4: Final = Area("V4", "intermediate", "#44aa99")
EBA: Final = Area("EBA", "higher", "#117733")
PPA: Final = Area("PPA", "higher", "#999933")
RSC: Final = Area("RSC", "higher", "#ddcc77")
OPA: Final = Area("OPA", "higher", "#cc6677")
FFA_1: Final = Area(f"{FFA}-1", "higher", "#882255")
FFA_2: Final = Area(f"{FFA}-2", "higher", "#aa4499")
AREAS: Final = (V1, V2, V3, V4, EBA, PPA, RSC, OPA, FFA_1, FFA_2)
"""Lowest of the hierarchy first."""
