"""A deck as a zip: each slide's picture and the CSV of its numbers, with a list of what is what."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.report.decks.slides import SIMULATED, Deck, Slide


def write_bundle(deck: Deck, path: Path, progress: Progress = ignore_progress) -> Path:
    """Write a deck's pictures (PNG, SVG), numbers (CSV) and figures (Plotly's JSON) as a zip.

    Parameters
    ----------
    deck : Deck
    path : pathlib.Path
        File to write; its folder must exist.
    progress : callable, optional
        Called as ``progress(slides done, slides)``.

    Returns
    -------
    pathlib.Path
    """
    entries = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for number, slide in enumerate(deck.walk(progress), start=1):
            stem = f"{number:02d}-{_slug(slide.pin.title)}"
            files = _files_of(slide, stem)
            for name, content in files.items():
                bundle.writestr(name, content)
            entries.append(_describe(slide, list(files)))
        bundle.writestr("README.md", _write_readme(deck, entries))
        bundle.writestr("slides.json", json.dumps(entries, indent=1, ensure_ascii=False))
    return path


def _files_of(slide: Slide, stem: str) -> dict[str, bytes | str]:
    contents = slide.contents
    files: dict[str, bytes | str] = {f"{stem}.png": contents.picture}
    if contents.vector is not None:
        files[f"{stem}.svg"] = contents.vector
    if contents.table is not None:
        files[f"{stem}.csv"] = contents.table
    if contents.figure is not None:
        files[f"{stem}.plotly.json"] = contents.figure
    return files


def _describe(slide: Slide, files: list[str]) -> dict[str, Any]:
    pin = slide.pin
    return {
        "title": pin.title, "caption": pin.caption, "notes": pin.notes, "source": slide.source,
        "runs": list(pin.runs), "simulated": pin.simulated, "page": pin.page,
        "address": dict(pin.address), "files": files,
    }  # fmt: skip


def _write_readme(deck: Deck, entries: list[dict[str, Any]]) -> str:
    lines = [f"# {deck.name}", ""]
    if deck.simulated:
        lines += [f"**{SIMULATED}**: some figures show data of a simulation.", ""]
    for entry in entries:
        lines += [f"## {entry['title']}", "", entry["caption"], "", entry["source"], ""]
        lines += [f"- {name}" for name in entry["files"]] + [""]
    return "\n".join(lines)


def _slug(text: str) -> str:
    """Return a title as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:50] or "slide"
