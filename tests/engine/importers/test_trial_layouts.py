"""Every layout of single trials, through each of its doors, against loops over trials."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.core.errors import UnsafeFileError
from jne_engine.datasets.attach import attach_features
from jne_engine.datasets.description import read_dataset
from jne_engine.datasets.imported import (
    CEILING_NAME,
    read_image_ids,
    read_record,
    read_responses,
    read_thumbnails,
)
from jne_engine.datasets.registry import find_layout, preview_source, recognise
from jne_engine.datasets.trial_plan import NORMALISATIONS
from jne_engine.jobs.kinds.features import do_features
from jne_engine.jobs.kinds.imports import do_import
from tests.engine.importers.trial_layouts import LAYOUTS
from tests.engine.importers.trial_study import Study, average_loop, ceiling_loop
from tests.engine.test_job_data_kinds import Report, never

each = pytest.mark.parametrize("name", LAYOUTS)


def ask(layout, root, **choices):
    allowed = next(folder for folder in root.parents if folder.name == "data")
    return {"kind": layout.kind, "folder": str(root), "allowed_root": str(allowed),
            "choices": {**layout.choices, **choices}}  # fmt: skip


def bring(name, study, place, **choices):
    """Write a layout's tree and import it by a job."""
    layout = LAYOUTS[name]
    root = layout.write(study, place / "data" / "sub-01")
    return do_import({"name": "mine", "source": ask(layout, root, **choices)}, Report(place), never)


def names_of(folder):
    lines = (folder / "stimuli.tsv").read_text().splitlines()
    return [line.split("\t")[0] for line in lines[1:]]


def names_in(folder, part):
    """Return the names of the images of a part of the splits."""
    names = names_of(folder)
    return {names[i] for i in np.load(folder / "splits.npz")[part]}


@each
@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_a_job_averages_trials_as_plain_loops_do(name, tmp_path, normalise):
    study = Study(n_images=120, n_repeated=20, offset=3.0, scale=2.0)
    out = bring(name, study, tmp_path, normalise=normalise, pictures=False)
    expected = average_loop(study, normalise, train=names_in(out, "train"))
    assert sorted(names_of(out)) == sorted(expected)
    rows = np.array([expected[one] for one in names_of(out)])
    np.testing.assert_allclose(read_responses(out), rows, atol=2e-5)


@each
@pytest.mark.parametrize("normalise", ["run-training", "run", "none"])
def test_a_ceiling_from_repeats_is_that_of_the_loop(name, tmp_path, normalise):
    study = Study(n_images=120, n_repeated=20, offset=3.0, scale=2.0)
    out = bring(name, study, tmp_path, normalise=normalise, ceiling="repeats", pictures=False)
    train = names_in(out, "train")
    expected = ceiling_loop(study, names_in(out, "test"), normalise, train=train)
    np.testing.assert_allclose(np.load(out / CEILING_NAME), expected, atol=1e-4)
    assert 0.5 < expected.mean() < 1


@each
def test_the_command_previews_imports_and_checks_what_the_page_does(name, tmp_path):
    layout, study = LAYOUTS[name], Study(n_images=120, n_repeated=20)
    root = layout.write(study, tmp_path / "data" / "sub-01")
    assert recognise(root).kind == layout.kind
    arguments = ["import", layout.kind, str(root), *layout.flags]
    printed = CliRunner().invoke(main, [*arguments, "--preview", "--json"])
    assert printed.exit_code == 0, printed.output
    preview = preview_source(ask(layout, root)).to_dict()
    assert json.loads(printed.stdout) == json.loads(json.dumps(preview))
    assert (preview["n_trials"], preview["n_images"]) == (study.image.size, study.n_images)
    assert preview["n_voxels"] == study.n_voxels
    assert preview["presentations"] == {1: 100, 4: 20}
    assert sum(preview[f"n_{part}"] for part in ("train", "validation", "test")) == 120
    done = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "out"), "--quiet"])
    assert done.exit_code == 0, done.output
    rows = average_loop(study, "session" if name == "laion" else "run-training",
                        train=names_in(tmp_path / "out", "train"))  # fmt: skip
    expected = np.array([rows[one] for one in names_of(tmp_path / "out")])
    np.testing.assert_allclose(read_responses(tmp_path / "out"), expected, atol=2e-5)
    record = read_record(tmp_path / "out")
    assert {*preview["notes"]} <= {*record.notes}
    told = {"laion": "within each session over all its trials, those of validation and test images"}
    wanted = told.get(name, "within each run by its trials of training images")
    assert sum(wanted in note for note in preview["notes"]) == 1
    how = 'standardisation = "within-run"' if name == "laion" else 'standardisation = "global"'
    assert how in (tmp_path / "out" / "dataset.toml").read_text()
    checked = CliRunner().invoke(main, ["check", str(tmp_path / "out")])
    assert "responses: 120 images × 12 columns" in checked.stdout + str(checked.exception)


@each
def test_every_choice_of_the_page_is_a_choice_of_the_command(name, tmp_path):
    layout = find_layout(LAYOUTS[name].kind)
    root = LAYOUTS[name].write(Study(n_images=60, n_repeated=10), tmp_path / "data" / "sub-01")
    asked = {option.name for option in layout.offer(recognise(root), {})}
    assert asked <= {option.name for option in layout.options}
    assert layout.citations
    assert layout.hint


@each
def test_pictures_lead_to_features_by_their_names(name, tmp_path):
    study = Study(n_images=60, n_repeated=10)
    if not LAYOUTS[name].pictures:
        study.write_pictures(tmp_path / "none")
        return
    out = bring(name, study, tmp_path)
    assert read_thumbnails(out).shape == (60, 64, 64, 3)
    found = do_features({"dataset": "mine", "model": "gabor"}, Report(tmp_path), never)
    attach_features(out, found, layer=0)
    assert read_dataset(out).n_stimuli == 60
    assert np.unique(read_image_ids(out)).size == 60


@each
def test_a_link_out_of_the_allowed_folder_is_refused(name, tmp_path):
    layout = LAYOUTS[name]
    root = layout.write(Study(n_images=60, n_repeated=10), tmp_path / "data" / "sub-01")
    betas = max(layout_files(layout, root), key=lambda path: path.stat().st_size)
    outside = tmp_path / f"outside{''.join(betas.suffixes)}"
    betas.rename(outside)
    betas.symlink_to(outside)
    with pytest.raises(UnsafeFileError):
        preview_source(ask(layout, root))


def layout_files(layout, root):
    source = find_layout(layout.kind)
    return list(source.request(root, layout.choices).paths())
