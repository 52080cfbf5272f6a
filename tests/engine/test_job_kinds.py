"""The registry of kinds: one file a kind, and nothing else to touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from jne_engine.core.errors import InputError
from jne_engine.jobs import kinds
from jne_engine.jobs.kind import Stage
from jne_engine.jobs.kinds import KINDS, find_kind

PAGES = Path(__file__).parents[2] / "pages"


def test_each_file_of_the_folder_is_one_kind():
    files = [p for p in Path(kinds.__file__).parent.glob("*.py") if p.stem != "__init__"]
    assert len(KINDS) == len(files) > 0
    assert all(name == kind.name for name, kind in KINDS.items())


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_result_is_shown_on_a_page_that_exists(kind):
    assert kind.shown is None or (PAGES / f"{kind.shown.page}.py").is_file()
    assert all(stage.label and stage.unit for stage in kind.stages.values())


def test_an_unknown_kind_and_stage_go_by_their_names_and_do_nothing():
    kind = find_kind("tomorrow")
    assert (kind.name, kind.label, kind.shown) == ("tomorrow", "tomorrow", None)
    assert kind.stage("begin") == Stage("begin", "steps")
    with pytest.raises(InputError, match=r"job kind: expected one of .*run.*, found 'tomorrow'"):
        kind.do({}, None, lambda: False)
