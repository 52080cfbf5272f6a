"""The stages of a run: describe, fit twice, score, disperse."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from jne_engine.core.arrays import Float32Array
from jne_engine.core.devices import find_exact
from jne_engine.core.progress import Progress, StageProgress
from jne_engine.datasets.dataset import EncodingDataset, InputRecord
from jne_engine.model.dispersion import stream_dispersion
from jne_engine.model.encoders import ResidualEncoder, build_encoder, restore_encoder, select_voxels
from jne_engine.model.linear_first import fit_chosen
from jne_engine.model.measures import list_stored
from jne_engine.model.nonlinearity import (
    CANNOT_TELL,
    ESTIMATES,
    measure_nonlinearity,
)
from jne_engine.model.scaling import Scaling, scale_runs
from jne_engine.model.score_test import ScoreDesign
from jne_engine.model.scoring import (
    compute_bootstrap_pvalues,
    compute_noise_ceiling,
    compute_r2,
    correct_fdr,
)
from jne_engine.model.spec import Activation, RunSpec
from jne_engine.model.split_arrays import SplitArrays
from jne_engine.model.training import LearningCurve, Samples, place_samples, predict
from jne_engine.runs.sink import DiskSink
from jne_engine.runs.store import RunFolder, StageWriter, write_dataset, write_scaling

StageEpochReport = Callable[[str, int, float, float], None]
"""Called as ``report(stage, epoch, train_loss, validation_loss)``, epochs counted from 1."""


@dataclass(frozen=True, eq=False)
class FittedEncoder:
    """An encoder that somebody fitted elsewhere, over all columns of the dataset."""

    encoder: ResidualEncoder
    source: InputRecord


class RunStages:
    """The work of one run; each stage is written on its own.

    Parameters
    ----------
    dataset : EncodingDataset
        What to fit; invalid voxels are left out and are NaN in every result.
    spec : RunSpec
        How to fit it.
    fitted : mapping of {"linear", "nonlinear"} to FittedEncoder
        Encoders to take instead of fitting.
    report : callable
        Called as ``report(stage, done, total)``.
    on_epoch : callable
        Called as ``on_epoch(stage, epoch, train_loss, validation_loss)`` after each epoch.
    device : torch.device
        Where fits and predictions are computed; all else too where it has float64.
    """

    def __init__(
        self,
        dataset: EncodingDataset,
        spec: RunSpec,
        fitted: Mapping[str, FittedEncoder],
        report: StageProgress,
        *,
        on_epoch: StageEpochReport,
        device: torch.device,
    ) -> None:
        self.spec, self.fitted, self.report = spec, fitted, report
        self.on_epoch = on_epoch
        self.device, self._exact = device, find_exact(device)
        self.is_within_run = spec.standardise == "run" and not fitted
        self.dataset = _scale_within_runs(dataset) if self.is_within_run else dataset
        self.columns = np.flatnonzero(self.dataset.valid_voxels).astype(np.int64)
        # Encoders that were fitted elsewhere take the data as they are.
        self.is_scaled = spec.standardise != "none" and not fitted

    @functools.cached_property
    def feature_scaling(self) -> Scaling:
        """What is taken off the features before the fit."""
        features = self.dataset.features
        if not self.is_scaled:
            return Scaling.identity(features.shape[1])
        return Scaling.fit(features, self.dataset.splits.train)

    @functools.cached_property
    def response_scaling(self) -> Scaling:
        """What is taken off the responses of every voxel, NaN where a voxel is invalid."""
        responses = self.dataset.responses
        if not self.is_scaled:
            return Scaling.identity(responses.shape[1])
        return Scaling.fit(responses, self.dataset.splits.train)

    def write(self, name: str, folder: RunFolder, stage: StageWriter) -> None:
        """Compute one stage of :attr:`Run.STAGES` into its writer.

        Parameters
        ----------
        name : str
            The stage.
        folder : RunFolder
            Holds the stages before it.
        stage : StageWriter
            Takes what is computed.
        """
        stages: dict[str, Callable[[RunFolder, StageWriter], None]] = {
            "dataset": self._describe,
            "linear": functools.partial(self._fit_stage, name="linear", activation="identity"),
            "nonlinear": functools.partial(
                self._fit_stage, name="nonlinear", activation=self.spec.activation
            ),
            "scores": self._score,
            "dispersion": self._disperse,
            "calibration": self._calibrate,
        }
        stages[name](folder, stage)

    def _describe(self, folder: RunFolder, stage: StageWriter) -> None:
        del folder
        self.report("dataset", 0, 1)
        write_dataset(stage, self.dataset)
        if self.is_scaled:
            write_scaling(stage, self.feature_scaling, self.response_scaling)
        self.report("dataset", 1, 1)

    def _fit_stage(
        self, folder: RunFolder, stage: StageWriter, *, name: str, activation: Activation
    ) -> None:
        del folder
        if name in self.fitted:
            encoder, curve = select_voxels(self.fitted[name].encoder, self.columns), None
        else:
            encoder, curve = self._fit(activation, name)
        weights = {k: v.cpu().numpy() for k, v in encoder.state_dict().items()}
        stage.write_weights("encoder", weights)
        stage.write_table("curve", _curve_table(curve))
        n_parameters = sum(p.numel() for p in encoder.parameters())
        stage.write_json(
            "fit",
            {
                "activation": encoder.activation,
                "n_parameters": n_parameters,
                "best_epoch": curve.best_epoch if curve else None,
                "converged": curve.converged if curve else None,
                "source": self.fitted[name].source.name if name in self.fitted else None,
            },
        )

    def _score(self, folder: RunFolder, stage: StageWriter) -> None:
        measured = self._responses(self.dataset.splits.test)
        features = self._features(self.dataset.splits.test)
        found: dict[str, npt.NDArray[Any]] = {}
        for done, name in enumerate(("linear", "nonlinear")):
            self.report("scores", done, 2)
            predicted = predict(self._load(folder, name, self.device), features).numpy()
            pvalues = compute_bootstrap_pvalues(
                measured, predicted, self.spec.n_resamples, self.spec.seed, device=self._exact
            )
            found[f"r2_{name}"] = compute_r2(measured, predicted)
            found |= {f"p_{name}": pvalues, f"q_{name}": correct_fdr(pvalues)}
        found["noise_ceiling"] = self._noise_ceiling()
        self._write_measures("scores", stage, found)
        self.report("scores", 2, 2)

    def _disperse(self, folder: RunFolder, stage: StageWriter) -> None:
        shape = (self.dataset.splits.test.size, self.dataset.n_voxels)
        jne_ss = stage.create_array("jne_ss", shape, np.float32)
        result = stream_dispersion(
            self._load(folder, "nonlinear", self._exact),
            self._features(self.dataset.splits.test),
            precision=self.spec.precision,
            progress=self._progress("dispersion"),
            sink=DiskSink(folder.scratch("dispersion"), jne_ss, self.columns),
        )
        found = {m.name: getattr(result, m.name).numpy() for m in list_stored("dispersion")}
        self._write_measures("dispersion", stage, found)
        stage.write_json("precision", asdict(result.precision))

    def _calibrate(self, folder: RunFolder, stage: StageWriter) -> None:
        """Say which voxels are nonlinear and how much, with the fitted hidden units."""
        n_voxels, n_test = self.columns.size, self.dataset.splits.test.size

        def report(offset: int) -> Progress:
            return lambda done, _: self.report("calibration", offset + done, n_voxels + n_test)

        encoder = self._load(folder, "nonlinear", self._exact)
        design = ScoreDesign.of_runs(self.dataset.runs, self.dataset.splits.test)
        found = measure_nonlinearity(
            encoder, self._arrays(), self.spec, design=design, progress=report(0)
        )
        jne = stream_dispersion(
            found.encoder,
            self._features(self.dataset.splits.test),
            precision=self.spec.precision,
            progress=report(n_voxels),
            sink=DiskSink(folder.scratch("calibration"), None, self.columns),
        ).jne.numpy()
        values = {name: getattr(found, name) for name in (*ESTIMATES, "q_nonlinearity")}
        values["jne_calibrated"] = found.hide_unknown(jne)
        self._write_measures("calibration", stage, values)
        names = "n_components", "n_units", "n_blocks", "absorbed"
        told: dict[str, Any] = {name: getattr(found, name) for name in names}
        told["blocks"] = "stimuli" if design.runs is None else "runs"
        if runs := self.dataset.runs:
            told["n_runs"] = len({runs[row] for row in self.dataset.splits.test})
        reasons = {text: int((found.reason == code).sum()) for code, text in CANNOT_TELL.items()}
        stage.write_json("nonlinearity", {**told, "cannot_tell": reasons})

    def _arrays(self) -> SplitArrays:
        splits = self.dataset.splits
        return SplitArrays(
            self.feature_scaling.apply(self.dataset.features),
            self.dataset.responses,
            splits.train,
            splits.validation,
            splits.test,
            columns=self.columns,
            scaling=self.response_scaling if self.is_scaled else None,
        )

    def _fit(self, activation: Activation, name: str) -> tuple[ResidualEncoder, LearningCurve]:
        spec, splits = self.spec, self.dataset.splits
        encoder = build_encoder(
            self.dataset.n_features,
            self.columns.size,
            n_hidden=spec.n_hidden,
            n_blocks=spec.n_blocks,
            activation=activation,
            bias=spec.bias,
            seed=spec.seed,
        ).to(self.device)
        train, validation = self._samples(splits.train), self._samples(splits.validation)
        curve = fit_chosen(
            encoder,
            train,
            validation,
            spec,
            progress=self._progress(name),
            on_epoch=functools.partial(self.on_epoch, name),
        )
        return encoder, curve

    def _samples(self, rows: npt.NDArray[np.int64]) -> Samples:
        samples = Samples(self._features(rows), torch.from_numpy(self._responses(rows)))
        return place_samples(samples, self.device)

    def _features(self, rows: npt.NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(self.feature_scaling.apply(self.dataset.features[rows]))

    def _responses(self, rows: npt.NDArray[np.int64]) -> Float32Array:
        """Return one split's responses of the valid voxels, scaled."""
        scaling = self.response_scaling.take(self.columns)
        return scaling.apply(self.dataset.responses[rows][:, self.columns])

    def _load(self, folder: RunFolder, name: str, device: torch.device) -> ResidualEncoder:
        stage = folder.read_stage(name)
        weights, fit = stage.read_weights("encoder"), stage.read_json("fit")
        return restore_encoder(weights, fit["activation"]).to(device)

    def _noise_ceiling(self) -> Float32Array:
        """Return each valid voxel's ceiling in percent: given, from repeats, or NaN."""
        dataset = self.dataset
        if dataset.noise_ceiling is not None:
            ceiling = 100 * dataset.noise_ceiling
        elif dataset.test_repeats is not None:
            ceiling = compute_noise_ceiling(dataset.test_repeats, scaled=not self.is_scaled).astype(
                np.float32
            )
        else:
            ceiling = np.full(dataset.n_voxels, np.nan, dtype=np.float32)
        return ceiling[self.columns]

    def _write_measures(
        self, name: str, stage: StageWriter, found: Mapping[str, npt.NDArray[Any]]
    ) -> None:
        """Write what the stage stores, a value a valid voxel, over all columns as float32."""
        for measure in list_stored(name):
            whole = np.full(self.dataset.n_voxels, np.nan, dtype=np.float32)
            whole[self.columns] = found[measure.name]
            stage.write_array(measure.name, whole)

    def _progress(self, stage: str) -> Progress:
        return functools.partial(self.report, stage)


def _scale_within_runs(dataset: EncodingDataset) -> EncodingDataset:
    """Return the dataset with features and responses standardised within each run.

    It holds a copy of both in memory. Units differ from run to run, so that none is left.
    """
    runs, train = dataset.require_runs(), dataset.splits.train
    features = scale_runs(dataset.features, runs, train)
    responses = scale_runs(dataset.responses, runs, train)
    return replace(dataset, features=features, responses=responses, unit="")


def _curve_table(curve: LearningCurve | None) -> pd.DataFrame:
    train, validation = (curve.train_loss, curve.validation_loss) if curve else ((), ())
    return pd.DataFrame(
        {
            "epoch": np.arange(1, len(train) + 1),
            "train_loss": np.asarray(train, dtype=np.float64),
            "validation_loss": np.asarray(validation, dtype=np.float64),
        }
    )
