"""One way to export a run: the format's files, a README and a record, whole or not at all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jne_engine.core.checks import check_choice
from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.core.version import VERSION
from jne_engine.formats.guard import hash_file
from jne_engine.report.export.content import RunContent, describe_space, gather_content
from jne_engine.report.export.folder import MARK, check_target, write_whole, zip_folder
from jne_engine.report.export.formats import FORMATS, Format
from jne_engine.report.export.readme import tell_readme
from jne_engine.runs.store import Run

README = "README.txt"


def export_run(
    run: Run,
    form: str,
    target: Path,
    *,
    maps: Sequence[str] = (),
    significant: bool = False,
    overwrite: bool = False,
    progress: Progress = ignore_progress,
) -> Path:
    """Write a run's maps as a folder of files in another tool's format.

    Parameters
    ----------
    run : Run
        A complete run.
    form : str
        One of :data:`~jne_engine.report.export.formats.FORMATS`.
    target : pathlib.Path
        Folder to make.
    maps : sequence of str
        Maps to take; all where empty.
    significant : bool
        Replace the values of voxels that are not significant by NaN.
    overwrite : bool
        Replace an export of that name.
    progress : callable
        Called as ``progress(done, total)`` after each map; what it raises leaves no target.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        If the format does not take such a run, a map is unknown, or the target is there.
    StoreError
        If the disk is full or not writable, or the run is damaged.
    """
    check_choice("export format", form, tuple(FORMATS))
    check_target(target, overwrite=overwrite)
    content = gather_content(run, maps=tuple(maps), significant=significant)
    FORMATS[form].check(run)
    with write_whole(target, overwrite=overwrite) as folder:
        _fill(content, FORMATS[form], folder, progress)
    return target


def export_zip(
    run: Run,
    form: str,
    target: Path,
    *,
    maps: Sequence[str] = (),
    significant: bool = False,
    progress: Progress = ignore_progress,
) -> Path:
    """Write the folder of :func:`export_run` as one zip file, replacing what is there.

    Parameters
    ----------
    run, form, maps, significant, progress
        As for :func:`export_run`.
    target : pathlib.Path
        File to write; its folder is made.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=target.parent) as place:
        folder = Path(place) / target.stem
        export_run(
            run, form, folder, maps=maps, significant=significant, progress=progress
        )  # fmt: skip
        return zip_folder(folder, target)


def name_export(run: Run, form: str, *, significant: bool = False) -> str:
    """Return the usual name of an export's folder or zip; it says SIMULATED where that holds."""
    stamp = "SIMULATED-" if run.manifest.simulated else ""
    return f"{stamp}{run.run_id}-{form}" + ("-significant" if significant else "")


def _fill(content: RunContent, form: Format, folder: Path, progress: Progress) -> None:
    total = len(content.maps) + len(content.labels) + 1
    progress(0, total)
    for done, _ in enumerate(form.write(content, folder), start=1):
        progress(min(done, total - 1), total)
    (folder / README).write_text(tell_readme(content, form), encoding="utf-8")
    text = json.dumps(_describe(content, form, folder), indent=1, ensure_ascii=False)
    (folder / MARK).write_text(f"{text}\n", encoding="utf-8")
    progress(total, total)


def _describe(content: RunContent, form: Format, folder: Path) -> dict[str, Any]:
    """Return the export as plain values: maps, labels, provenance, and every file's SHA-256."""
    manifest = content.run.manifest
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != ".bidsignore")
    return {
        "format": form.name,
        "simulated": content.simulated,
        "title": content.title(f"{manifest.name}, {manifest.subject}"),
        "run": {"id": manifest.run_id, "key": manifest.key, "source": manifest.source},
        "written_by": {"name": "JNE Explorer", "version": VERSION},
        "space": describe_space(content.space),
        "counts": dict(manifest.counts),
        "significant_only": content.significant_only,
        "maps": [
            {
                "name": item.name,
                "title": content.map_title(item),
                "unit": item.info.unit,
                "description": item.info.explanation,
                "formula": item.formula,
                "voxels": item.voxels,
                "n": item.n,
            }
            for item in content.maps
        ],
        "labels": [
            {
                "name": labels.name,
                "title": content.title(labels.title),
                "description": labels.explanation,
                "labels": dict(enumerate(labels.names, start=1)),
                "colours": dict(enumerate(labels.colours, start=1)),
                "n": labels.n,
            }
            for labels in content.labels
        ],
        "files": {p.relative_to(folder).as_posix(): hash_file(p) for p in files},
    }
