"""The README of an export: what the files hold, where they come from, whom to cite.

Plain text, so that no name in it can be anything but text.
"""

from __future__ import annotations

import textwrap

from jne_engine.core.version import VERSION
from jne_engine.cortex.names import FSLR, canonical_name
from jne_engine.cortex.spaces import SurfaceSpace, VolumeSpace
from jne_engine.formats.guard import printable
from jne_engine.report.export.cifti import tell_vertices
from jne_engine.report.export.content import MASK, SIMULATED, RunContent
from jne_engine.report.export.formats import Format
from jne_engine.report.export.methods import WIDTH, describe_methods, format_methods, printable_long

_WARNING = (
    f"{SIMULATED} DATA. A program drew the stimuli and the responses; nothing here was measured in"
    " a brain. Do not show these maps as results."
)


def tell_readme(content: RunContent, form: Format) -> str:
    """Return the README of an export.

    Parameters
    ----------
    content : RunContent
        What was exported.
    form : Format
        To what.
    """
    manifest = content.run.manifest
    title = content.title(f"JNE maps of {manifest.name}, {manifest.subject}")
    parts = [
        f"{title}\n{'=' * len(title)}",
        _wrap(_WARNING) if content.simulated else "",
        "Files\n-----\n" + _wrap(form.files) + "\n" + _wrap(_tell_place(content, form)),
        "Which voxels\n------------\n" + _wrap(_tell_voxels(content)),
        "Maps\n----\n" + "\n\n".join(_tell_maps(content)),
        "Labels\n------\n" + ("\n\n".join(_tell_labels(content)) or "None."),
        "Where it comes from\n-------------------\n" + "\n".join(_tell_provenance(content)),
        format_methods(describe_methods(content.run)),
    ]
    return "\n\n".join(part for part in parts if part)


def _tell_place(content: RunContent, form: Format) -> str:
    space = content.space
    if isinstance(space, VolumeSpace):
        return f"Grid: {printable(space.name)}, {' x '.join(map(str, space.shape))} voxels."
    if not isinstance(space, SurfaceSpace):
        return "Voxel positions unknown: no surface vertices and no volume voxels were given."
    counts = f"{space.left.size:,} left and {space.right.size:,} right vertices have values"
    text = f"Surface: {printable(space.surface)}; {counts}; vertices count from 0."
    if form.name == "cifti" and canonical_name(space.surface) == FSLR:
        text += f" {tell_vertices(space)}"
    return text + _tell_workbench(content, form)


def _tell_workbench(content: RunContent, form: Format) -> str:
    """Name the flag by which Connectome Workbench leaves out what has no value."""
    mask, maps = content.stem(MASK), content.stem("maps")
    if form.name == "gifti":
        first = content.stem(content.maps[0].name)
        command = f"-metric-stats hemi-L_{first}.shape.gii -reduce MEAN"
        ending = f"-roi hemi-L_{mask}.shape.gii gives the mean over significant vertices."
    elif form.name == "cifti":
        command = f"-cifti-stats {maps}.dscalar.nii -reduce MEAN"
        ending = (
            f"-roi {maps}.dscalar.nii ends each row, a map, with its mean over significant"
            " vertices, for their mask is the last map."
        )
    else:
        return ""
    told = "Connectome Workbench counts NaN in unless -roi leaves it out"
    return f" {told}: wb_command {command} {ending}"


def _tell_voxels(content: RunContent) -> str:
    counts = content.run.manifest.counts
    held = (
        "Values stand at significant voxels only; the others have none."
        if content.significant_only
        else f"Values stand at every voxel that has one; mask them with the map “{MASK}”."
    )
    return (
        f"{held} The run has {counts['n_voxels']:,} voxels, {counts['n_significant']:,} of them"
        f" significant and {counts['n_invalid']:,} invalid (constant or not finite; without a"
        " value in every result)."
    )


def _tell_maps(content: RunContent) -> list[str]:
    told = []
    for item in content.maps:
        head = f"{content.stem(item.name)}: {content.map_title(item)}"
        formula = f" Formula: {item.formula}." if item.formula else ""
        text = f"{item.info.explanation}{formula} {item.voxels.capitalize()}: n = {item.n:,}."
        told.append(f"{_wrap(head, '')}\n{_wrap(text, '  ')}")
    return told


def _tell_labels(content: RunContent) -> list[str]:
    told = []
    for labels in content.labels:
        names = ", ".join(f"{number} {name}" for number, name in enumerate(labels.names, start=1))
        head = f"{content.stem(labels.name)}: {content.title(labels.title)}, n = {labels.n:,}"
        text = f"{printable(labels.explanation)} Labels: 0 none, {names}."
        told.append(f"{_wrap(head, '')}\n{_wrap(text, '  ')}")
    return told


def _tell_provenance(content: RunContent) -> list[str]:
    manifest = content.run.manifest
    lines = [
        f"Written by JNE Explorer {VERSION} from run {manifest.run_id} of {manifest.created}.",
        f"Key of the run: {manifest.key}",
        f"Source: {manifest.source}",
        *manifest.notes,
        *(f"Warning: {line}" for line in manifest.warnings),
        *(f"Input {entry['name']}: SHA-256 {entry['sha256']}" for entry in manifest.inputs),
    ]
    return [_wrap(line) for line in lines]


def _wrap(text: str, indent: str = "") -> str:
    """Return text as plain lines without control characters."""
    return textwrap.fill(
        printable_long(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
