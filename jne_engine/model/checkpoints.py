"""Trained weights of the authors' scripts, read without running any code of the file.

References
----------
Gao et al. (2025), arXiv 2510.13688; names of the weights as the authors' scripts write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import torch
from torch import Tensor

from jne_engine.core.checks import check_choice
from jne_engine.core.errors import InputError
from jne_engine.formats.guard import check_claim, check_file, printable
from jne_engine.formats.tensors import SAFETENSORS, open_safetensors
from jne_engine.formats.torch_files import load_torch
from jne_engine.model.encoders import ResidualEncoder
from jne_engine.model.spec import ACTIVATIONS, Activation

MAX_CHECKPOINT_BYTES: Final = 8 * 2**30
"""Largest checkpoint; the paper's encoders take about 90 MB."""

_SAVE_AGAIN: Final = "save it with torch.save(model.state_dict(), path)"
_ACTIVATION_SUFFIXES: Final[Mapping[str, Activation]] = {
    "res_linear": "identity",
    "res_nonlinear_relu": "relu",
    "res_nonlinear_gelu": "gelu",
    "res_nonlinear_tanh": "tanh",
}
_WRAPPERS: Final = re.compile(r"(?:^|(?<=\.))(?:module|_orig_mod|model|net)\.")
"""What ``DataParallel``, ``torch.compile`` and Lightning put before the names of weights."""
_NESTS: Final = ("state_dict", "model_state_dict", "model")
"""Under what training scripts keep the weights beside their epoch and optimizer."""
_INDEX: Final = ".index.json"
_SHARD: Final = re.compile(r"-\d+-of-\d+(\.\w+)$")
_KEY_PATTERN: Final = re.compile(r"encoder\.(lin0|lin1|mlp\.(\d{1,3}))\.0\.(weight|bias)")


@dataclass(frozen=True)
class EncoderArchitecture:
    """Sizes and choices of an encoder, as its weights tell them.

    Parameters
    ----------
    n_features, n_hidden, n_voxels : int
        Sizes of input, hidden layers and output.
    n_blocks : int
        Residual blocks.
    activation : str
        Activation of the hidden layers.
    bias : bool
        Whether layers have biases.
    """

    n_features: int
    n_hidden: int
    n_voxels: int
    n_blocks: int
    activation: Activation
    bias: bool


def read_checkpoint(path: str | Path) -> dict[str, Tensor]:
    """Read a state dict, running no code of the file.

    Parameters
    ----------
    path : str or pathlib.Path
        A file of torch's zip format or of safetensors. A state dict may lie under
        ``state_dict``, ``model_state_dict`` or ``model``, beside whatever else was saved.

    Returns
    -------
    dict of str to torch.Tensor
        Dense floating-point tensors on the CPU.

    Raises
    ------
    InputError
        If the file is cut short, altered, of the old format, one of several shards, or not a
        state dict.
    UnsafeFileError
        If its pickle wants to call anything that a state dict does not need, or a size
        does not fit the file.
    """
    path = check_file(path, max_bytes=MAX_CHECKPOINT_BYTES)
    _refuse_shards(path)
    if path.suffix != SAFETENSORS:
        return _check_state(path, _find_state(path, load_torch(path, fix=_SAVE_AGAIN)))
    with open_safetensors(path) as file:
        return _check_state(path, {key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118


def encoder_from_checkpoint(
    path: str | Path, *, activation: Activation | None = None
) -> ResidualEncoder:
    """Build the encoder that a checkpoint of the authors' scripts holds.

    Parameters
    ----------
    path : str or pathlib.Path
        A file such as ``clip_vit_S1_L12_res_nonlinear_relu.pth``.
    activation : str, optional
        Activation of the hidden layers; by default what the file's name ends in.

    Returns
    -------
    ResidualEncoder
        Single-precision weights, ready to predict.

    Raises
    ------
    InputError
        If the file cannot be read, a key or shape does not belong to such an encoder, or
        the activation is not known.
    UnsafeFileError
        If the file asks for more than its own content.
    """
    path = Path(path)
    state = _unwrap(printable(path.name), read_checkpoint(path))
    chosen = activation or activation_from_name(path)
    architecture = infer_architecture(printable(path.name), state, activation=chosen)
    encoder = ResidualEncoder(
        architecture.n_features,
        architecture.n_hidden,
        architecture.n_voxels,
        architecture.n_blocks,
        activation=architecture.activation,
        bias=architecture.bias,
    )
    encoder.load_state_dict({_own_key(key): tensor.float() for key, tensor in state.items()})
    return encoder.eval()


def find_activation(path: Path) -> Activation | None:
    """Return the activation that the end of a file's name tells, None where it tells none."""
    ends = (a for suffix, a in _ACTIVATION_SUFFIXES.items() if path.stem.endswith(suffix))
    return next(ends, None)


def activation_from_name(path: Path) -> Activation:
    """Return the activation that the end of a file's name tells.

    Raises
    ------
    InputError
        If the name ends in none of the scripts' encoder types.
    """
    told = find_activation(path)
    if told is not None:
        return told
    expected = f"a name that ends in {', '.join(_ACTIVATION_SUFFIXES)}"
    fix = "rename the file or pass the activation (--activation)"
    raise InputError(printable(path.name), expected, printable(path.stem), fix)


def infer_architecture(
    name: str, state: Mapping[str, Tensor], *, activation: Activation
) -> EncoderArchitecture:
    """Infer sizes from weights, and check every key and shape against them.

    Parameters
    ----------
    name : str
        What messages call the weights.
    state : mapping of str to torch.Tensor
        Keys as the authors' scripts write them.
    activation : str
        Activation of the hidden layers.

    Raises
    ------
    InputError
        If a key is missing or unknown, or a shape does not fit the others.
    """
    check_choice("activation", activation, ACTIVATIONS)
    unknown = [key for key in state if not _KEY_PATTERN.fullmatch(key)]
    if unknown:
        expected = "keys encoder.{lin0, mlp.k, lin1}.0.{weight, bias}"
        fix = "give a checkpoint of the authors' residual encoders"
        raise InputError(name, expected, f"the key {printable(unknown[0])!r}", fix)
    first = _matrix(name, state, "encoder.lin0.0.weight")
    readout = _matrix(name, state, "encoder.lin1.0.weight")
    architecture = EncoderArchitecture(
        n_features=first[1],
        n_hidden=first[0],
        n_voxels=readout[0],
        n_blocks=sum(bool(re.fullmatch(r"encoder\.mlp\.\d+\.0\.weight", key)) for key in state),
        activation=activation,
        bias="encoder.lin0.0.bias" in state,
    )
    _check_shapes(name, state, _expected_shapes(architecture))
    return architecture


def _expected_shapes(architecture: EncoderArchitecture) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight and bias that an architecture has."""
    hidden = architecture.n_hidden
    weights = {"encoder.lin0.0": (hidden, architecture.n_features)}
    weights |= {f"encoder.mlp.{k}.0": (hidden, hidden) for k in range(architecture.n_blocks)}
    weights |= {"encoder.lin1.0": (architecture.n_voxels, hidden)}
    shapes: dict[str, tuple[int, ...]] = {f"{k}.weight": shape for k, shape in weights.items()}
    if architecture.bias:
        shapes |= {f"{key}.bias": shape[:1] for key, shape in weights.items()}
    return shapes


def _check_shapes(
    name: str, state: Mapping[str, Tensor], expected: Mapping[str, tuple[int, ...]]
) -> None:
    """Require exactly the expected keys, each with its shape and finite values."""
    odd = sorted(set(state) ^ set(expected))
    if odd:
        found = f"{odd[0]} {'unexpected' if odd[0] in state else 'missing'}"
        fix = "give a complete checkpoint of the authors' residual encoders"
        raise InputError(name, f"{len(expected)} weights and biases that fit", found, fix)
    for key, shape in expected.items():
        if tuple(state[key].shape) != shape:
            found = f"{key} of shape {tuple(state[key].shape)}"
            raise InputError(name, f"{key} of shape {shape}", found, "check which model it is")
        if not bool(torch.isfinite(state[key]).all()):
            raise InputError(name, f"finite values in {key}", "NaN or Inf", "train the model again")


def _matrix(name: str, state: Mapping[str, Tensor], key: str) -> tuple[int, int]:
    """Return the shape of a weight matrix that must be there."""
    if key not in state or state[key].ndim != 2 or 0 in state[key].shape:
        found = f"shape {tuple(state[key].shape)}" if key in state else "no such key"
        fix = "give a checkpoint of the authors' residual encoders"
        raise InputError(name, f"a matrix {key}", found, fix)
    rows, columns = state[key].shape
    return rows, columns


def _unwrap(name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights under the names that the wrapped model gave them."""
    plain = {_WRAPPERS.sub("", key): tensor for key, tensor in state.items()}
    if len(plain) != len(state):
        found = "the same one with and without module., _orig_mod., model. or net."
        raise InputError(name, "each weight once", found, _SAVE_AGAIN)
    return plain


def _own_key(key: str) -> str:
    """Return our name of a weight that the scripts' key names."""
    match = _KEY_PATTERN.fullmatch(key)
    layer, block, kind = cast(re.Match[str], match).groups()
    own = {"lin0": "first", "lin1": "readout"}.get(layer, f"blocks.{block}")
    return f"{own}.{kind}"


def _refuse_shards(path: Path) -> None:
    """Say how to join the shards of a checkpoint that was saved in several files."""
    whole = Path(_SHARD.sub(r"\1", path.name.removesuffix(_INDEX)))
    if whole.name == path.name:
        return
    in_shards = printable(f"{whole.stem}-*-of-*{whole.suffix}")
    load = "safetensors.torch.load_file(f)"
    load = load if whole.suffix == SAFETENSORS else "torch.load(f, weights_only=True)"
    code = f"{{k: v for f in glob.glob({in_shards!r}) for k, v in {load}.items()}}"
    fix = f"join the shards, in Python: torch.save({code}, {printable(whole.stem + '.pth')!r})"
    found = "the index of a sharded one" if path.name.endswith(_INDEX) else "one shard of several"
    raise InputError(printable(path.name), "a whole checkpoint", found, fix)


def _find_state(path: Path, loaded: object) -> object:
    """Return the state dict of a checkpoint that keeps it beside other things."""
    for _ in _NESTS:
        held = loaded if isinstance(loaded, dict) else {}
        inner = [name for name in _NESTS if isinstance(held.get(name), dict)]
        if len(inner) > 1:
            found = " and ".join(inner)
            raise InputError(printable(path.name), "one state dict", found, _SAVE_AGAIN)
        if not inner:
            break
        loaded = held[inner[0]]
    return loaded


def _check_state(path: Path, loaded: object) -> dict[str, Tensor]:
    name = printable(path.name)
    if not isinstance(loaded, dict) or not loaded:
        raise InputError(name, "a state dict", type(loaded).__name__, _SAVE_AGAIN)
    size = path.stat().st_size
    for key, tensor in loaded.items():
        if not isinstance(key, str) or not isinstance(tensor, Tensor):
            found = f"{type(tensor).__name__} at {printable(str(key))}"
            raise InputError(name, "tensors by name", found, _SAVE_AGAIN)
        if not tensor.is_floating_point() or not tensor.is_contiguous():
            found = f"{tensor.dtype} with strides {tensor.stride()} at {printable(key)}"
            raise InputError(name, "dense floating-point tensors", found, _SAVE_AGAIN)
        check_claim(path, tuple(tensor.shape), tensor.element_size(), available=size)
    return {key: tensor.detach() for key, tensor in loaded.items()}
