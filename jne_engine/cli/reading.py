"""``info``, ``list`` and ``backup``: what is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from jne_engine.cli.jobs import out_option


@click.command()
@click.argument("path", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--rois", "preset", default=None, help="ROI preset; the run's first by default.")
def info(path: Path, as_json: bool, preset: str | None) -> None:
    """Say what RUN holds: its areas, tiers, agreement with the truth, timings, versions."""
    from jne_engine.analysis.nonlinearity import summarise_nonlinearity, tell_nonlinearity
    from jne_engine.analysis.summary import summarise_run, tell_no_signal
    from jne_engine.runs.store import open_run

    opened = open_run(path)
    summary = summarise_run(opened, preset)
    if as_json:
        click.echo(json.dumps(summary, indent=1))
    else:
        click.echo(_describe(summary, tell_nonlinearity(summarise_nonlinearity(opened))))
        if told := tell_no_signal(opened):
            click.echo(told)


@click.command()
@out_option
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
def backup(target: Path, root: Path) -> None:
    """Bring TARGET, a copy of the folder of runs, up to date; it may be in use meanwhile."""
    from jne_engine.jobs.backup import back_up

    done = back_up(root, target)
    others = f"{done.n_kept} runs were there, {done.n_files} other files copied"
    click.echo(f"{done.n_runs} runs copied, {others}: {target}")


@click.command(name="list")
@out_option
def list_runs(root: Path) -> None:
    """List the complete runs of a folder, and what can be resumed."""
    from jne_engine.runs.store import find_runs, find_unfinished

    for finished in find_runs(root):
        manifest = finished.manifest
        counts = f"{manifest.counts['n_voxels']} voxels, {manifest.counts['n_test']} test stimuli"
        mark = " SIMULATED" if manifest.simulated else ""
        click.echo(f"{finished.run_id}  {manifest.created}  {counts}{mark}")
    for path in find_unfinished(root):
        click.echo(f"{path.name}  unfinished: run the same command to resume it", err=True)


def _describe(summary: dict[str, Any], nonlinearity: str) -> str:
    mark = "SIMULATED " if summary["simulated"] else ""
    lines = [f"{mark}{summary['name']}, {summary['subject']} ({summary['run_id']})", nonlinearity]
    lines += [f"{k}: {v}" for k, v in summary["counts"].items()]
    header = f"{'ROI':<12}{'tier':<14}{'n sig / n':>12}{'R² lin':>9}{'R² non':>9}{'JNE':>11}"
    lines += ["", header]
    lines += [_describe_roi(roi) for roi in (*summary["rois"], summary["whole"])]
    truth = summary["truth"]
    if truth is not None:
        r = "unknown" if truth["pearson_r_jne"] is None else f"{truth['pearson_r_jne']:.3f}"
        lines += ["", f"r(JNE, planted nonlinearity) = {r} over {truth['n']} significant voxels"]
    seconds = ", ".join(f"{k} {v:.1f}" for k, v in summary["timings_s"].items())
    return "\n".join([*lines, "", f"seconds: {seconds}"])


def _describe_roi(roi: dict[str, Any]) -> str:
    numbers = [roi["mean_r2_linear"], roi["mean_r2_nonlinear"], roi["mean_jne"]]
    linear, nonlinear, jne = (float("nan") if x is None else x for x in numbers)
    share = f"{roi['n_significant']} / {roi['n_voxels']}"
    tier = roi["tier"] or ""
    return f"{roi['name']:<12}{tier:<14}{share:>12}{linear:>9.3f}{nonlinear:>9.3f}{jne:>11.5f}"
