"""What makes each of some hundred page runs quicker."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner


@pytest.fixture(scope="session", autouse=True)
def _look_through_installed_packages_once() -> Iterator[None]:
    """Keep what Streamlit finds in the installed packages: each ``AppTest`` looks for itself."""
    with pytest.MonkeyPatch.context() as patch:
        found = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield
