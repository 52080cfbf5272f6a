"""Maps that are made of others: R² over ceiling, and the variants of JNE."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jne_engine.analysis import maps, variant_maps
from jne_engine.analysis.maps import OF_CEILING
from jne_engine.core.errors import InputError
from jne_engine.runs.folder import VALIDATION
from jne_engine.runs.results import SimulationResult, write_result
from jne_engine.runs.store import Run
from tests.synthetic_run import Recipe, plant, write_synthetic_run

VARIANTS = ("jne_l2", "jne_zscored_l1", "jne_zscored_l2")


def spoil_ceilings(planted):
    """Plant ceilings of 0, unknown ones, and ones below R²."""
    ceiling = planted.scores["noise_ceiling"]
    ceiling[5:15], ceiling[25:30], ceiling[30:40] = 0.0, np.nan, 5.0


@pytest.fixture
def odd_ceilings():
    """Return planted arrays with odd ceilings."""
    planted = plant(Recipe())
    spoil_ceilings(planted)
    return planted


@pytest.mark.parametrize("encoder", ["linear", "nonlinear"])
def test_r2_over_ceiling_is_a_ratio_and_undefined_without_ceiling(tmp_path, odd_ceilings, encoder):
    run = Run(write_synthetic_run(tmp_path, change=spoil_ceilings))
    scores = odd_ceilings.scores
    expected, above, undefined = [], 0, 0
    for v, invalid in enumerate(odd_ceilings.invalid):
        r2 = float(np.float32(scores[f"r2_{encoder}"][v]))
        ceiling = float(np.float32(scores["noise_ceiling"][v]))
        usable = not invalid and ceiling > 0
        expected.append(r2 / (ceiling / 100) if usable else np.nan)
        above += usable and expected[-1] > 1
        undefined += not invalid and not usable
    name = f"r2_{encoder}_of_ceiling"
    found = maps.read_map(run, name)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert maps.count_above_ceiling(run, name) == (above, undefined)
    assert above > 0
    assert np.nanmax(found) > 1  # never clipped
    np.testing.assert_array_equal(maps.select_above_ceiling(run, name), found > 1)


def test_without_any_ceiling_no_map_of_it_is_offered(tmp_path):
    def forget_ceilings(planted):
        planted.scores["noise_ceiling"][:] = np.nan

    run = Run(write_synthetic_run(tmp_path, change=forget_ceilings))
    assert {info.name for info in maps.list_maps(run)}.isdisjoint({"noise_ceiling", *OF_CEILING})


def store_variants(run, run_id, n_voxels):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({n: rng.random(n_voxels, dtype=np.float32)
                          for n in ("l1", "l2", "zscored_l1", "zscored_l2")})  # fmt: skip
    result = SimulationResult("variants", {"run": run_id, "simulated": True}, {"maps": table})
    write_result(result, run.path.parent / VALIDATION)
    return table


def test_variants_are_maps_of_the_run_that_they_were_computed_for(tmp_path):
    run = Run(write_synthetic_run(tmp_path))
    n = run.manifest.counts["n_voxels"]
    assert "not computed" in variant_maps.explain_variants(run)
    assert variant_maps.stamp_variants(run) == 0
    table = store_variants(run, run.run_id, n)
    assert variant_maps.explain_variants(run) == ""
    assert variant_maps.stamp_variants(run) > 0
    offered = [info.name for info in maps.list_maps(run)]
    assert offered[:4] == ["jne", *VARIANTS]
    for name in VARIANTS:
        found = maps.read_map(run, name)
        np.testing.assert_array_equal(found, table[name.removeprefix("jne_")])


def test_variants_of_another_run_or_size_or_altered_are_no_maps(tmp_path):
    run = Run(write_synthetic_run(tmp_path))
    n = run.manifest.counts["n_voxels"]
    for run_id, size, reason in (("other", n, "not computed"), (run.run_id, n - 1, "hold")):
        store_variants(run, run_id, size)
        assert reason in variant_maps.explain_variants(run)
        assert not set(VARIANTS) & {info.name for info in maps.list_maps(run)}
        with pytest.raises(InputError):
            maps.read_map(run, "jne_l2")
    store_variants(run, run.run_id, n)
    (tmp_path / "validation" / "variants" / "maps.parquet").write_bytes(b"x")
    assert "SHA-256" in variant_maps.explain_variants(run)
    assert "jne_l2" not in {info.name for info in maps.list_maps(run)}
