"""The house's layers hold: imports go one way, and only pages know Streamlit."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "jne_engine"

LAYERS = [
    {"errors", "progress", "code_version", "run_folder"},
    {"checks", "viewer_modules", "disk"},
    {"spaces", "spec", "palettes", "standardise"},
    {"projection"},
    {"projection_weights"},
    {"types", "viewer_payload", "icosahedron", "trials", "gabor_layers"},
    {"surfaces"},
    {"readers", "encoders", "scoring", "features", "drawing", "store", "training", "clustering"},
    {
        "rois",
        "stories",
        "jacobian",
        "checkpoints",
        "extraction",
        "access",
        "allowed",
        "viewer_still",
        "library",
        "layers",
        "recognise",
        "embedding",
        "selections",
        "grouping",
    },
    {
        "embedding_store",
        "stimulus_means",
        "deviations",
        "demo",
        "deviation_blocks",
        "importers",
        "selfcheck",
        "statistics",
    },
    {"data_sources"},
    {"precision"},
    {"dispersion"},
    {"variants"},
    {"simulations", "run_stages"},
    {"pipeline", "queries", "viewer_surfaces", "live"},
    {"figures", "full_size", "previewing"},
    {"export", "decks"},
    {"run_export", "jobs"},
    {
        "progress_bars",
        "simulate_command",
        "surface_command",
        "export_command",
        "claims_command",
        "bench",
        "backup",
    },
    {"job_commands", "import_command", "features_command"},
    {"story_command"},
    {"cli"},
    {"__main__"},
]
"""From the ground up. A module imports from lower layers only; its own layer counts as above."""

TORCH_FREE = {
    "jobs",
    "clustering",
    "embedding",
    "embedding_store",
    "library",
    "live",
    "previewing",
    "recognise",
    "store",
    "stories",
    "decks",
    "queries",
    "figures",
    "export",
    "viewer_payload",
    "viewer_still",
    "viewer_surfaces",
    "surfaces",
    "rois",
    "run_export",
    "scoring",
    "projection",
    "projection_weights",
    "statistics",
    "selections",
}


def layer_of(module: str) -> int:
    """Return the layer of a top-level module or package of the engine."""
    return next(i for i, names in enumerate(LAYERS) if module in names)


def engine_files() -> list[Path]:
    return sorted(p for p in ENGINE.rglob("*.py") if p != ENGINE / "__init__.py")


def imported(path: Path) -> set[str]:
    """Return the dotted names that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def top(path: Path) -> str:
    """Return the engine module or package that a file belongs to."""
    return path.relative_to(ENGINE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", engine_files(), ids=lambda p: str(p.relative_to(ENGINE)))
def test_imports_go_down(path):
    own = top(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "jne_engine" and len(parts) > 1 and parts[1] not in {own, "__version__"}:
            assert layer_of(parts[1]) < layer_of(own), f"{own} imports {parts[1]}"


def test_every_module_has_a_layer_and_every_layer_exists():
    found = {top(path) for path in engine_files()}
    assert found == set().union(*LAYERS)


@pytest.mark.parametrize("path", engine_files(), ids=lambda p: str(p.relative_to(ENGINE)))
def test_the_engine_never_imports_streamlit(path):
    assert not any(name.split(".")[0] == "streamlit" for name in imported(path))


def page_files() -> list[Path]:
    return [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]


@pytest.mark.parametrize("path", page_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_pages_compute_nothing(path):
    forbidden = {"torch", "numpy", "scipy", "pandas", "h5py", "zarr", "nibabel"}
    assert not forbidden & {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda p: p.name)
def test_pages_touch_no_session_state_and_stay_thin(path):
    text = path.read_text(encoding="utf-8")
    assert "session_state" not in text
    assert text.count("\n") <= 90


@pytest.mark.parametrize("module", sorted(TORCH_FREE))
def test_what_pages_import_leaves_torch_alone(module):
    code = f"import sys, jne_engine.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
