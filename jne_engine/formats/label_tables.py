"""Names of NSD's region labels: built in, and as FreeSurfer's ``.ctab`` files give them.

References
----------
Allen et al. (2022), Nat. Neurosci. 25, 116-126; Wang et al. (2015), Cereb. Cortex 25, 3911-3931
(Kastner2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jne_engine.formats.annotations import read_ctab

_VISUAL: Final = ("V1v", "V1d", "V2v", "V2d", "V3v", "V3d", "hV4")

LABEL_NAMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "prf-visualrois": _VISUAL,
        "floc-faces": ("OFA", "FFA-1", "FFA-2", "mTL-faces", "aTL-faces"),
        "floc-bodies": ("EBA", "FBA-1", "FBA-2", "mTL-bodies"),
        "floc-places": ("OPA", "PPA", "RSC"),
        "floc-words": ("OWFA", "VWFA-1", "VWFA-2", "mfs-words", "mTL-words"),
        "streams": (
            "early", "midventral", "midlateral", "midparietal", "ventral", "lateral", "parietal",
        ),
        "Kastner2015": (
            *_VISUAL, "VO1", "VO2", "PHC1", "PHC2", "TO2", "TO1", "LO2", "LO1", "V3B", "V3A",
            "IPS0", "IPS1", "IPS2", "IPS3", "IPS4", "IPS5", "SPL1", "FEF",
        ),
    }
)  # fmt: skip
"""Name of label 1, 2, … of each collection; 0 is no label."""


def builtin_names(atlas: str) -> dict[int, str]:
    """Return the built-in name of each label of a collection, none where it is unknown."""
    return dict(enumerate(LABEL_NAMES.get(atlas, ()), start=1))


def read_label_names(path: str | Path) -> dict[int, str]:
    """Read a collection's label names from its ``.ctab``.

    Returns
    -------
    dict of int to str
        Labels above 0, ascending. The ``L_`` and ``_ROI`` around HCP-MMP names are taken away.

    Raises
    ------
    InputError
        If a line is not a number and a name, or a number repeats.
    """
    names = read_ctab(path)
    return {number: _plain_name(names[number]) for number in sorted(names) if number > 0}


def _plain_name(label: str) -> str:
    """Return an HCP-MMP name without hemisphere and ending; others as they are."""
    if label.startswith(("L_", "R_")) and label.endswith("_ROI"):
        return label[2:].removesuffix("_ROI")
    return label
