"""``stability``: how far a measure agrees over seeds, halves, shuffled pairings and company."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from jne_engine.analysis.stability import Stability, keep_stability, measure_stability
from jne_engine.cli.jobs import out_option
from jne_engine.core.errors import InputError
from jne_engine.jobs.queue import open_jobs
from jne_engine.jobs.studies import tabulate_study
from jne_engine.runs.store import Run, open_run


@click.command()
@click.argument("study", metavar="STUDY", required=False)
@click.option(
    "--run", "paths", multiple=True, type=click.Path(path_type=Path),
    help="A run's folder, instead of a study; give it several times.",
)  # fmt: skip
@click.option("--measure", default="nonlinear_share", show_default=True, help="Map to judge.")
@click.option("--rois", "preset", default=None, help="ROI preset; the run's first by default.")
@click.option("--all", "everything", is_flag=True, help="All voxels, not the significant ones.")
@click.option("--voxels", type=click.Path(path_type=Path), help="Also write maps to this CSV.")
@click.option("--store", is_flag=True, help="Keep maps beside the runs, for pages and exports.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@out_option
def stability(
    study: str | None, paths: tuple[Path, ...], root: Path, measure: str, **options: Any
) -> None:
    """Say how far a measure agrees over the finished runs of STUDY.

    Make them with ``run`` or ``demo`` and --seed 0, 1, …; --change "first half" and "second
    half"; --change "pairing shuffled" for the floor; --change "V1 alone" for what V1 owes to
    the company of other areas.
    """
    runs = _find_runs(study, paths, root)
    found = measure_stability(
        runs, measure, preset=options["preset"], significant=not options["everything"]
    )
    if options["voxels"] is not None:
        found.voxels.to_csv(options["voxels"], index=False)
    if options["store"]:
        click.echo(f"written to {keep_stability(runs, measure, runs[0].path.parent)}", err=True)
    click.echo(_to_json(found) if options["as_json"] else _format(found, len(runs)))


def _find_runs(study: str | None, paths: tuple[Path, ...], root: Path) -> list[Run]:
    if (study is None) == (not paths):
        fix = "name the one or the other"
        raise InputError("stability", "a study or runs", "both" if paths else "neither", fix)
    if study is None:
        return [open_run(path) for path in paths]
    rows = tabulate_study(open_jobs(root), study)
    done = [root / row.run_id for row in rows if row.state == "done" and row.run_id]
    if not done:
        raise InputError(study, "finished runs", "none yet", "wait for its jobs")
    return [open_run(path) for path in done]


def _to_json(found: Stability) -> str:
    areas = json.loads(found.areas.to_json(orient="records", double_precision=15))
    about = {"measure": found.measure, "simulated": found.simulated}
    return json.dumps({**about, "areas": areas}, indent=1)


def _format(found: Stability, n_runs: int) -> str:
    mark = "SIMULATED, " if found.simulated else ""
    table = found.areas.dropna(axis="columns", how="all")
    above = int(found.voxels["above_floor"].sum())
    lines = [f"{found.measure}: {mark}{n_runs} runs", table.to_string(
        index=False, float_format=lambda value: f"{value:.3g}"
    )]  # fmt: skip
    if found.voxels["floor"].notna().any():
        lines.append(f"{above} of {len(found.voxels)} voxels above 95 % of shuffled pairings")
    return "\n".join(lines)
