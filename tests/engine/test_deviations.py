"""Absolute sums equal the plain product, whatever the block, kernel or cache."""

import pytest
import torch

from jne_engine.model import deviations
from jne_engine.model.deviations import (
    COMPILED_PRODUCTS,
    Deviator,
    FactorPasses,
    choose_kernel,
    compile_kernel,
    compute_absolute_sums,
    cut_blocks,
    has_compiler,
)
from jne_engine.model.encoders import build_encoder
from jne_engine.model.jacobian import compute_jacobian, factorise
from tests.engine.cases import draw_features

CPU = torch.device("cpu")


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("voxel_block", [1, 7, 100])
def test_sums_equal_the_plain_product(voxel_block):
    readout, factor = draw(23, 5), draw(5, 11, seed=1)
    expected = (readout @ factor).abs().sum(1)
    torch.testing.assert_close(compute_absolute_sums(readout, factor, voxel_block), expected)
    torch.testing.assert_close(compute_absolute_sums(None, readout @ factor), expected)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_the_compiled_kernel_gives_the_sums_of_the_eager_one(dtype, tolerance):
    assert has_compiler()
    readout, factor = draw(40, 16).to(dtype), draw(16, 12, seed=1).to(dtype)
    eager = compute_absolute_sums(readout, factor, 16)
    compiled = compute_absolute_sums(readout, factor, 16, compile_kernel())
    assert compiled.dtype == eager.dtype == torch.float32
    torch.testing.assert_close(compiled, eager, rtol=tolerance, atol=0)


def test_kernels_are_compiled_only_where_it_pays(monkeypatch):
    monkeypatch.setattr(deviations, "multiplies_bfloat16", lambda device: True)
    assert choose_kernel(CPU, torch.float32, 1e20) is None
    assert choose_kernel(CPU, torch.bfloat16, COMPILED_PRODUCTS / 2) is None
    assert choose_kernel(CPU, torch.bfloat16, COMPILED_PRODUCTS) is compile_kernel()
    monkeypatch.setattr(deviations, "has_compiler", lambda: False)
    assert choose_kernel(CPU, torch.bfloat16, COMPILED_PRODUCTS) is None


@pytest.mark.parametrize("cache_bytes", [0, 2**30])
@pytest.mark.parametrize("activation", ["relu", "gelu", "identity"])
@pytest.mark.parametrize("n_blocks", [0, 1, 2, 3])
def test_passes_give_the_mean_and_its_deviations(cache_bytes, activation, n_blocks):
    shape = {"n_hidden": 9, "n_blocks": n_blocks, "activation": activation}
    encoder, features = build_encoder(7, 13, **shape, seed=1).double(), draw_features(20)
    jacobians = compute_jacobian(encoder, features)
    passes = FactorPasses(factorise(encoder, features), cache_bytes)
    readout = encoder.readout.weight.detach()
    torch.testing.assert_close(readout @ passes.mean, jacobians.mean(0).T)
    for stimulus in (3, 0, 3):  # a factor that was overwritten before must come again
        centred = passes.centred(stimulus)
        torch.testing.assert_close(readout @ centred, (jacobians[stimulus] - jacobians.mean(0)).T)
        centred.zero_()


def test_kept_factors_are_not_formed_twice():
    encoder, features = build_encoder(7, 13, n_hidden=9, seed=1), draw_features(20).float()
    factors = factorise(encoder, features)
    formed = []
    original = factors.factor
    factors.factor = lambda s: formed.append(s) or original(s)
    passes = FactorPasses(factors)
    deviate = Deviator(passes)
    first = deviate(4)
    deviate(5)
    assert formed == list(range(20))
    torch.testing.assert_close(deviate(4), first)


@pytest.mark.parametrize("native", [True, False])
def test_operands_are_rounded_whether_or_not_bfloat16_is_native(monkeypatch, native):
    monkeypatch.setattr(deviations, "multiplies_bfloat16", lambda device: native)
    encoder, features = build_encoder(7, 130, n_hidden=9, seed=1), draw_features(20).float()
    passes = FactorPasses(factorise(encoder, features))
    readout = encoder.readout.weight.detach().bfloat16().double()
    expected = (readout @ passes.centred(3).bfloat16().double()).abs().sum(1).float()
    found = Deviator(passes, torch.bfloat16)(3)
    torch.testing.assert_close(found, expected, rtol=1e-2 if native else 1e-6, atol=0)


def test_blocks_cover_everything_once():
    assert [(b.start, b.stop) for b in cut_blocks(10, 4)] == [(0, 4), (4, 8), (8, 10)]
    assert list(cut_blocks(0, 4)) == []
