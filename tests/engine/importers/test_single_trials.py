"""Single-trial betas: a layout that touches one folder and one line of the registry."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.core.errors import InputError, UnsafeFileError
from jne_engine.datasets.imported import read_image_ids, read_record, read_responses
from jne_engine.datasets.registry import find_layout, preview_source, recognise
from jne_engine.jobs.kinds.imports import do_import
from tests.engine.test_job_data_kinds import Report, never

RNG = np.random.default_rng(0)
SHAPE, N_TRIALS = (3, 4, 2), 60


@pytest.fixture
def folder(tmp_path):
    """Write 60 shuffled trials of 15 images, one voxel without variance in a run."""
    folder = tmp_path / "data" / "sub-01"
    folder.mkdir(parents=True)
    mask = np.zeros(SHAPE, np.uint8)
    mask[1:, ::2] = 1
    nib.save(nib.Nifti1Image(mask, np.diag([2.0, 2, 2, 1])), folder / "mask.nii.gz")
    trials = np.stack([RNG.integers(1, 3, N_TRIALS), RNG.integers(1, 4, N_TRIALS),
                       RNG.permutation(np.arange(N_TRIALS) % 15) * 7], 1)  # fmt: skip
    np.savetxt(folder / "trials.tsv", trials, fmt="%d", delimiter="\t",
               header="session\trun\timage", comments="")  # fmt: skip
    betas = RNG.normal(size=(N_TRIALS, int(mask.sum()))).astype(np.float32)
    betas[(trials[:, :2] == trials[0, :2]).all(axis=1), 3] = 0.1
    np.save(folder / "betas.npy", betas)
    return folder


def plain_loop(folder, *, normalise=True):
    """Average z-scored betas with loops over trials."""
    betas = np.load(folder / "betas.npy").astype(np.float64)
    table = np.loadtxt(folder / "trials.tsv", skiprows=1, dtype=int)
    rows: dict[int, list] = {}
    for (session, run, image), beta in zip(table, betas, strict=True):
        same = betas[(table[:, 0] == session) & (table[:, 1] == run)]
        with np.errstate(invalid="ignore", divide="ignore"):
            scored = (beta - same.mean(axis=0)) / same.std(axis=0)
        scored[np.ptp(same, axis=0) == 0] = np.nan
        rows.setdefault(int(image), []).append(scored if normalise else beta)
    return np.array([np.mean(rows[image], axis=0) for image in sorted(rows)])


def source(folder, **choices):
    return {"kind": "single-trials", "folder": str(folder), "allowed_root": str(folder.parent),
            "choices": choices}  # fmt: skip


@pytest.mark.parametrize("normalise", ["run", "none"])
def test_a_job_averages_trials_as_plain_loops_do(folder, tmp_path, normalise):
    payload = {"name": "mine", "source": source(folder, normalise=normalise)}
    out = do_import(payload, Report(tmp_path), never)
    expected = plain_loop(folder, normalise=normalise == "run")
    np.testing.assert_allclose(read_responses(out), expected, atol=1e-5)
    assert read_image_ids(out).tolist() == [7 * i for i in range(15)]
    masked = any("1 of 8 voxels have NaN or no variance" in n for n in read_record(out).notes)
    assert masked == (normalise == "run")


def test_its_preview_tells_what_lies_there(folder):
    found = recognise(folder)
    assert (found.kind, found.title) == ("single-trials", "Single-trial betas")
    preview = preview_source(source(folder))
    assert (preview.n_trials, preview.n_images, preview.n_voxels) == (60, 15, 8)
    assert preview.presentations == {4: 15}
    assert preview.n_train + preview.n_validation + preview.n_test == 15


def test_its_command_and_its_page_ask_for_the_same_choices(folder, tmp_path):
    layout = find_layout("single-trials")
    assert [o.name for o in layout.offer(recognise(folder), {})] == ["normalise", "ceiling", "seed"]
    arguments = ["import", "single-trials", str(folder), "--normalise", "none"]
    printed = CliRunner().invoke(main, [*arguments, "--preview", "--json"])
    expected = preview_source(source(folder, normalise="none")).to_dict()
    assert json.loads(printed.stdout) == json.loads(json.dumps(expected))
    done = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "out"), "--quiet"])
    assert done.exit_code == 0, done.output
    expected = plain_loop(folder, normalise=False)
    np.testing.assert_allclose(read_responses(tmp_path / "out"), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "match"), [("trials", "60 trials as betas, found 59"), ("mask", "8 voxels, found 9")]
)
def test_what_does_not_fit_is_refused(folder, name, match):
    if name == "trials":
        lines = (folder / "trials.tsv").read_text().splitlines()
        (folder / "trials.tsv").write_text("\n".join(lines[:-1]) + "\n")
    else:
        mask = nib.load(folder / "mask.nii.gz").get_fdata()
        mask[0, 0, 0] = 1
        nib.save(nib.Nifti1Image(mask, np.eye(4)), folder / "mask.nii.gz")
    with pytest.raises(InputError, match=match):
        preview_source(source(folder))


def test_a_run_without_two_training_trials_is_refused_before_betas_are_read(folder):
    table = folder / "trials.tsv"
    lines = table.read_text().splitlines()
    lines[1] = f"9\t9\t{lines[1].split()[2]}"
    table.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"in each run or session, found [01] in run 9"):
        preview_source(source(folder))
    assert preview_source(source(folder, normalise="run")).n_trials == 60


def test_a_link_out_of_the_allowed_folder_is_refused(folder, tmp_path):
    (tmp_path / "betas.npy").write_bytes((folder / "betas.npy").read_bytes())
    (folder / "betas.npy").unlink()
    (folder / "betas.npy").symlink_to(tmp_path / "betas.npy")
    with pytest.raises(UnsafeFileError):
        preview_source(source(folder))
