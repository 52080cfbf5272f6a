"""The nonlinear share and its test a second time: float64, one voxel and one penalty at a time."""

import numpy as np
import torch
from scipy import stats

from jne_engine.model import nonlinearity
from jne_engine.model.scoring import draw_bootstrap_counts

ESTIMATES = (*nonlinearity.ESTIMATES, "q_nonlinearity")
LINEAR_ALPHAS = [10 ** (i / 2) for i in range(13)]
READOUT_ALPHAS = [10 ** (i / 2) for i in range(-2, 13)]


def estimate_voxels(encoder, arrays, spec, *, block=1, blocks=None, stimuli_a_direction=12):
    """Return every estimate of every voxel, and the readout on the raw hidden units."""
    train, test = arrays.train, arrays.test
    x, y, lin, e, g, readout = predict_voxels(encoder, arrays)
    directions = find_directions(x, test, stimuli_a_direction)
    found = {name: [] for name in ESTIMATES[:-1]}
    n = len(test)
    blocks = blocks or cut_blocks(n, block)
    drawn = draw_bootstrap_counts(len(blocks), spec.n_resamples, spec.seed).astype(int)
    for voxel in range(y.shape[1]):
        parts = [part[test, voxel] for part in (y, lin, g)]
        rows = [[i for b, c in zip(blocks, counts, strict=True) for i in b * c] for counts in drawn]
        shares = [measure_share(*parts, chosen) for chosen in rows]
        found["nonlinear_share"].append(measure_share(*parts))
        found["nonlinear_share_low"].append(np.quantile(shares, 0.025) if shares else np.nan)
        found["nonlinear_share_high"].append(np.quantile(shares, 0.975) if shares else np.nan)
        bent, straight = g[train, voxel].var(), lin[train, voxel].var()
        found["nonlinear_share_fitted"].append(bent / (bent + straight))
        found["p_nonlinearity"].append(
            compute_p(e[test, voxel], lin[test, voxel], g[test, voxel], directions, blocks)
        )
    found = {name: np.array(values) for name, values in found.items()}
    found["q_nonlinearity"] = stats.false_discovery_control(found["p_nonlinearity"])
    return found, readout


def predict_voxels(encoder, arrays):
    """Return x, y, l, e and g of all stimuli, and the readout (n_voxels, n_hidden)."""
    train, validation = arrays.train, arrays.validation
    x = np.asarray(arrays.features, dtype=float)
    x = x - x[train].mean(axis=0)
    x = x / np.sqrt((x[train] ** 2).mean())
    y = np.asarray(arrays.responses, dtype=float)
    y = y - y[train].mean(axis=0)
    with torch.no_grad():
        hidden = encoder.hidden(torch.from_numpy(arrays.features)).numpy().astype(float)
    bent, scales = bend(hidden, x, train)
    lin = x @ fit_ridge(x[train], y[train], x[validation], y[validation], LINEAR_ALPHAS)
    e = y - lin
    r = fit_ridge(bent[train], e[train], bent[validation], e[validation], READOUT_ALPHAS)
    return x, y, lin, e, bent @ r, (r * scales[:, None]).T


def fit_ridge(x, y, x_validation, y_validation, alphas):
    """Return each voxel's weights of least squared error on validation, by normal equations."""
    n_voxels = y.shape[1]
    best, best_error = np.zeros((x.shape[1], n_voxels)), np.full(n_voxels, np.inf)
    for alpha in alphas:
        weights = np.linalg.solve(x.T @ x + alpha * np.eye(x.shape[1]), x.T @ y)
        for voxel in range(n_voxels):
            error = sum((y_validation[:, voxel] - x_validation @ weights[:, voxel]) ** 2)
            if error < best_error[voxel]:
                best[:, voxel], best_error[voxel] = weights[:, voxel], error
    return best


def bend(hidden, x, train):
    """Return hidden units less their least-squares fit by [x, 1], one unit at a time."""
    design = np.column_stack([x, np.ones(len(x))])
    fit = np.linalg.lstsq(design, hidden, rcond=None)[0]
    bent, scales = np.zeros_like(hidden), np.zeros(hidden.shape[1])
    for unit in range(hidden.shape[1]):
        rest = hidden[:, unit] - design @ fit[:, unit]
        rest = rest - rest[train].mean()
        if rest[train].std() > 1e-4 * hidden[:, unit].std():
            scales[unit] = 1 / rest[train].std()
            bent[:, unit] = rest * scales[unit]
    return bent, scales


def cut_blocks(n, block):
    """Return the stimuli of each block; what is left over joins the last one."""
    blocks = [list(range(i, i + block)) for i in range(0, n - block + 1, block)]
    blocks[-1] += range(blocks[-1][-1] + 1, n)
    return blocks


def find_directions(x, test, stimuli_a_direction):
    """Return [1, k leading directions of all features] over the test stimuli."""
    k = min(len(test) // stimuli_a_direction, x.shape[1])
    directions = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[0][test][:, :k]
    return np.column_stack([np.ones(len(test)), directions])


def take_out(values, design):
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]


def compute_p(e, lin, g, directions, blocks):
    """Return p by least squares on the directions, then on l."""
    e, lin, g = (take_out(part, directions) for part in (e, lin, g))
    if (lin**2).sum() > 1e-12:
        e, g = (take_out(part, lin[:, None]) for part in (e, g))
    scores = [sum(e[i] * g[i] for i in block) for block in blocks]
    left = (len(e) - directions.shape[1]) / (len(e) - 1)
    z = np.mean(scores) / (np.std(scores) / np.sqrt((len(blocks) - 1) * left))
    return stats.norm.sf(z) if len(blocks) == len(e) else stats.t.sf(z, len(blocks) - 1)


def measure_share(y, lin, g, rows=None):
    """Return c / (c + d) over some of the test stimuli, means over all."""
    rows = range(len(y)) if rows is None else rows
    e = y - lin
    e, g, y, lin = (part - part.mean() for part in (e, g, y, lin))
    c = np.mean([e[i] * g[i] for i in rows])
    d = np.mean([y[i] * lin[i] for i in rows])
    return c / (c + d)
