"""What the import contracts of pyproject.toml cannot say: pages stay thin, never load torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "jne_engine"
MOST_ROOMS = 14
FORBIDDEN = {"torch", "numpy", "scipy", "pandas", "h5py", "zarr", "nibabel"}


def test_the_engine_is_a_dozen_rooms_and_nothing_beside_them():
    rooms = {path.parent.name for path in ENGINE.glob("*/__init__.py")}
    assert len(rooms) <= MOST_ROOMS
    assert {path.name for path in ENGINE.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_each_room_stands_in_the_documentation():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in ENGINE.glob("*/__init__.py")}
    assert {name for name in rooms if f"`{name}`" not in text} == set()


def imported(text: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(text)))
    plain = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    return {n.split(".")[0] for n in plain} | {
        str(node.module).split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)
    }


def test_pages_touch_no_session_state_and_stay_thin():
    for path in ROOT.glob("pages/*.py"):
        text = path.read_text(encoding="utf-8")
        assert "session_state" not in text, path
        assert not FORBIDDEN & imported(text), path
        assert text.count("\n") <= 90, path


def engine_modules_of_pages() -> set[str]:
    """Return the engine's modules that a page imports, wherever in the file."""
    names = set()
    for path in [ROOT / "app.py", *ROOT.glob("pages/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("jne_engine"):
                names.add(node.module)
    return names


def test_what_pages_import_never_loads_torch():
    modules = sorted(engine_modules_of_pages())
    assert len(modules) > 30
    code = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0
