"""The files of the published scripts as a source of data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jne_engine.datasets.dataset import EncodingDataset
from jne_engine.datasets.nsd.source import NSD
from jne_engine.datasets.scripts.files import SCRIPT_EXTRACTORS, ScriptFiles, read_scripts_dataset
from jne_engine.datasets.source import Found, LinkedSource, Option

_FILE: Final = re.compile(r"Stan_fmri_Sub(\d+)\.h5")


class ScriptsSource(LinkedSource):
    """One subject and one layer of the files that the published scripts write."""

    kind = "scripts"
    title = "Files of the published scripts"
    hint = r"the scripts' **Stan\_fmri\_SubN.h5**"
    help = "Check the files of the published scripts in FOLDER and write a dataset.toml."
    request_type = ScriptFiles
    options = (
        Option("subject", int, "Subjects", "May be repeated.", divides=True, required=True),
        Option("layer", int, "Layer", limits=(0, 24)),
        Option("extractor", label="Features", values=SCRIPT_EXTRACTORS),
        Option("seed", int),
        Option("shared_row", int, help="Row of the shared-image file, from 0."),
        Option("name", help="Name shown to people."),
        Option("stimuli", Path, help="Table of ids and categories."),
    )
    citations = (NSD,)
    words = ("the authors' files",)

    def recognise(self, folder: Path) -> Found | None:
        """Tell whether a folder holds responses of some subject."""
        places = (folder, folder / "Dataset_fMRI")
        names = [path.name for place in places for path in place.glob("Stan_*.h5")]
        subjects = tuple(sorted({int(m[1]) for name in names if (m := _FILE.fullmatch(name))}))
        return Found(self.kind, self.title, "Stan_fmri_SubN.h5", subjects) if subjects else None

    def name_parts(self, folder: Path, choices: Mapping[str, Any]) -> tuple[str, ...]:
        """Return words that name the dataset."""
        del folder
        return ("scripts", f"Sub{choices['subject']}", choices["extractor"], str(choices["layer"]))

    def read_files(self, request: ScriptFiles) -> EncodingDataset:
        """Read one subject and one layer."""
        return read_scripts_dataset(request)


SOURCE: Final = ScriptsSource()
