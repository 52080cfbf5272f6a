"""All figures by name, in the order in which they are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from jne_engine.bench.accuracy import measure_error
from jne_engine.bench.calibration import (
    measure_calibrated_jne,
    measure_calibration,
    measure_calibration_exponent,
    measure_linear_path,
)
from jne_engine.bench.decks import measure_deck, measure_deck_size
from jne_engine.bench.extraction import measure_extraction
from jne_engine.bench.fits import measure_bootstrap, measure_epoch
from jne_engine.bench.imports import measure_import
from jne_engine.bench.memory import measure_memory
from jne_engine.bench.rows import Goal, Row
from jne_engine.bench.scaling import measure_exponent
from jne_engine.bench.selectivity import (
    measure_category_map,
    measure_category_pass,
    measure_embedding,
    measure_read,
)
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.spins import measure_spin, measure_spin_errors
from jne_engine.bench.starting import measure_plot_brain, measure_start
from jne_engine.bench.streams import (
    measure_backward,
    measure_jacrev,
    measure_long_stream,
    measure_stream,
)

Figure = Callable[[str, Sizes], Row]


def _over_fsaverage(figure: Figure) -> Figure:
    return lambda name, sizes: figure(name, sizes.widen())


LINEAR = Goal(at_least=0.95, at_most=1.05)

FIGURES: Mapping[str, Figure] = MappingProxyType(
    {
        "stream_float32_of_gemm": partial(
            measure_stream, precision="float32", goal=Goal(at_least=0.85)
        ),
        "stream_bfloat16_of_gemm": partial(
            measure_stream, precision="bfloat16", goal=Goal(at_least=0.70)
        ),
        "stream_bfloat16_of_gemm_327684": _over_fsaverage(
            partial(measure_long_stream, precision="bfloat16", goal=Goal(at_least=0.85))
        ),
        "speedup_over_backward_float32": _over_fsaverage(
            partial(measure_backward, precision="float32", goal=Goal(at_least=40))
        ),
        "speedup_over_backward_bfloat16": _over_fsaverage(
            partial(measure_backward, precision="bfloat16", goal=Goal(at_least=300))
        ),
        "speedup_over_backward_float32_20484": partial(measure_backward, precision="float32"),
        "speedup_over_jacrev": measure_jacrev,
        "jne_error_float32": partial(measure_error, precision="float32", goal=Goal(at_most=1e-4)),
        "jne_error_bfloat16": partial(measure_error, precision="bfloat16", goal=Goal(at_most=5e-3)),
        "peak_rss_gb_20484": partial(measure_memory, goal=Goal(at_most=1.5)),
        "peak_rss_gb_327684": partial(measure_memory, goal=Goal(at_most=4.0)),
        "peak_rss_gb_backward_20484": measure_memory,
        "peak_rss_gb_jacrev_20484": measure_memory,
        "growth_gb_bootstrap_327684": partial(measure_memory, goal=Goal(at_most=0.5)),
        "bootstrap_speedup": partial(measure_bootstrap, goal=Goal(at_least=50)),
        "epoch_of_gemm": partial(measure_epoch, goal=Goal(at_least=0.6)),
        "calibration_of_run": partial(measure_calibration, goal=Goal(at_most=10)),
        "calibrated_jne_of_run": measure_calibrated_jne,
        "linear_path_of_run": measure_linear_path,
        "growth_gb_calibration_327684": partial(measure_memory, goal=Goal(at_most=2.0)),
        "exponent_calibration": partial(measure_calibration_exponent, goal=LINEAR),
        "spin_1000": partial(measure_spin, goal=Goal(at_most=20)),
        "spin_false_positives": partial(measure_spin_errors, goal=Goal(at_least=4, at_most=6)),
        "features_of_forward": partial(measure_extraction, goal=Goal(at_least=0.9)),
        "import_nifti_of_reading": partial(measure_import, form="nifti", goal=Goal(at_least=0.7)),
        "import_hdf5_of_reading": partial(measure_import, form="hdf5", goal=Goal(at_least=0.7)),
        "import_mgh_of_reading": partial(measure_import, form="mgh", goal=Goal(at_least=0.7)),
        "read_stimulus_map": partial(measure_read, axis="stimulus", goal=Goal(at_most=50)),
        "read_voxel_profile": partial(measure_read, axis="voxel", goal=Goal(at_most=50)),
        "category_map_first": partial(measure_category_map, goal=Goal(at_most=50)),
        "category_maps_pass_s": partial(measure_category_pass, goal=Goal(at_most=1)),
        "embed_10000": partial(measure_embedding, goal=Goal(at_most=120)),
        "deck_html_12": partial(measure_deck, form="html", goal=Goal(at_most=10)),
        "deck_pptx_12": partial(measure_deck, form="pptx", goal=Goal(at_most=20)),
        "deck_html_12_mb": partial(measure_deck_size, goal=Goal(at_most=15)),
        "import_of_torch": partial(
            measure_start, code="import jne_engine", against="import torch", goal=Goal(at_most=0.15)
        ),
        "help_of_click": partial(
            measure_start,
            code="from jne_engine.cli.main import main; main(['--help'], standalone_mode=False)",
            against="import click",
            goal=Goal(at_most=1.5),
        ),
        "plot_brain_of_html": partial(measure_plot_brain, goal=Goal(at_most=1.2)),
        "exponent_stimuli": partial(measure_exponent, axis="stimuli", goal=LINEAR),
        "exponent_voxels": partial(measure_exponent, axis="voxels", goal=LINEAR),
        "exponent_features": partial(measure_exponent, axis="features"),
        "exponent_hidden": partial(measure_exponent, axis="hidden"),
    }
)
"""What measures each figure, by the name of its row."""
