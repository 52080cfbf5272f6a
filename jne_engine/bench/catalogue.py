"""All figures by name, in the order in which they are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jne_engine.bench.accuracy import measure_error
from jne_engine.bench.extraction import measure_extraction
from jne_engine.bench.fits import measure_bootstrap, measure_epoch
from jne_engine.bench.memory import measure_peak
from jne_engine.bench.rows import Row
from jne_engine.bench.scaling import measure_exponent
from jne_engine.bench.sizes import Sizes
from jne_engine.bench.streams import measure_backward, measure_jacrev, measure_stream

FIGURES: Mapping[str, Callable[[Sizes], Row]] = {
    "stream_float32_of_gemm": lambda sizes: measure_stream(sizes, "float32"),
    "stream_bfloat16_of_gemm": lambda sizes: measure_stream(sizes, "bfloat16"),
    "speedup_over_backward_float32": lambda sizes: measure_backward(sizes, "float32"),
    "speedup_over_backward_bfloat16": lambda sizes: measure_backward(sizes, "bfloat16"),
    "speedup_over_jacrev": measure_jacrev,
    "jne_error_float32": lambda sizes: measure_error(sizes, "float32"),
    "jne_error_bfloat16": lambda sizes: measure_error(sizes, "bfloat16"),
    "peak_rss_gb_20484": lambda _: measure_peak(20_484),
    "peak_rss_gb_327684": lambda _: measure_peak(327_684),
    "bootstrap_speedup": measure_bootstrap,
    "epoch_of_gemm": measure_epoch,
    "features_of_forward": measure_extraction,
    "exponent_stimuli": lambda sizes: measure_exponent(sizes, "stimuli"),
    "exponent_voxels": lambda sizes: measure_exponent(sizes, "voxels"),
    "exponent_features": lambda sizes: measure_exponent(sizes, "features"),
    "exponent_hidden": lambda sizes: measure_exponent(sizes, "hidden"),
}
