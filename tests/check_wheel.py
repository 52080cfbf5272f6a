"""A wheel works without the checkout: ``python -m tests.check_wheel WHEEL [--empty]``.

Installs it in a new environment in a temporary folder and runs ``tests/installed.py`` there. The
environment finds the packages that this Python has, so that it takes seconds; with ``--empty`` it
is an empty one, and pip installs all that the wheel asks for.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path
from shutil import copyfile

CHECKS = Path(__file__).with_name("installed.py")


def make_environment(folder: Path, wheel: Path, *, empty: bool) -> Path:
    """Install a wheel in a new environment; return its Python."""
    venv.create(folder, with_pip=empty)
    python = folder / "bin" / "python"
    if empty:
        pip = [python, "-m", "pip", "install"]
    else:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--no-deps",
            "--no-index",
        ]
        # Behind its own; .pth files in that folder, an editable install, do not count.
        own = folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
        (own / "installed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    command = [*pip, "--quiet", "--ignore-installed", wheel]
    subprocess.run(command, cwd=folder, env=clean_environment(), check=True)
    return python


def clean_environment() -> dict[str, str]:
    """Return the environment without what leads to a checkout, runs or data."""
    left = {"PYTHONPATH", "JNE_RUNS", "JNE_DATA", "VIRTUAL_ENV"}
    return {key: value for key, value in os.environ.items() if key not in left}


def main(wheel: Path, *, empty: bool) -> int:
    """Return the status of the checks in the new environment."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as name:
        python = make_environment(Path(name) / "environment", wheel, empty=empty)
        work = Path(name) / "elsewhere"
        work.mkdir()
        copyfile(CHECKS, work / "installed.py")
        command = [python, "installed.py"]
        return subprocess.run(command, cwd=work, env=clean_environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), empty="--empty" in sys.argv[2:]))
