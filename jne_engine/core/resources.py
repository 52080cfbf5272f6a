"""Where the dashboard's own files lie: beside the package, or inside it once it is installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def find_dashboard() -> Path:
    """Return the folder that holds ``app.py``, ``pages`` and ``assets``.

    A wheel carries them as ``jne_engine/dashboard``; a checkout, installed editable or not at all,
    has them beside ``jne_engine``.

    Raises
    ------
    FileNotFoundError
        If the installation is not complete.
    """
    for folder in (_PACKAGE / "dashboard", _PACKAGE.parent):
        if (folder / "app.py").is_file() and (folder / "assets").is_dir():
            return folder
    raise FileNotFoundError(f"{_PACKAGE}: no dashboard files, reinstall the package")
