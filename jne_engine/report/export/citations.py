"""Whom to cite for a run: the method, the data, the features, the atlas and the surface."""

from __future__ import annotations

from jne_engine.analysis.maps import read_surface
from jne_engine.core.citations import Citation, cite
from jne_engine.datasets.nsd.source import NSD
from jne_engine.datasets.registry import list_layouts
from jne_engine.runs.store import Run, read_roi_sets

JNE = cite(
    "inproceedings", "gao2025jne", "the measures JNE and JNE-SS",
    "Gao et al. (2025). Jacobian-Based Interpretation of Nonlinear Neural Encoding Model. NeurIPS."
    " arXiv 2510.13688",
    author="Gao and others",
    title="{Jacobian}-Based Interpretation of Nonlinear Neural Encoding Model",
    booktitle="Advances in Neural Information Processing Systems",
    year="2025", eprint="2510.13688", archiveprefix="arXiv",
)  # fmt: skip
CLIP = cite(
    "inproceedings", "radford2021clip", "the CLIP features",
    "Radford et al. (2021). Learning Transferable Visual Models From Natural Language Supervision."
    " ICML. arXiv 2103.00020",
    author="Radford, Alec and others",
    title="Learning Transferable Visual Models From Natural Language Supervision",
    booktitle="International Conference on Machine Learning", year="2021",
    eprint="2103.00020", archiveprefix="arXiv",
)  # fmt: skip
VIT = cite(
    "inproceedings", "dosovitskiy2021vit", "the ViT features",
    "Dosovitskiy et al. (2021). An Image is Worth 16x16 Words: Transformers for Image Recognition"
    " at Scale. ICLR. arXiv 2010.11929",
    author="Dosovitskiy, Alexey and others",
    title="An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
    booktitle="International Conference on Learning Representations", year="2021",
    eprint="2010.11929", archiveprefix="arXiv",
)  # fmt: skip
ADAMW = cite(
    "inproceedings", "loshchilov2019adamw", "the optimiser AdamW",
    "Loshchilov and Hutter (2019). Decoupled Weight Decay Regularization. ICLR. arXiv 1711.05101",
    author="Loshchilov, Ilya and Hutter, Frank", title="Decoupled Weight Decay Regularization",
    booktitle="International Conference on Learning Representations", year="2019",
    eprint="1711.05101", archiveprefix="arXiv",
)  # fmt: skip
FDR = cite(
    "article", "benjamini1995fdr", "the control of the false discovery rate",
    "Benjamini and Hochberg (1995). Controlling the False Discovery Rate. Journal of the Royal"
    " Statistical Society B 57, 289-300.",
    author="Benjamini, Yoav and Hochberg, Yosef",
    title="Controlling the False Discovery Rate: A Practical and Powerful Approach to Multiple"
    " Testing",
    journal="Journal of the Royal Statistical Society: Series B", volume="57",
    pages="289--300", year="1995",
)  # fmt: skip
HCP_MMP = cite(
    "article", "glasser2016mmp", "the HCP-MMP 1.0 atlas",
    "Glasser et al. (2016). A multi-modal parcellation of human cerebral cortex. Nature 536,"
    " 171-178. doi:10.1038/nature18933",
    author="Glasser, Matthew F. and Coalson, Timothy S. and Robinson, Emma C. and others",
    title="A multi-modal parcellation of human cerebral cortex", journal="Nature",
    volume="536", pages="171--178", year="2016", doi="10.1038/nature18933",
)  # fmt: skip
HCP = cite(
    "article", "vanessen2013hcp", "the HCP S1200 surfaces (HCP Open Access Data Use Terms)",
    "Van Essen et al. (2013). The WU-Minn Human Connectome Project: An overview. NeuroImage 80,"
    " 62-79. doi:10.1016/j.neuroimage.2013.05.041",
    author="Van Essen, David C. and Smith, Stephen M. and Barch, Deanna M. and others",
    title="The {WU-Minn} {Human Connectome Project}: An overview", journal="NeuroImage",
    volume="80", pages="62--79", year="2013", doi="10.1016/j.neuroimage.2013.05.041",
)  # fmt: skip
FSAVERAGE = cite(
    "article", "fischl1999fsaverage", "the surface fsaverage",
    "Fischl et al. (1999). High-resolution intersubject averaging and a coordinate system for the"
    " cortical surface. Human Brain Mapping 8, 272-284.",
    author="Fischl, Bruce and Sereno, Martin I. and Tootell, Roger B. H. and Dale, Anders M.",
    title="High-resolution intersubject averaging and a coordinate system for the cortical"
    " surface",
    journal="Human Brain Mapping", volume="8", pages="272--284", year="1999",
)  # fmt: skip


def list_citations(run: Run) -> tuple[Citation, ...]:
    """Return whom to cite for a run: what its source, features, atlas and surface call for."""
    manifest, surface = run.manifest, read_surface(run)
    sets = read_roi_sets(run.stage("dataset")).values()
    source, features = manifest.source.lower(), manifest.feature_set.lower()
    atlas = " ".join(f"{rois.preset} {rois.source}" for rois in sets).lower()
    mesh = "" if surface is None else surface.surface.lower()
    named = (
        (JNE, True),
        *((work, any(word in source for word in layout.words))
          for layout in list_layouts() for work in layout.citations),
        (NSD, "allen et al. 2022" in atlas),
        (CLIP, features.startswith("clip")),
        (VIT, features.startswith("vit")),
        (ADAMW, True),
        (FDR, True),
        (HCP_MMP, "glasser" in atlas or "hcp-mmp" in atlas),
        (HCP, mesh == "fslr32k"),
        (FSAVERAGE, mesh.startswith("fsaverage")),
    )  # fmt: skip
    return tuple(dict.fromkeys(citation for citation, holds in named if holds))
