"""What a study is to hold, by TOML or by flags: subjects, layers, seeds, encoders."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from jne_engine.core.errors import InputError
from jne_engine.datasets.library import DatasetEntry, list_datasets
from jne_engine.formats.guard import read_text
from jne_engine.jobs.records import JobSpec
from jne_engine.jobs.units import request_cells
from jne_engine.model.spec import RunSpec

MAX_BYTES = 2**20


class StudyPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Subjects × layers × seeds × encoders.

    Parameters
    ----------
    name : str
        Of the study, under which pages list its runs.
    datasets : tuple of str
        One a subject: a folder, a ``dataset.toml``, or the name of an imported dataset.
    simulated, simulated_layers : int
        SIMULATED subjects, and layers of each.
    small : bool
        Whether those are of reduced size.
    features : str, optional
        Model whose extracted features are taken; by default those that the dataset brings.
    layers : tuple of int
        Of the features; none for the described one.
    seeds : tuple of int
        Runs that differ in weights and batches only.
    encoders : tuple of mapping
        Choices of :class:`~jne_engine.model.spec.RunSpec`, one an encoder.
    """

    name: str = "Study"
    datasets: tuple[str, ...] = ()
    simulated: int = 0
    simulated_layers: int = 1
    small: bool = False
    features: str | None = None
    layers: tuple[int, ...] = ()
    seeds: tuple[int, ...] = (0,)
    encoders: tuple[dict[str, Any], ...] = ({},)


def read_plan(path: Path) -> StudyPlan:
    """Read a plan from TOML; datasets are found from its folder.

    Raises
    ------
    InputError
        If it is no TOML, or holds another name or kind of value than a plan has.
    """
    text = read_text(path, max_bytes=MAX_BYTES)
    try:
        plan = msgspec.convert(tomllib.loads(text), StudyPlan)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        fix = "see docs/study.md for an example"
        raise InputError(path.name, "a plan of a study", str(error), fix) from error
    found = tuple(str(path.parent / d) if (path.parent / d).exists() else d for d in plan.datasets)
    return msgspec.structs.replace(plan, datasets=found)


def request_plan(plan: StudyPlan, root: Path) -> tuple[JobSpec, ...]:
    """Return the runs of a plan, each once.

    Raises
    ------
    InputError
        If a dataset or its features are not there, a choice is none, or nothing is asked for.
    """
    specs = [_read_encoder(e, seed) for e in plan.encoders for seed in plan.seeds]
    known = {entry.name: entry for entry in list_datasets(root)[0]}
    datasets = [_find_dataset(text, known) for text in plan.datasets]
    features = {}
    for entry in (d for d in datasets if isinstance(d, DatasetEntry)):
        own = {f.model: f for f in entry.features}
        if plan.features is not None and plan.features not in own:
            there = ", ".join(own) or "none"
            raise InputError(entry.name, f"features of {plan.features}", there, "extract them")
        if plan.features is None and entry.n_features is None:
            fix = f"name a model: {', '.join(own)}" if own else "extract some"
            raise InputError(entry.name, "features", "none of its own", fix)
        if plan.features is not None:
            features[entry.name] = own[plan.features]
    made = request_cells(
        datasets, specs, features=features, layers=plan.layers, root=root.absolute(),
        demo=(plan.simulated, plan.simulated_layers), small=plan.small,
    )  # fmt: skip
    if not made:
        fix = "name a dataset, or ask for simulated subjects"
        raise InputError("study", "at least one run", "none", fix)
    return tuple({job.payload_json(): job for job in made}.values())


def _find_dataset(text: str, known: Mapping[str, DatasetEntry]) -> DatasetEntry | Path:
    if Path(text).exists():
        return Path(text)
    if text in known:
        return known[text]
    fix = f"imported are: {', '.join(known) or 'none'}"
    raise InputError(text, "a folder, a dataset.toml or an imported dataset", "nothing", fix)


def _read_encoder(values: Mapping[str, Any], seed: int) -> RunSpec:
    names = {field.name for field in fields(RunSpec)} - {"seed"}
    if unknown := sorted(values.keys() - names):
        found, fix = ", ".join(unknown), "`run --help` lists the choices; seeds stand on their own"
        raise InputError("encoder of the study", "choices of a run", found, fix)
    try:
        return msgspec.convert({**values, "seed": seed}, RunSpec)
    except msgspec.ValidationError as error:
        fix = "`run --help` lists the choices"
        raise InputError("encoder of the study", "choices of a run", str(error), fix) from error
