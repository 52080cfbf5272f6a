"""Looks at a viewer the way a reader does: pointer, keys and pixels, plus its debug handle."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page

PIXELS = """(host) => {
  const { viewer, drawNow } = host.__cortex;
  viewer.renderer.version += 1;  // one cell a pixel, whatever was drawn before
  drawNow();
  const { gl, canvas } = viewer.renderer;
  const bytes = new Uint8Array(canvas.width * canvas.height * 4);
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
  let text = '';
  for (let i = 0; i < bytes.length; i += 32768) {
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  return [canvas.width, canvas.height, btoa(text)];
}"""

SHARE = """
const { canvas } = v; v.draw();
const box = canvas.getBoundingClientRect(), copy = document.createElement('canvas');
Object.assign(copy, { width: Math.round(box.width), height: Math.round(box.height) });
const g = copy.getContext('2d');
g.drawImage(canvas, 0, 0, copy.width, copy.height);
const bytes = g.getImageData(0, 0, copy.width, copy.height).data;
let n = 0;
for (let y = 0; y < copy.height; y++) {
  if (box.top + y < 0 || box.top + y >= a[1]) continue;
  for (let x = 0; x < copy.width; x++) n += bytes[(y * copy.width + x) * 4 + 3] > 127 ? 1 : 0;
}
return n / (a[0] * a[1]);
"""

READOUT = """const said = () => {
  const box = host.querySelector('.cv-readout');
  return box.hidden ? null : {
    hemi: box.dataset.hemi, vertex: Number(box.dataset.vertex),
    regions: box.dataset.regions.split('|').filter(Boolean),
    values: Object.fromEntries([...box.querySelectorAll('.cv-value')].map(
      (row) => [row.dataset.map, row.querySelector('.cv-number').textContent])),
  };
};"""


class CortexProbe:
    """A viewer on a page.

    Parameters
    ----------
    page : playwright.sync_api.Page
        A page that shows exactly one viewer.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.host: Locator = page.locator(".cortex-viewer")
        self.root: Locator = page.locator(".cv-root")
        page.locator(".cv-root[data-settled]").wait_for()

    def run(self, script: str, argument: Any = None) -> Any:
        """Evaluate ``script`` with ``v`` (viewer), ``cortex`` (debug handle) and ``a``."""
        body = f"(host, a) => {{ const cortex = host.__cortex, v = cortex.viewer; {script} }}"
        return self.host.evaluate(body, argument)

    def is_there(self) -> bool:
        """Tell whether the viewer has been made."""
        return bool(self.host.evaluate("(host) => host.__cortex !== undefined"))

    def settle(self) -> None:
        """Draw and find what is visible now."""
        self.run("v.draw(); v.onSettled();")

    def look(self, view: str, **state: Any) -> None:
        """Take a preset and other parts of the state, without flight."""
        self.run("v.setView(a[0]); v.change(a[1]);", [view, state])
        self.settle()

    def camera(self) -> dict[str, Any]:
        """Return orbit, zoom and pan."""
        return dict(self.run("return v.state.camera;"))

    def visible(self, hemi: str, pane: int = 0) -> list[tuple[int, int]]:
        """Return (tile, vertex) of all visible vertices of a hemisphere."""
        tiles = self.run("return cortex.visibleVertices(a[0], a[1]);", [hemi, pane])
        return [(t, v) for t, vertices in enumerate(tiles) for v in vertices]

    def positions(self, hemi: str, vertex: int, pane: int = 0) -> list[dict[str, Any]]:
        """Return a vertex's place in each tile that shows its hemisphere."""
        return list(self.run("return cortex.project(a[0], a[1], a[2]);", [hemi, vertex, pane]))

    def tiles(self, pane: int = 0) -> list[dict[str, Any]]:
        """Return the tiles of a pane with the transform of each hemisphere."""
        return list(self.run("return v.tiles().filter((t) => t.pane === a);", pane))

    def places(self, hemi: str, vertices: list[int]) -> np.ndarray:
        """Return page coordinates of many vertices in the first tile of their hemisphere."""
        script = (
            "return a[1].map((n) => { const p = cortex.project(a[0], n)[0]; return [p.x, p.y]; });"
        )
        return np.array(self.run(script, [hemi, vertices]))

    def hover(self, x: float, y: float) -> dict[str, Any] | None:
        """Point somewhere and return what the readout says, None where it is hidden."""
        self.page.mouse.move(x, y)
        said: dict[str, Any] | None = self.run(f"{READOUT} return said();")
        return said

    def hover_all(self, places: list[tuple[float, float]]) -> list[dict[str, Any] | None]:
        """Do at many places what a mouse move does; events of scripts have whole pixels only."""
        script = (
            f"{READOUT} const box = v.stage.getBoundingClientRect();"
            "return a.map(([x, y]) => { v.hover([x - box.left, y - box.top]); return said(); });"
        )
        return list(self.run(script, places))

    def pixels(self) -> np.ndarray:
        """Return the WebGL picture, rows from the top, shape (height, width, 4) uint8."""
        import base64

        width, height, text = self.host.evaluate(PIXELS)
        raw = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
        return raw[::-1]

    def drag(self, path: list[tuple[float, float]]) -> None:
        """Press at the first point, move through the others, and let go."""
        self.page.mouse.move(*path[0])
        self.page.mouse.down()
        for point in path[1:]:
            self.page.mouse.move(*point)
        self.page.mouse.up()

    def stage_point(self, x: float, y: float) -> tuple[float, float]:
        """Return page coordinates of a place on the stage given in shares of its size."""
        box = self.page.locator(".cv-stage").bounding_box()
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def find_visible_vertex(self, hemi: str, number: int = 0) -> tuple[int, tuple[float, float]]:
        """Return a well visible vertex of a hemisphere and where it is."""
        rows = self.visible(hemi)
        tile, vertex = rows[len(rows) // 3 + number * 101]
        place = next(p for p in self.positions(hemi, vertex) if p["tile"] == tile)
        return vertex, (place["x"], place["y"])

    def wait_for_values(self, index: int) -> None:
        """Wait until a map's values are in the browser."""
        self.page.wait_for_function(
            "([host, i]) => host.__cortex.viewer.maps[i].blob",
            arg=[self.host.element_handle(), index],
        )

    def begin_anew(self, state: dict[str, Any]) -> None:
        """Bring a viewer that another test has used back to how it first was."""
        self.page.keyboard.press("Escape")  # an open menu
        self.page.mouse.move(0, 0)
        self.host.evaluate("(host) => host.querySelector('.cv-table details').open = false")
        self.run("v.choosing.clear(); v.actions.cross = null; v.change(structuredClone(a));", state)
        self.settle()
        assert self.run("return v.state;") == state


def brain_share(probe: CortexProbe, size: tuple[int, int]) -> float:
    """Return how much of the first screen the brain's own pixels fill."""
    return float(probe.run(SHARE, list(size)))
