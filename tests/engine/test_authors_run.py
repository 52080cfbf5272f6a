"""The authors' files with their own encoder give the JNE of a dense calculation, no refitting."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

from jne_engine.cli.main import main
from jne_engine.runs.store import open_run

N_IMAGES, N_FEATURES, N_HIDDEN, N_VOXELS, N_SHARED = 60, 20, 16, 9, 12


class Encoder(nn.Module):
    """A plain torch module whose weights have the names of the authors' scripts."""

    def __init__(self, phi: nn.Module) -> None:
        super().__init__()
        self.lin0 = nn.Sequential(nn.Linear(N_FEATURES, N_HIDDEN, bias=False), phi)
        blocks = [nn.Sequential(nn.Linear(N_HIDDEN, N_HIDDEN, bias=False), phi) for _ in range(2)]
        self.mlp = nn.ModuleList(blocks)
        self.lin1 = nn.Sequential(nn.Linear(N_HIDDEN, N_VOXELS, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        h = self.lin0(x)
        for block in self.mlp:
            h = block(h) + h
        return self.lin1(h)


class Model(nn.Module):
    """What the scripts save the state dict of."""

    def __init__(self, phi: nn.Module) -> None:
        super().__init__()
        self.encoder = Encoder(phi)


def dense_jne(model: Model, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return JNE and JNE-SS from every whole Jacobian in float64."""
    encoder = model.double().encoder
    jacobians = np.stack(
        [torch.func.jacrev(encoder)(torch.from_numpy(row).double()).detach().numpy() for row in x]
    )
    deviation = np.abs(jacobians - jacobians.mean(axis=0)).sum(axis=2)
    squares = (deviation - deviation.mean(axis=0)) ** 2
    return np.sqrt(squares.mean(axis=0)), squares


@pytest.mark.parametrize(("kind", "phi"), [("relu", nn.ReLU()), ("tanh", nn.Tanh())])
def test_a_fitted_pth_gives_the_dense_jne(tmp_path: Path, kind: str, phi: nn.Module) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(N_IMAGES, 13, N_FEATURES)).astype(np.float32)
    responses = rng.normal(size=(N_IMAGES, N_VOXELS)).astype(np.float32)
    for name, values in (("clip_vit", features), ("fmri", responses)):
        with h5py.File(tmp_path / f"Stan_{name}_Sub1.h5", "w") as file:
            file["data"] = values
    shared = np.sort(rng.choice(N_IMAGES, N_SHARED, replace=False))
    np.save(tmp_path / "Sub_info_uniqueFig.npy", np.tile(shared, (4, 1)))
    torch.manual_seed(0)
    linear, nonlinear = Model(nn.Identity()), Model(phi)
    weights = {
        "linear": tmp_path / "clip_vit_S1_L12_res_linear.pth",
        "nonlinear": tmp_path / f"clip_vit_S1_L12_res_nonlinear_{kind}.pth",
    }
    torch.save(linear.state_dict(), weights["linear"])
    torch.save(nonlinear.state_dict(), weights["nonlinear"])
    runner = CliRunner()
    described = ["import", "scripts", tmp_path, "--subject", "1", "--out", tmp_path / "data"]
    assert runner.invoke(main, [str(a) for a in described]).exit_code == 0
    command = ["run", tmp_path / "data", "--out", tmp_path / "runs", "--quiet", "--inline",
               "--linear-weights", weights["linear"],
               "--nonlinear-weights", weights["nonlinear"]]  # fmt: skip
    result = runner.invoke(main, [str(a) for a in command])
    assert result.exit_code == 0, result.output
    jne, jne_ss = dense_jne(nonlinear, features[shared, 12])
    stage = open_run(tmp_path / "runs").stage("dispersion")
    np.testing.assert_allclose(stage.read_array("jne"), jne, rtol=1e-4)
    np.testing.assert_allclose(stage.read_array("jne_ss"), jne_ss, rtol=1e-3, atol=1e-4 * jne.max())
    assert jne.min() > 0
