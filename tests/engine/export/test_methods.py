"""The methods text says the run's own numbers, and whom to cite for it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from jne_engine.analysis import maps
from jne_engine.report.export.citations import list_citations
from jne_engine.report.export.methods import describe_methods, format_methods
from jne_engine.runs.store import MANIFEST, Run
from tests.synthetic_run import write_synthetic_run

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def run(synthetic_root):
    return Run(next(synthetic_root.glob("[!.]*")))


def test_the_numbers_are_the_runs(run):
    text = describe_methods(run).paragraph
    counts, spec = run.manifest.counts, run.manifest.spec
    shown = maps.read_significant(run)
    mean = np.mean([float(x) for x in maps.read_map(run, "r2_nonlinear")[shown]])
    for number in (
        f"{counts['n_train']:,} stimuli were used for training",
        f"{counts['n_test']:,} for the test",
        f"{counts['n_voxels']:,} vertices of fsLR32k",
        f"({counts['n_significant']:,} of {counts['n_voxels']:,})",
        f"{spec['n_resamples']:,} bootstrap resamples",
        f"mean R² was {mean:.3g} for the nonlinear",
        "float32 operands",
        f"seed {spec['seed']}",
        "SIMULATED",
    ):
        assert number in text


def test_a_fit_of_what_a_ridge_leaves_is_told(run, tmp_path):
    told = "fitted to what a ridge a voxel"
    assert told not in describe_methods(run).paragraph
    shutil.copytree(run.path, tmp_path / run.path.name)
    file = tmp_path / run.path.name / MANIFEST
    manifest = json.loads(file.read_text(encoding="utf-8"))
    manifest["spec"]["linear_first"] = True
    file.write_text(json.dumps(manifest), encoding="utf-8")
    methods = describe_methods(Run(file.parent))
    assert told in methods.paragraph
    assert ("linear_first", "True") in methods.rows


def test_the_whole_text_has_its_limits_and_bibtex(run):
    text = format_methods(describe_methods(run))
    for part in ("BOLD is not neural activity", "carries response gain", "No absolute threshold",
                 "@inproceedings{gao2025jne,", "eprint = {2510.13688}"):  # fmt: skip
        assert part in text
    assert all(letter.isprintable() or letter == "\n" for letter in text)


def test_a_measured_run_without_significant_voxels_is_told_as_such(tmp_path):
    run = Run(write_synthetic_run(tmp_path, simulated=False, n_significant=0, with_rois=False))
    methods = describe_methods(run)
    assert "SIMULATED" not in format_methods(methods)
    assert "undefined (no significant voxel)" in methods.paragraph
    assert "glasser2016mmp" not in {c.key for c in methods.citations}


def test_dois_agree_with_the_projects_citation_file(run):
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    found = [c for c in list_citations(run) if "doi = " in c.bibtex]
    assert {c.key for c in found} == {"glasser2016mmp", "vanessen2013hcp"}
    for citation in found:
        assert citation.bibtex.split("doi = {")[1].split("}")[0] in cff
