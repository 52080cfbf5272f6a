"""The brain viewer as the result of a notebook's cell."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from jne_engine.core.checks import check_positive
from jne_engine.report.export.html import offline_html
from jne_engine.viewer.payload import ViewerScene


class BrainView:
    """An interactive brain that shows itself in a notebook and saves itself.

    It is one HTML document without network, in a frame of its own: what the dashboard's export
    writes, exact values under the pointer included.

    Parameters
    ----------
    scene : ViewerScene
        What to show.
    height : int
        Height of the frame in pixels.
    """

    def __init__(self, scene: ViewerScene, *, height: int = 480) -> None:
        check_positive("height", height)
        self._scene, self._height = scene, height
        self._document = ""

    @property
    def html(self) -> str:
        """The whole document as text."""
        if not self._document:
            self._document = offline_html(self._scene)
        return self._document

    def save(self, path: str | Path) -> Path:
        """Write the document as one file and return its path; its folder must exist."""
        target = Path(path)
        target.write_text(self.html, encoding="utf-8")
        return target

    def _repr_html_(self) -> str:
        document = html.escape(self.html, quote=True)
        title = html.escape(self._scene.title, quote=True)
        return (
            f'<iframe title="{title}" srcdoc="{document}" width="100%" height="{self._height}"'
            ' style="border: 0" sandbox="allow-scripts allow-downloads"></iframe>'
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        stamp = "SIMULATED " if self._scene.simulated else ""
        return f"<BrainView of {stamp}{self._scene.title}; .save('brain.html') writes it>"
