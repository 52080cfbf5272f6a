"""The page of the paper's findings: the engine's verdicts and numbers, and a link for each."""

from __future__ import annotations

import json
import math
import re
from typing import NamedTuple
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner

from jne_engine.analysis import listing
from jne_engine.analysis.claims import verdicts
from jne_engine.analysis.claims.catalogue import CLAIMS
from jne_engine.cli.main import main
from jne_engine.report.figures.claims import draw_effect, format_finding, format_number
from jne_engine.runs.store import Run
from pages.claims.rows import LOOKS
from pages.frame.widgets import plain
from tests.pages.test_pages import HOSTILE, show, texts  # noqa: F401  (a fixture)
from tests.synthetic_run import write_synthetic_study


class Row(NamedTuple):
    """What a bar needs of a claim's row."""

    value: float
    low: float
    high: float
    limit: float
    n: int


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Write the runs of four subjects."""
    return write_synthetic_study(tmp_path_factory.mktemp("study"), n_subjects=4, n_layers=1)


def links(app):
    return [
        (link.proto.page, parse_qs(link.proto.query_string)) for link in app.main.get("page_link")
    ]


def words(app) -> str:
    """Return what the page says, hovers too."""
    return "\n".join([texts(app), *(m.help for m in app.markdown)])


def test_an_effect_is_drawn_where_its_number_lies():
    drawn = draw_effect(Row(0.75, 0.5, 1.5, -0.25, 9), (-1.0, 1.0))
    places = re.findall(
        r"(limit|interval|value)' style='left:([\d.]+)%(?:;width:([\d.]+)%)?", drawn
    )
    assert places == [("limit", "37.5", ""), ("interval", "75.0", "25.0"), ("value", "87.5", "")]
    assert "style" not in draw_effect(Row(math.nan, math.nan, math.nan, 0.5, 0), (0.0, 1.0))


def test_every_claim_has_its_verdict_numbers_reason_and_link(show, synthetic_root):  # noqa: F811
    (run,) = listing.list_runs(synthetic_root).runs
    table = verdicts.tabulate_claims(run)
    app = show(synthetic_root, "claims")
    text = words(app)
    ranks = [list(LOOKS).index(verdict) for verdict in table["verdict"]]
    order = sorted(range(len(table)), key=ranks.__getitem__)  # failures first, else as listed
    stated = [m.value for m in app.markdown if m.value.startswith("**")]
    assert stated == [f"**{plain(table['statement'].iloc[i])}**" for i in order]
    for row in table.itertuples():
        assert plain(format_number(row)) in text
        assert plain(format_finding(row)) in text
        assert plain(row.why) in text
    for verdict, count in table["verdict"].value_counts().items():
        assert f"{verdict}: {count}" in text
    (shown,) = (d.value for d in app.dataframe)
    assert shown["verdict"].tolist() == table["verdict"].tolist()
    found = links(app)
    pages = [page or "overview" for page, _ in found]  # the page that needs no name
    assert pages == [CLAIMS[i].page for i in order]
    assert all(address["run"] == [run.run_id] for _, address in found)
    assert found[order.index(0)][1]["by"] == ["tier"]
    assert {a["map"][0] for page, a in found if page == "hierarchy"} == {"jne"}


def test_subjects_of_the_study_are_counted(show, study):  # noqa: F811
    text = words(show(study, "claims"))
    assert "of 4 subjects" in text
    assert "n \\= 4 subjects" in text or "n = 4 subjects" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_category_names_in_reasons_are_inert(show, make_root, name):  # noqa: F811
    app = show(make_root(categories=(name, "face", "outdoor")), "claims")
    assert not app.exception
    assert not app.error
    assert plain(name) in words(app)


def test_the_command_says_the_same_of_several_runs(study):
    runs = listing.list_runs(study).runs
    paths = [str(run.path) for run in runs]
    result = CliRunner().invoke(main, ["claims", *paths, "--json"])
    assert result.exit_code == 0
    for about, run in zip(json.loads(result.stdout), runs, strict=True):
        table = verdicts.tabulate_claims(run, runs)
        assert about["run"] == run.run_id
        assert about["simulated"] is True
        assert [c["verdict"] for c in about["claims"]] == table["verdict"].tolist()
        assert about["claims"][0]["value"] == table["value"].iloc[0]
        assert about["claims"][3]["value"] is None  # the spin test, which nobody computed


def test_the_command_prints_lines_and_marks_simulated_data(make_root):
    root = make_root()
    (path,) = root.glob("run-*")
    text = CliRunner().invoke(main, ["claims", str(path)]).stdout
    table = verdicts.tabulate_claims(Run(path))
    assert text.startswith("SIMULATED ")
    for row in table.itertuples():
        assert f"{row.verdict.upper():<16}{row.statement}" in text
        assert format_finding(row) in text
    real = make_root(simulated=False, seed=1)
    other = next(p for p in real.glob("run-*") if p != path)
    assert "SIMULATED" not in CliRunner().invoke(main, ["claims", str(other)]).stdout.split("\n")[0]


def test_a_folder_that_is_no_run_is_told_in_one_line(tmp_path):
    result = CliRunner().invoke(main, ["claims", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
