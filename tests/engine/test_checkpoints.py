"""Checkpoints give tensors and run no code."""

from __future__ import annotations

import builtins
import glob
import io
import os
import pickle
import re
import subprocess
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from jne_engine.core.errors import InputError, JneError, UnsafeFileError
from jne_engine.jobs.kinds.run import read_fitted
from jne_engine.model.checkpoints import (
    activation_from_name,
    encoder_from_checkpoint,
    infer_architecture,
    read_checkpoint,
)
from jne_engine.model.spec import RunSpec
from tests.engine.readers.files import check_message, cuts, refused

NAME = "clip_vit_S1_L12_res_nonlinear_relu.pth"
SIZES = {"n_features": 7, "n_hidden": 5, "n_voxels": 3}


def script_state(n_blocks: int = 2, *, bias: bool = False) -> OrderedDict[str, Tensor]:
    """Return weights under the names of the authors' scripts."""
    generator = torch.Generator().manual_seed(0)
    shapes = {"lin0": (5, 7)} | {f"mlp.{k}": (5, 5) for k in range(n_blocks)} | {"lin1": (3, 5)}
    state: OrderedDict[str, Tensor] = OrderedDict()
    for layer, shape in shapes.items():
        state[f"encoder.{layer}.0.weight"] = torch.randn(shape, generator=generator)
        if bias:
            state[f"encoder.{layer}.0.bias"] = torch.randn(shape[:1], generator=generator)
    return state


def save(folder: Path, state: Any, name: str = NAME, **options: Any) -> Path:
    torch.save(state, folder / name, **options)
    return folder / name


def slow_prediction(state: dict[str, Tensor], x: np.ndarray, phi: Callable[..., Any]) -> np.ndarray:
    """Return the prediction of one stimulus by the paper's formulas, in float64."""
    values = {key: tensor.double().numpy() for key, tensor in state.items()}

    def linear(layer: str, h: np.ndarray) -> np.ndarray:
        bias = values.get(f"encoder.{layer}.0.bias", 0.0)
        return values[f"encoder.{layer}.0.weight"] @ h + bias

    h = phi(linear("lin0", x))
    n_blocks = sum(key.startswith("encoder.mlp") and key.endswith("weight") for key in values)
    for k in range(n_blocks):
        h = phi(linear(f"mlp.{k}", h)) + h
    return linear("lin1", h)


@pytest.mark.parametrize("n_blocks", [0, 1, 2, 11])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("kind", "phi"), [
    ("res_linear", lambda z: z), ("res_nonlinear_relu", lambda z: np.maximum(z, 0)),
    ("res_nonlinear_tanh", np.tanh),
    ("res_nonlinear_gelu", lambda z: nn.functional.gelu(torch.from_numpy(z)).numpy()),
])  # fmt: skip
def test_the_encoder_predicts_by_the_papers_formulas(
    tmp_path: Path, n_blocks: int, bias: bool, kind: str, phi: Callable[..., Any]
) -> None:
    state = script_state(n_blocks, bias=bias)
    encoder = encoder_from_checkpoint(save(tmp_path, state, f"clip_vit_S1_L3_{kind}.pth"))
    x = np.random.default_rng(1).normal(size=7)
    with torch.no_grad():
        predicted = encoder(torch.from_numpy(x).float()).numpy()
    np.testing.assert_allclose(predicted, slow_prediction(state, x, phi), rtol=1e-4, atol=1e-4)
    assert not encoder.training


def test_tensors_come_back_as_saved(tmp_path: Path) -> None:
    state = script_state(bias=True)
    read = read_checkpoint(save(tmp_path, state))
    assert list(read) == list(state)
    assert all(torch.equal(read[key], state[key]) for key in state)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_precisions_become_single(tmp_path: Path, dtype: torch.dtype) -> None:
    state = {key: tensor.to(dtype) for key, tensor in script_state().items()}
    path = save(tmp_path, state)
    assert all(tensor.dtype == dtype for tensor in read_checkpoint(path).values())
    assert all(p.dtype == torch.float32 for p in encoder_from_checkpoint(path).parameters())


def test_module_state_dicts_and_parameters_read(tmp_path: Path) -> None:
    state = {key: nn.Parameter(tensor) for key, tensor in script_state().items()}
    assert not read_checkpoint(save(tmp_path, state))["encoder.lin0.0.weight"].requires_grad
    assert read_checkpoint(save(tmp_path, nn.Linear(2, 3).state_dict()))["bias"].shape == (3,)


def test_the_activation_comes_from_the_name_or_is_told(tmp_path: Path) -> None:
    assert activation_from_name(Path("vit_S1_L1_res_linear.pth")) == "identity"
    path = save(tmp_path, script_state(), "weights.pth")
    with refused("weights.pth", "res_linear.*pass the activation"):
        encoder_from_checkpoint(path)
    assert encoder_from_checkpoint(path, activation="swish").activation == "swish"
    with refused("activation", "one of identity"):
        encoder_from_checkpoint(path, activation="sine")  # type: ignore[arg-type]


@pytest.mark.parametrize("wrap", ["module.{}", "_orig_mod.{}", "_orig_mod.module.{}"])
def test_names_that_wrappers_put_before_weights_are_taken_off(tmp_path: Path, wrap: str) -> None:
    state = script_state()
    plain = encoder_from_checkpoint(save(tmp_path, state))
    wrapped = {wrap.format(key): tensor for key, tensor in state.items()}
    found = encoder_from_checkpoint(save(tmp_path, wrapped)).state_dict()
    assert found.keys() == plain.state_dict().keys()
    assert all(torch.equal(found[key], tensor) for key, tensor in plain.state_dict().items())
    with refused(NAME, "each weight once"):
        encoder_from_checkpoint(save(tmp_path, state | wrapped))


@pytest.mark.parametrize("nest", [
    lambda s: {"state_dict": s, "epoch": 3, "hyper_parameters": {"lr": 1e-3}},
    lambda s: {"model_state_dict": s, "optimizer": {"state": {0: {"step": torch.ones(1)}}}},
    lambda s: {"model": s, "args": ["--lr", "1e-3"]},
    lambda s: {"model": {"state_dict": s}, "n_epochs": 7},
    lambda s: {"state_dict": {f"model.{key}": tensor for key, tensor in s.items()}},
    lambda s: {"state_dict": {f"net.{key}": tensor for key, tensor in s.items()}},
])  # fmt: skip
def test_a_state_dict_is_found_where_training_scripts_keep_it(
    tmp_path: Path, nest: Callable[[Any], Any]
) -> None:
    state = script_state(bias=True)
    plain = encoder_from_checkpoint(save(tmp_path, state)).state_dict()
    found = encoder_from_checkpoint(save(tmp_path, nest(state), f"best_{NAME}")).state_dict()
    assert found.keys() == plain.keys()
    assert all(torch.equal(found[key], tensor) for key, tensor in plain.items())


def test_two_state_dicts_are_not_chosen_between(tmp_path: Path) -> None:
    path = save(tmp_path, {"model": script_state(), "state_dict": script_state(1)})
    with refused(NAME, "one state dict, found state_dict and model"):
        read_checkpoint(path)


def test_a_safetensors_file_gives_the_same_encoder(tmp_path: Path) -> None:
    state = script_state(bias=True)
    plain = encoder_from_checkpoint(save(tmp_path, state))
    path = tmp_path / Path(NAME).with_suffix(".safetensors")
    save_file(dict(state), path)
    found = encoder_from_checkpoint(path)
    assert found.activation == plain.activation == "relu"
    assert all(torch.equal(found.state_dict()[k], t) for k, t in plain.state_dict().items())
    path.write_bytes(path.read_bytes()[:-1])
    with refused(path.name, "intact safetensors file"):
        read_checkpoint(path)


@pytest.mark.parametrize("ending", [".bin", ".safetensors"])
@pytest.mark.parametrize("which", ["index", "shard"])
def test_shards_are_refused_with_the_line_that_joins_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, which: str
) -> None:
    state, stem = dict(script_state(bias=True)), Path(NAME).stem
    for part in range(2):
        shard = dict(list(state.items())[part::2])
        path = tmp_path / f"{stem}-0000{part + 1}-of-00002{ending}"
        save_file(shard, path) if ending == ".safetensors" else torch.save(shard, path)
    if which == "index":
        path = tmp_path / f"{stem}{ending}.index.json"
        path.write_text('{"weight_map": {}}')
    with pytest.raises(InputError, match="a whole checkpoint") as caught:
        read_checkpoint(path)
    check_message(str(caught.value), path.name)
    (line,) = re.findall(r"in Python: (.*)", str(caught.value))
    monkeypatch.chdir(tmp_path)
    exec(line, {"torch": torch, "safetensors": safetensors, "glob": glob})
    joined = read_checkpoint(tmp_path / NAME)
    assert joined.keys() == state.keys()
    assert all(torch.equal(joined[key], state[key]) for key in state)


def test_a_fitted_file_has_the_activation_that_its_run_asks_for(tmp_path: Path) -> None:
    relu = save(tmp_path, script_state())
    with refused(NAME, "activation identity, found relu by its name"):
        read_fitted({"linear": str(relu)}, RunSpec())
    with refused(NAME, "activation gelu, found relu.*--activation relu"):
        read_fitted({"nonlinear": str(relu)}, RunSpec(activation="gelu"))
    unnamed = {"nonlinear": str(save(tmp_path, script_state(), "weights.pth"))}
    found = read_fitted(unnamed, RunSpec(activation="gelu"))
    assert found["nonlinear"].encoder.activation == "gelu"


def test_architecture_is_inferred() -> None:
    architecture = infer_architecture("a", script_state(4, bias=True), activation="gelu")
    assert (architecture.n_blocks, architecture.bias, architecture.activation) == (4, True, "gelu")
    sizes = {name: getattr(architecture, name) for name in SIZES}
    assert sizes == SIZES


def changed(**changes: Tensor | None) -> dict[str, Tensor]:
    """Return the scripts' weights with some replaced, added or left out."""
    state = dict(script_state(bias=True))
    for short, tensor in changes.items():
        layer, kind = short.rsplit("_", 1)
        key = f"encoder.{layer.replace('_', '.')}.0.{kind}"
        if tensor is None:
            del state[key]
        else:
            state[key] = tensor
    return state


@pytest.mark.parametrize(("state", "match"), [
    (changed(lin0_weight=None), "no such key"), (changed(lin1_weight=torch.ones(3)), "a matrix"),
    (changed(lin1_weight=torch.ones(3, 6)), r"lin1.0.weight of shape \(3, 5\), found"),
    (changed(mlp_1_weight=torch.ones(5, 4)), "mlp.1"), (changed(mlp_0_weight=None), "mlp.0"),
    (changed(lin0_bias=None), "bias unexpected"), (changed(mlp_1_bias=None), "bias missing"),
    (changed(mlp_3_weight=torch.ones(5, 5)), "missing|unexpected"),
    (changed(lin0_bias=torch.ones(5, 1)), "lin0.0.bias of shape"),
    (changed(lin2_weight=torch.ones(5, 5)), "lin2"), ({"fc.weight": torch.ones(2, 2)}, "fc.weight"),
    (changed(lin0_weight=torch.full((5, 7), torch.nan)), "finite values in encoder.lin0"),
    (changed(lin0_weight=torch.ones(0, 7)), "a matrix"),
])  # fmt: skip
def test_every_key_and_shape_is_checked(
    tmp_path: Path, state: dict[str, Tensor], match: str
) -> None:
    with refused(NAME, match):
        encoder_from_checkpoint(save(tmp_path, state))


@pytest.mark.parametrize(("content", "match"), [
    ([torch.ones(2)], "a state dict"), ({}, "a state dict"), (torch.ones(2), "a state dict"),
    ({"a": 3}, "tensors by name"), ({3: torch.ones(2)}, "tensors by name"),
    ({"a": {"b": torch.ones(2)}}, "tensors by name"),
    ({"a": torch.ones(2, dtype=torch.int64)}, "dense floating-point"),
    ({"a": torch.ones(1).expand(2**40)}, "dense"), ({"a": torch.ones(4, 3).T}, "dense"),
])  # fmt: skip
def test_what_is_no_state_dict_is_one_line(tmp_path: Path, content: object, match: str) -> None:
    with refused(NAME, match):
        read_checkpoint(save(tmp_path, content))


@pytest.mark.parametrize("content", [
    {"a": torch.ones(2, 2).to_sparse()}, nn.Linear(2, 2),
    {"a": torch.ones(2, dtype=torch.complex64)}, {"a": np.ones(2)}, {"a": torch.device("cpu")},
])  # fmt: skip
def test_what_a_state_dict_does_not_need_is_refused(tmp_path: Path, content: object) -> None:
    with refused(NAME, "a pickle that calls", error=UnsafeFileError):
        read_checkpoint(save(tmp_path, content))


def test_the_old_format_says_what_to_do(tmp_path: Path) -> None:
    path = save(tmp_path, script_state(), _use_new_zipfile_serialization=False)
    with refused(NAME, "before version 1.6: save it with torch.save"):
        read_checkpoint(path)


def test_checkpoints_cut_short_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path, script_state())
    whole = path.read_bytes()
    for length in cuts(len(whole)):
        path.write_bytes(whole[:length])
        with refused(NAME):
            read_checkpoint(path)


def test_no_bit_flip_passes_silently(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    state = script_state()
    path = save(tmp_path, state)
    whole = path.read_bytes()
    noticed = 0
    for position in rng.integers(0, 8 * len(whole), 1000):
        flipped = bytearray(whole)
        flipped[position // 8] ^= 1 << position % 8
        path.write_bytes(flipped)
        try:
            read = read_checkpoint(path)
        except JneError:
            noticed += 1
        else:
            assert all(torch.equal(read[key], state[key]) for key in state)
    assert noticed > 400


class Calls:
    """Calls a function while it is unpickled, with state, items or list entries if given."""

    def __init__(self, function: object, *arguments: object, rest: tuple[Any, ...] = ()) -> None:
        self.parts = (function, arguments, *rest)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.parts


def raw_pickle(instructions: str) -> Callable[[Path], bytes]:
    """Return a pickle from its instructions, with the sentinel's path put in."""
    return lambda sentinel: instructions.replace("SENTINEL", str(sentinel)).encode("latin-1")


def dumped(build: Callable[[str], object], protocol: int) -> Callable[[Path], bytes]:
    return lambda sentinel: pickle.dumps(build(str(sentinel)), protocol=protocol)


BUILDERS: dict[str, Callable[[str], object]] = {
    "system": lambda s: Calls(os.system, f"touch {s}"),
    "popen": lambda s: Calls(subprocess.check_output, ["touch", s]),
    "eval": lambda s: Calls(builtins.eval, f"open({s!r}, 'w')"),
    "exec": lambda s: Calls(builtins.exec, f"open({s!r}, 'w')"),
    "open": lambda s: Calls(builtins.open, s, "w"),
    "nested": lambda s: {"a": [(Calls(os.system, f"touch {s}"),)]},
    "as-key": lambda s: {Calls(os.system, f"touch {s}"): torch.ones(1)},
    "as-state": lambda s: Calls(OrderedDict, rest=(Calls(os.system, f"touch {s}"),)),
    "as-argument": lambda s: Calls(OrderedDict, [("a", Calls(os.system, f"touch {s}"))]),
    "chained": lambda s: Calls(builtins.map, os.system, [f"touch {s}"]),
    "getattr": lambda s: Calls(builtins.getattr, Calls(builtins.__import__, "os"), "system"),
    "path": lambda s: Calls(Path.touch, Path(s)),
}  # fmt: skip
ATTACKS: dict[str, Callable[[Path], bytes]] = {
    f"{name}-{protocol}": dumped(build, protocol)
    for name, build in BUILDERS.items()
    for protocol in (2, 4)
} | {
    "text-system": raw_pickle("cos\nsystem\n(S'touch SENTINEL'\ntR."),
    "inst": raw_pickle("(S'touch SENTINEL'\nios\nsystem\n."),
    "obj": raw_pickle("(cos\nsystem\nS'touch SENTINEL'\no."),
    "dict-first": raw_pickle("}S'a'\ncos\nsystem\n(S'touch SENTINEL'\ntRs."),
    "after-stop": raw_pickle("cposix\nsystem\n(S'touch SENTINEL'\ntR}.N."),
    "load-in-load": raw_pickle(
        "ctorch\nload\n(S'SENTINEL'\ntR0cos\nsystem\n(S'touch SENTINEL'\ntR."
    ),
}


def archive(program: bytes) -> bytes:
    """Return a checkpoint of torch's format whose pickle is ``program``."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        for name, data in {"data.pkl": program, "byteorder": b"little", "version": b"3\n"}.items():
            target.writestr(f"archive/{name}", data)
        target.writestr("archive/data/0", bytes(16))
    return content.getvalue()


@pytest.mark.parametrize("attack", sorted(ATTACKS))
@pytest.mark.parametrize("wrapped", [True, False], ids=["zip", "bare"])
def test_malicious_pickles_never_run(tmp_path: Path, attack: str, wrapped: bool) -> None:
    sentinel = tmp_path / "ran"
    program = ATTACKS[attack](sentinel)
    path = tmp_path / NAME
    path.write_bytes(archive(program) if wrapped else program)
    with refused(NAME, "a pickle that calls" if wrapped else "zip format"):
        read_checkpoint(path)
    assert not sentinel.exists()


def test_the_attacks_would_run_where_pickles_are_trusted(tmp_path: Path) -> None:
    assert len(ATTACKS) == 30
    ran = 0
    for number, attack in enumerate(sorted(ATTACKS)):
        sentinel = tmp_path / f"ran{number}"
        code = f"import pickle, sys; pickle.loads({ATTACKS[attack](sentinel)!r})"
        if not attack.startswith(("as-key", "chained", "getattr", "load-in")):
            subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
            ran += sentinel.exists()
    assert ran >= 20


def test_a_broken_pickle_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / NAME
    for program in (b"", b"\x80", b"\x80\x02}", b"\xff" * 9, b"\x80\x02cos", b"(" * 5000 + b"."):
        path.write_bytes(archive(program))
        with refused(NAME):
            read_checkpoint(path)
