"""The paper's claims: what each says, and the limit that decides it and is shown.

References
----------
Gao et al. (2025), arXiv 2510.13688, experiments II to IV and appendix A.9.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from jne_engine.model.measures import JNE_UNIT, R2_UNIT

_EXCEEDS = "P(a voxel exceeds)"
_INDEX = "selectivity index"
_SIGNED = (-1.0, 1.0)


@dataclass(frozen=True)
class Claim:
    """One statement, and where its evidence is seen.

    Parameters
    ----------
    name, statement : str
        Key; what is claimed, in one sentence.
    measure, unit, of : str
        What the number is; its unit, empty for none; what n counts.
    limit : float
        The value that it is held against.
    paper : str
        What the paper reports; empty where it says nothing.
    page : str
        The dashboard's page that shows it.
    address : mapping of str to str
        Choices of that page.
    span : tuple of float
        The values between which the number is drawn; those that it can take where it is bounded.
    """

    name: str
    statement: str
    measure: str
    unit: str
    of: str
    limit: float
    paper: str
    page: str
    address: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    span: tuple[float, float] = (0.0, 1.0)


CLAIMS: tuple[Claim, ...] = (
    Claim("rises", "JNE rises from primary over intermediate to higher-order areas.",
          "P(later tier exceeds earlier)", "", "voxels", 0.5, "rises, p < 0.05", "hierarchy",
          {"map": "jne", "by": "tier"}),
    Claim("rises-matched", "JNE rises among voxels of equal R² too.",
          "P(later tier exceeds earlier)", "", "voxels", 0.5, "", "hierarchy",
          {"map": "jne", "by": "tier", "matched": "yes"}),
    Claim("subjects", "JNE rises at each step over subjects.",
          "smaller step of the tiers' means", JNE_UNIT, "subjects", 0.0, "in S1, S2, S5 and S7",
          "hierarchy", {"map": "jne", "by": "tier"}, _SIGNED),
    Claim("spin", "JNE's rise beats a spin-test null.",
          "P(later tier exceeds earlier)", "", "rotations", 0.5, "", "hierarchy",
          {"map": "jne", "by": "tier"}),
    Claim("v1-lowest", "V1 is the least nonlinear ROI.",
          _EXCEEDS, "", "voxels of the weakest pair", 0.5, "lowest of ten", "hierarchy",
          {"map": "jne", "by": "roi"}),
    Claim("highest", "EBA, PPA and FFA are among the most nonlinear: above V1 to V4.",
          _EXCEEDS, "", "voxels of the weakest pair", 0.5, "among the highest", "hierarchy",
          {"map": "jne", "by": "roi"}),
    Claim("outdoor", "PPA and RSC are most nonlinear for outdoor scenes.",
          _INDEX, "", "stimuli of the kind", 0.0, "outdoor scenes lead", "selectivity",
          span=_SIGNED),
    Claim("scenes-opa", "OPA is most nonlinear for scenes, indoor or outdoor.",
          _INDEX, "", "stimuli of the kind", 0.0, "", "selectivity",
          span=_SIGNED),
    Claim("faces", "FFA is most nonlinear for faces.",
          _INDEX, "", "stimuli of the kind", 0.0, "faces and people lead", "selectivity",
          span=_SIGNED),
    Claim("bodies", "EBA is most nonlinear for bodies or people.",
          _INDEX, "", "stimuli of the kind", 0.0, "faces and people lead", "selectivity",
          span=_SIGNED),
    Claim("r2-agree", "Linear and nonlinear R² agree, also in each ROI: r ≥ 0.8.",
          "smallest r", "", "voxels", 0.8, "smallest r = 0.82 (S1, V1)", "models", {"pair": "r2"}),
    Claim("predicts", "The nonlinear encoder predicts at least as well.",
          "mean ΔR²", R2_UNIT, "valid voxels", -0.01, "at least as well", "models",
          {"pair": "delta"}, (-0.2, 0.2)),
    Claim("l1-l2", "JNE by L1 and by L2 agree: r rounds to 1.00.",
          "r", "", "voxels", 0.995, "r = 1.00 (S1)", "validation", {"check": "variants"}),
    Claim("zscored", "JNE of z-scored and of raw Jacobians agree: r ≥ 0.90.",
          "smaller r", "", "voxels", 0.9, "r ≥ 0.90 (S1)", "validation", {"check": "variants"}),
    Claim("follows-truth", "JNE follows the planted nonlinear share: r ≥ 0.7.",
          "r", "", "voxels", 0.7, "", "overview"),
    Claim("gating", "The category that opens each voxel comes first: agreement ≥ 0.8.",
          "share of other categories below", "", "voxels", 0.8, "", "selectivity"),
)  # fmt: skip
"""The claims in the order in which they are shown; the last two are about SIMULATED data."""

LIMITS: Mapping[str, float] = MappingProxyType({claim.name: claim.limit for claim in CLAIMS})
"""The limit of each claim by its name.

0.5 is the probability that one voxel exceeds another where nothing differs. ``r2-agree``: the
paper's smallest r is 0.82. ``predicts``: a loss of mean R² of 0.01 still counts as predicting as
well. ``l1-l2``: the r that rounds to the paper's 1.00. ``follows-truth``: half of the planted
share's variance. ``gating``: mean agreement of the planted category's rank; chance is 0.5.
"""
