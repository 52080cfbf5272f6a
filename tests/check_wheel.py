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
    """Install a wheel in a new environment; return its folder of programs."""
    venv.create(folder, with_pip=empty, symlinks=True)
    programs = folder / "bin"
    packages = Path(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python")]
    more = []
    if empty:
        pip = [str(programs / "python"), "-m", "pip"]
    else:
        more = ["--no-deps", "--no-index"]
    subprocess.run([*pip, "install", "--quiet", *more, str(wheel)], check=True)
    if not empty:  # behind its own; .pth files in that folder, an editable install, do not count
        own = folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
        (own / "installed.pth").write_text(f"{packages}\n", encoding="utf-8")
    return programs


def main(wheel: Path, *, empty: bool) -> int:
    """Return the status of the checks in the new environment."""
    with tempfile.TemporaryDirectory(prefix="wheel-") as name:
        folder = Path(name)
        programs = make_environment(folder / "environment", wheel, empty=empty)
        work = folder / "elsewhere"
        work.mkdir()
        copyfile(CHECKS, work / "installed.py")
        left = {"PYTHONPATH", "JNE_RUNS", "JNE_DATA", "VIRTUAL_ENV"}
        environment = {key: value for key, value in os.environ.items() if key not in left}
        command = [str(programs / "python"), "installed.py"]
        return subprocess.run(command, cwd=work, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), empty="--empty" in sys.argv[2:]))
