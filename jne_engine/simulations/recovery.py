"""Recovery: which measure finds a voxel's planted nonlinear share, and where it fails.

Encoders are fitted to SIMULATED voxels (:mod:`jne_engine.simulations.planted`), and every
measure is correlated with the truth over voxels. The same measures of the planted function
itself, without any fit, tell failures of a measure from failures of the fit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats
from torch import Tensor, nn

from jne_engine.core.arrays import AnyArray, Float64Array
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.model.dispersion import measure_jacobians, stream_dispersion
from jne_engine.model.encoders import build_encoder
from jne_engine.model.measures import list_measures, list_stored
from jne_engine.model.scoring import compute_r2
from jne_engine.model.spec import Activation, RunSpec
from jne_engine.model.training import LearningCurve, Samples, fit_encoder, predict
from jne_engine.model.variants import VARIANTS, compute_variant, stream_variants
from jne_engine.runs.results import SimulationResult
from jne_engine.simulations.planted import TEST, TRAIN, VALIDATION, PlantedVoxels, draw_samples
from jne_engine.simulations.settings import RecoveryCondition, RecoverySettings

CONDITION = list(RecoveryCondition._fields)


def simulate_recovery(
    settings: RecoverySettings | None = None, progress: Progress | None = None
) -> SimulationResult:
    """Fit encoders to voxels of known nonlinear share and correlate measures with it.

    Parameters
    ----------
    settings : RecoverySettings, optional
        Full size by default: 42 subjects, minutes on two cores.
    progress : callable, optional
        Called as ``progress(subjects done, subjects)``.

    Returns
    -------
    SimulationResult
        ``voxels``: every measure of every voxel beside the truth; ``correlations``: per
        subject, source (``"fitted"``, or ``"planted"`` for the function itself) and measure:
        Pearson's r with a 95 % bootstrap interval over voxels, and Spearman's ρ; ``summary``:
        mean and spread of r over seeds; ``fits``: epochs and accuracy of each fit.
    """
    settings = settings or RecoverySettings()
    report = progress or ignore_progress
    conditions = settings.conditions()
    report(0, len(conditions))
    voxels, fits = [], []
    for done, condition in enumerate(conditions, start=1):
        subject_voxels, subject_fits = _simulate_subject(condition, settings)
        voxels.append(subject_voxels)
        fits += subject_fits
        report(done, len(conditions))
    voxel_table = pd.concat(voxels, ignore_index=True)
    correlations = correlate_measures(voxel_table, settings.n_resamples)
    tables = {
        "voxels": voxel_table,
        "correlations": correlations,
        "summary": _summarise(correlations),
        "fits": pd.DataFrame(fits),
    }
    return SimulationResult("recovery", settings.to_dict(), tables)


def correlate_measures(voxels: pd.DataFrame, n_resamples: int, seed: int = 0) -> pd.DataFrame:
    """Correlate every measure with the truth for each subject and source.

    Parameters
    ----------
    voxels : pandas.DataFrame
        The condition's columns, ``source``, ``nonlinear_share`` and the measures.
    n_resamples : int
        Bootstrap resamples of the voxels; the same resamples for all measures.
    """
    rows: list[dict[str, object]] = []
    for key, group in voxels.groupby([*CONDITION, "source"], sort=False, dropna=False):
        names = dict(zip([*CONDITION, "source"], key, strict=True))
        truth = group["nonlinear_share"].to_numpy(dtype=np.float64)
        for measure in (m.name for m in list_measures("recovery")):
            values = group[measure].to_numpy(dtype=np.float64)
            if np.isfinite(values).all():
                rows.append(
                    {**names, "measure": measure, **_correlate(values, truth, n_resamples, seed)}
                )
    return pd.DataFrame(rows)


def bootstrap_pearson(
    values: Float64Array, truth: Float64Array, n_resamples: int, seed: int
) -> Float64Array:
    """Return Pearson's r of resampled pairs, shape (n_resamples,).

    With C the resample counts, all moments come from products C·x: no loop over resamples.
    """
    n = values.size
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=n_resamples) / n
    x, y = values - values.mean(), truth - truth.mean()
    mean_x, mean_y = counts @ x, counts @ y
    covariance = counts @ (x * y) - mean_x * mean_y
    variances = (counts @ x**2 - mean_x**2) * (counts @ y**2 - mean_y**2)
    return np.asarray(covariance / np.sqrt(variances))


def _correlate(
    values: Float64Array, truth: Float64Array, n_resamples: int, seed: int
) -> dict[str, object]:
    if np.ptp(values) == 0:
        return {"n": values.size, "r": np.nan, "r_low": np.nan, "r_high": np.nan, "rho": np.nan}
    low, high = np.nanquantile(bootstrap_pearson(values, truth, n_resamples, seed), [0.025, 0.975])
    return {
        "n": values.size,
        "r": float(np.corrcoef(values, truth)[0, 1]),
        "r_low": float(low),
        "r_high": float(high),
        "rho": float(stats.spearmanr(values, truth).statistic),
    }


def _simulate_subject(
    condition: RecoveryCondition, settings: RecoverySettings
) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Plant, fit and measure one subject; return its voxels and its fits."""
    planted = PlantedVoxels(condition, settings)
    train = draw_samples(planted, condition, condition.n_train, TRAIN)
    validation = draw_samples(planted, condition, settings.n_validation, VALIDATION)
    test = draw_samples(planted, condition, settings.n_test, TEST)
    r2, fits = {}, []
    encoders: dict[str, nn.Module] = {}
    for name, activation in _ENCODERS.items():
        encoder, curve = _fit(activation, train, validation, condition, settings)
        r2[name] = compute_r2(test.responses.numpy(), predict(encoder, test.features).numpy())
        encoders[name] = encoder
        fits.append({**condition._asdict(), "encoder": name, **_describe_fit(curve, r2[name])})
    fitted = _measure_fitted(encoders["nonlinear"], test.features)
    fitted |= {f"r2_{name}": values for name, values in r2.items()}
    measured = {"fitted": fitted, "planted": _measure_planted(planted, test.features)}
    sources = {source: _tabulate(values) for source, values in measured.items()}
    tables = [_label(table, source, planted, condition) for source, table in sources.items()]
    return pd.concat(tables, ignore_index=True), fits


_ENCODERS: dict[str, Activation] = {"linear": "identity", "nonlinear": "relu"}


def _fit(
    activation: Activation,
    train: Samples,
    validation: Samples,
    condition: RecoveryCondition,
    settings: RecoverySettings,
) -> tuple[nn.Module, LearningCurve]:
    spec = RunSpec(
        n_hidden=settings.n_hidden,
        activation=activation,
        batch_size=condition.batch_size,
        max_epochs=settings.max_epochs,
        seed=condition.seed,
    )
    encoder = build_encoder(
        settings.n_features,
        settings.n_voxels,
        n_hidden=spec.n_hidden,
        n_blocks=spec.n_blocks,
        activation=activation,
        seed=spec.seed,
    )
    return encoder, fit_encoder(encoder, train, validation, spec)


def _measure_fitted(encoder: nn.Module, features: Tensor) -> dict[str, AnyArray]:
    dispersion = stream_dispersion(encoder, features)
    found = {m.name: getattr(dispersion, m.name) for m in list_stored("dispersion")}
    return _to_arrays(stream_variants(encoder, features) | found)


def _measure_planted(planted: PlantedVoxels, features: Tensor) -> dict[str, AnyArray]:
    jacobians = planted.jacobians(features)
    variants = {name: compute_variant(jacobians, name) for name in VARIANTS}
    return _to_arrays(measure_jacobians(jacobians) | variants)


def _to_arrays(tensors: Mapping[str, Tensor]) -> dict[str, AnyArray]:
    return {name: values.numpy() for name, values in tensors.items()}


def _tabulate(found: Mapping[str, AnyArray]) -> pd.DataFrame:
    """Return measures as columns; NaN where one needs a fit and there is none, as ΔR²."""
    columns = {"gain": found["gain"]}
    for measure in list_measures("recovery"):
        if measure.name in found:
            columns[measure.name] = found[measure.name]
        elif measure.compute is not None and found.keys() >= set(measure.needs):
            columns[measure.name] = measure.compute(*(found[name] for name in measure.needs))
        else:
            columns[measure.name] = np.full_like(found["gain"], np.nan)
    return pd.DataFrame({name: values.astype(np.float64) for name, values in columns.items()})


def _label(
    table: pd.DataFrame, source: str, planted: PlantedVoxels, condition: RecoveryCondition
) -> pd.DataFrame:
    """Put the condition and the truth beside a subject's measures."""
    return table.assign(
        **condition._asdict(),
        source=source,
        voxel=np.arange(len(table)),
        nonlinear_share=planted.nonlinear_share.double().numpy(),
        response_gain=planted.response_gain.double().numpy(),
        symmetric=planted.symmetric.numpy(),
    )


def _describe_fit(curve: LearningCurve, r2: Float64Array) -> dict[str, object]:
    """Return how long a fit took and how well it predicts."""
    return {
        "epochs": len(curve.train_loss),
        "best_epoch": curve.best_epoch,
        "converged": curve.converged,
        "mean_r2": float(r2.mean()),
    }


def _summarise(correlations: pd.DataFrame) -> pd.DataFrame:
    by = [*(c for c in CONDITION if c != "seed"), "source", "measure"]
    groups = correlations.groupby(by, sort=False, dropna=False)
    return groups.agg(
        n_seeds=("r", "size"),
        mean_r=("r", "mean"),
        sd_r=("r", "std"),
        min_r=("r", "min"),
        max_r=("r", "max"),
        mean_low=("r_low", "mean"),
        mean_high=("r_high", "mean"),
        mean_rho=("rho", "mean"),
    ).reset_index()
