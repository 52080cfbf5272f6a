"""What was done in a run, as text for a paper: true numbers only, with what they do not show."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jne_engine.analysis import maps, summary
from jne_engine.analysis.nonlinearity import summarise_nonlinearity, tell_nonlinearity
from jne_engine.core.citations import Citation
from jne_engine.core.version import VERSION
from jne_engine.cortex.spaces import SurfaceSpace
from jne_engine.formats.guard import printable
from jne_engine.model.measures import list_measures
from jne_engine.report.export.citations import list_citations
from jne_engine.report.export.content import SIMULATED
from jne_engine.runs.store import Run, read_scaling, read_space

WIDTH = 88

SHOWS = (
    "JNE says how much the fitted encoder's local tuning changes from stimulus to stimulus.",
    "JNE-SS says which stimuli carry that change.",
)
SHOWS_NOT = (
    "BOLD is not neural activity: vessels, the haemodynamic response and averaging come between.",
    "JNE carries response gain: scaling a response scales its JNE. Look at JNE / gain beside it.",
    "JNE is a property of this encoder on these features and stimuli, not of the brain alone;"
    " other features, layers or encoders give other values.",
    "No absolute threshold of JNE separates linear from nonlinear voxels; q of nonlinearity does,"
    " relative to the features, where the run has it.",
    "JNE is also 0 where every stimulus deviates by the same amount; see the mean deviation.",
)


@dataclass(frozen=True)
class Methods:
    """The methods text of a run.

    Parameters
    ----------
    title : str
        Of what run, SIMULATED included.
    paragraph : str
        What was done, in sentences.
    rows : tuple of (str, str)
        The same as a table of names and values.
    formulas : tuple of str
        The run's maps of numbers, each with its unit and how it is computed.
    citations : tuple of Citation
        Whom to cite.
    """

    title: str
    paragraph: str
    rows: tuple[tuple[str, str], ...]
    formulas: tuple[str, ...]
    citations: tuple[Citation, ...]


def describe_methods(run: Run) -> Methods:
    """Return what was done in a run, by the numbers that it stored.

    Parameters
    ----------
    run : Run
        A complete run.

    Raises
    ------
    StoreError
        If the run lacks a record that every complete run has.
    """
    manifest = run.manifest
    fits = summary.read_fits(run)
    precision = run.stage("dispersion").read_json("precision")
    stamp = f"{SIMULATED} " if manifest.simulated else ""
    title = f"{stamp}{manifest.name}, {manifest.subject}"
    sentences = (
        *_tell_data(run),
        *_tell_encoders(run, fits),
        *_tell_scores(run),
        *_tell_jacobian(run, precision),
        *_tell_share(run),
        *_tell_software(run),
    )
    rows = (*_tabulate_data(run), *_tabulate_fits(run, fits), *_tabulate_results(run, precision))
    paragraph = " ".join(printable_long(sentence) for sentence in sentences)
    plain_rows = tuple((name, printable(str(value))) for name, value in rows)
    formulas = tuple(
        f"{m.axis}: {m.formula or m.explanation}" for m in maps.list_maps(run) if m.is_numeric
    )
    return Methods(printable(title), paragraph, plain_rows, formulas, list_citations(run))


def format_methods(methods: Methods, *, width: int = WIDTH) -> str:
    """Return a methods text as plain lines: paragraph, table, maps, limits, references, BibTeX.

    Parameters
    ----------
    methods : Methods
    width : int
        Letters a line, for readers that do not wrap.
    """
    column = max(len(name) for name, _ in methods.rows)
    table = [f"{name:<{column}}  {value}" for name, value in methods.rows]
    references = [f"- {c.text} [{c.reason}]" for c in methods.citations]
    parts = (
        ("Methods", _wrap(methods.paragraph, width)),
        ("Numbers", "\n".join(table)),
        ("Maps", _format_list(methods.formulas, width)),
        ("What this shows", _format_list(SHOWS, width)),
        ("What this does not show", _format_list(SHOWS_NOT, width)),
        ("References", "\n".join(_wrap(line, width, hang=2) for line in references)),
        ("BibTeX", "\n\n".join(c.bibtex for c in methods.citations)),
    )
    sections = [f"{head}\n{'-' * len(head)}\n{body}" for head, body in parts]
    return "\n\n".join([methods.title, *sections]) + "\n"


def _format_list(lines: tuple[str, ...], width: int) -> str:
    return "\n".join(_wrap(f"- {line}", width, hang=2) for line in lines)


def printable_long(text: str) -> str:
    """Return text as one line without control characters, however long it is."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def _wrap(text: str, width: int, *, hang: int = 0) -> str:
    return textwrap.fill(
        text, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False
    )


def _tell_data(run: Run) -> tuple[str, ...]:
    m, counts = run.manifest, run.manifest.counts
    simulated = "All data are SIMULATED: nothing was measured in a brain." if m.simulated else ""
    left_out = (
        f" {counts['n_invalid']:,} of them were constant or not finite and were left out."
        if counts["n_invalid"]
        else ""
    )
    return (
        simulated,
        f"Responses of {m.subject} came from: {m.source.rstrip('.')}.",
        f"{counts['n_train']:,} stimuli were used for training, {counts['n_validation']:,} for"
        f" validation and {counts['n_test']:,} for the test; no stimulus was in two of these.",
        _tell_scaling(run),
        f"Stimuli were described by {counts['n_features']:,} features ({m.feature_set}, layer"
        f" {m.layer}), and responses by {counts['n_voxels']:,} {_name_columns(run)}.{left_out}",
    )


def _tell_scaling(run: Run) -> str:
    if read_scaling(run.stage("dataset"), "feature") is None:
        return "Features and responses were fitted as they were given."
    if run.manifest.spec.get("standardise") == "run":
        return (
            "Each feature and each voxel was centred and scaled within each run by its mean and"
            " standard deviation over that run's own training stimuli; JNE and gain are in these"
            " units."
        )
    return (
        "Each feature and each voxel was centred and scaled by its mean and standard deviation over"
        " the training stimuli; JNE and gain are in these units."
    )


def _name_columns(run: Run) -> str:
    space = read_space(run.stage("dataset"))
    if isinstance(space, SurfaceSpace):
        return f"vertices of {space.surface}"
    return "voxels" if space is None else f"voxels of {space.name}"


def _tell_encoders(run: Run, fits: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    spec = run.manifest.spec
    blocks = f"{spec['n_blocks']} residual block{'' if spec['n_blocks'] == 1 else 's'}"
    bias = "with" if spec["bias"] else "without"
    batch = "all stimuli at once" if spec["batch_size"] is None else (
        f"mini-batches of {spec['batch_size']} stimuli"
    )  # fmt: skip
    taken = [name for name, fit in fits.items() if fit.get("source")]
    fitted = [name for name in fits if name not in taken]
    sentences = [
        f"Two encoders of {blocks} and {spec['n_hidden']:,} hidden units {bias} biases predicted"
        f" all {_name_columns(run)} together: a nonlinear one ({spec['activation']}) and its"
        " linear twin (identity).",
    ]
    if fitted:
        sentences.append(
            f"The {' and the '.join(fitted)} encoder{'s were' if len(fitted) > 1 else ' was'}"
            f" fitted to the mean squared error by AdamW (learning rate"
            f" {spec['learning_rate']:g}, weight decay {spec['weight_decay']:g}, {batch}, at most"
            f" {spec['max_epochs']:,} epochs, stopped after {spec['patience']} epochs without a"
            " lower validation loss; the weights of the lowest validation loss were kept)."
        )
    if spec.get("linear_first"):
        sentences.append(
            "The nonlinear encoder was fitted to what a ridge a voxel on the features left, its"
            " readout starting at 0, and predicts the sum of both (penalty chosen on validation"
            " stimuli)."
        )
    sentences += [
        f"The {name} encoder was not fitted here but taken from {fits[name]['source']}."
        for name in taken
    ]
    return tuple(sentences)


def _tell_scores(run: Run) -> tuple[str, ...]:
    spec, counts = run.manifest.spec, run.manifest.counts
    return (
        "Prediction was scored on the test stimuli by R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)².",
        f"Significance: p is the share of {spec['n_resamples']:,} bootstrap resamples of the test"
        " stimuli in which the nonlinear encoder's R² was below 0; voxels with q <"
        f" {spec['fdr_q']:g} after the Benjamini–Hochberg correction over voxels counted as"
        f" significant ({counts['n_significant']:,} of {counts['n_voxels']:,}).",
        f"Over these, mean R² was {_mean(run, 'r2_nonlinear')} for the nonlinear and"
        f" {_mean(run, 'r2_linear')} for the linear encoder.",
    )


def _tell_jacobian(run: Run, precision: dict[str, Any]) -> tuple[str, ...]:
    n = run.manifest.counts["n_test"]
    reason = printable(precision["reason"]).rstrip(".")
    why = "" if precision["asked"] == precision["used"] else f" ({reason})"
    return (
        f"The Jacobian of the nonlinear encoder was taken in closed form at each of the {n:,} test"
        f" stimuli, with {precision['used']} operands{why} and wider sums.",
        "With J the Jacobian, s a stimulus, f a feature and d_s = Σ_f |J_sf − J̄_f|, JNE ="
        " sqrt(mean_s (d_s − mean_s d_s)²) and JNE-SS_s = (d_s − mean_s d_s)²: the L1 variant on"
        " Jacobians that are not z-scored, with population statistics.",
    )


def _tell_share(run: Run) -> tuple[str, ...]:
    found = summarise_nonlinearity(run)
    if found is None:
        return ("The nonlinear share was not measured.",)
    n, told = run.manifest.counts["n_test"], run.stage("calibration").read_json("nonlinearity")
    blocks = told.get("blocks", "stimuli")  # a run from before there were others does not say
    return (
        "Which voxels are nonlinear in these features: a ridge a voxel on the features (l), a ridge"
        " of its residual on the nonlinear encoder's last hidden units less what is linear in them"
        f" (g), and on the {n:,} test stimuli the nonlinear share cov(y − l, g) / (cov(y − l, g) +"
        f" cov(y, l)) with a bootstrap interval over {blocks} and a one-sided score test of y − l"
        f" with g, Benjamini–Hochberg corrected over voxels.{_tell_blocks(told)}",
        f"{tell_nonlinearity(found)} The interval of the median is a bootstrap over voxels.",
    )


def _tell_blocks(told: Mapping[str, Any]) -> str:
    """Say what is done about stimuli of one run, empty where the data do not know of runs."""
    n_runs = told.get("n_runs")
    if n_runs is None:
        return ""
    if told["blocks"] == "runs":
        return f" Scores were summed over each of the test stimuli's {n_runs:,} runs."
    return f" The test stimuli are of {n_runs:,} runs, too few to take a run for one observation."


def _tell_software(run: Run) -> tuple[str, ...]:
    versions = run.manifest.versions
    libraries = ", ".join(
        f"{name} {versions[name]}" for name in ("python", "numpy", "torch") if name in versions
    )
    seed = run.manifest.spec["seed"]
    device = versions.get("device", "cpu")  # older runs do not tell
    how = f"{libraries}; device {device}; seed {seed}"
    return (f"Computed with JNE Explorer {VERSION} ({how}), run {run.run_id}.",)


def _tabulate_data(run: Run) -> tuple[tuple[str, Any], ...]:
    m, counts = run.manifest, run.manifest.counts
    rois = maps.choose_roi_set(run)
    return (
        ("data", "SIMULATED" if m.simulated else "measured"),
        ("subject", m.subject),
        ("source", m.source),
        ("train / validation / test", " / ".join(
            f"{counts[f'n_{s}']:,}" for s in ("train", "validation", "test"))),
        ("features", f"{m.feature_set}, layer {m.layer}, {counts['n_features']:,} dimensions"),
        ("responses", f"{counts['n_voxels']:,} {_name_columns(run)}"),
        ("invalid", f"{counts['n_invalid']:,}"),
        ("ROIs", "none" if rois is None else f"{rois.preset}: {rois.source}"),
    )  # fmt: skip


def _tabulate_fits(run: Run, fits: dict[str, dict[str, Any]]) -> tuple[tuple[str, Any], ...]:
    rows: list[tuple[str, Any]] = []
    for name, fit in fits.items():
        best = fit.get("best_epoch")
        end = f"best epoch {best}" if best is not None else f"given: {fit.get('source')}"
        stopped = "" if fit.get("converged") is not False else ", still improving at the last one"
        rows.append((f"{name} encoder", f"{fit['n_parameters']:,} parameters, {end}{stopped}"))
    spec = run.manifest.spec
    rows += [(name, spec[name]) for name in ("activation", "n_hidden", "n_blocks", "bias")]
    batch = "full batch" if spec["batch_size"] is None else spec["batch_size"]
    rows += [("batch_size", batch)]
    if spec.get("linear_first"):
        rows += [("linear_first", True)]
    rows += [(name, spec[name]) for name in ("learning_rate", "weight_decay", "seed")]
    return tuple(rows)


def _tabulate_results(run: Run, precision: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    m, counts = run.manifest, run.manifest.counts
    share = f"{counts['n_significant']:,} of {counts['n_voxels']:,} (q < {m.spec['fdr_q']:g})"
    error = precision["relative_error"]
    checked = "" if error is None else f", JNE within {error:.2g} of float32 where checked"
    return (
        ("significant", share),
        *(
            (f"mean {m.label}", f"{_mean(run, m.name)} {m.unit}")
            for m in maps.select_known(run, list_measures("region"))
        ),
        ("Jacobian", f"closed form, {precision['used']}{checked}"),
        ("variant", "L1 over features, not z-scored, population statistics"),
        ("bootstrap resamples", m.spec["n_resamples"]),
        ("versions", ", ".join(f"{k} {v}" for k, v in m.versions.items())),
        ("computed", m.created),
        ("run", run.run_id),
        ("run key", m.key),
    )


def _mean(run: Run, name: str) -> str:
    values = maps.read_map(run, name)[maps.read_significant(run)]
    finite = values[np.isfinite(values)].astype(np.float64)
    return f"{finite.mean():.3g}" if finite.size else "undefined (no significant voxel)"
