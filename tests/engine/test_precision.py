"""bfloat16 is taken only where it is native and right, and the choice is recorded."""

import pytest
import torch

from jne_engine.model import precision
from jne_engine.model.deviations import FactorPasses
from jne_engine.model.dispersion import stream_dispersion
from jne_engine.model.encoders import build_encoder
from jne_engine.model.jacobian import factorise
from jne_engine.model.precision import choose_precision, measure_rounding
from tests.engine.cases import AttentionModule, draw_features


@pytest.fixture
def passes() -> FactorPasses:
    encoder = build_encoder(48, 300, n_hidden=64, seed=1)
    return FactorPasses(factorise(encoder, draw_features(90, 48).float()))


@pytest.mark.parametrize("asked", ["float32", "bfloat16"])
def test_what_is_asked_for_is_used(passes, asked):
    choice = choose_precision(asked, passes)
    assert (choice.asked, choice.used, choice.relative_error) == (asked, asked, None)


@pytest.mark.parametrize("native", [True, False])
def test_the_record_says_how_rounded_operands_are_multiplied(passes, monkeypatch, native):
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda device: native)
    reason = choose_precision("bfloat16", passes).reason
    assert ("multiplied in float32" in reason) != native


def test_auto_stays_with_float32_where_bfloat16_is_emulated(passes, monkeypatch):
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda device: False)
    choice = choose_precision("auto", passes)
    assert (choice.asked, choice.used) == ("auto", "float32")
    assert "natively" in choice.reason


@pytest.mark.parametrize(("bound", "used"), [(1.0, "bfloat16"), (1e-9, "float32")])
def test_auto_takes_bfloat16_only_within_the_bound(passes, monkeypatch, bound, used):
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda device: True)
    monkeypatch.setattr(precision, "RELATIVE_BOUND", bound)
    choice = choose_precision("auto", passes)
    assert choice.used == used
    assert choice.relative_error == pytest.approx(measure_rounding(passes))
    assert f"{choice.relative_error:.1e}" in choice.reason


def test_rounding_is_that_of_the_voxels_checked(passes, monkeypatch):
    monkeypatch.setattr(precision, "CHECKED_VOXELS", 300)
    monkeypatch.setattr(precision, "CHECKED_STIMULI", 90)
    encoder, features = build_encoder(48, 300, n_hidden=64, seed=1), draw_features(90, 48).float()
    exact = stream_dispersion(encoder, features).jne
    rounded = stream_dispersion(encoder, features, precision="bfloat16").jne
    expected = float(((rounded - exact).abs() / exact).max())
    assert expected > 0
    assert measure_rounding(passes) == pytest.approx(expected, rel=1e-2)


def test_a_module_without_closed_form_stays_in_float32():
    module, features = AttentionModule(12, 5), draw_features(4, 12).float()
    choice = stream_dispersion(module, features, precision="auto").precision
    assert (choice.used, choice.reason) == ("float32", "the encoder has no closed form")


def test_a_linear_encoder_has_no_jne_to_round():
    encoder = build_encoder(8, 6, n_hidden=8, activation="identity")
    passes = FactorPasses(factorise(encoder, torch.zeros(3, 8)))
    assert measure_rounding(passes) == 0
