"""A brain in a page of its own, moved as a reader moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from jne_engine.bench.viewer.watch import SHELL, Change, Traffic, watch_script
from jne_engine.viewer.payload import Wire

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

By = Literal["viewer", "plotly"]
TIMEOUT_MS = 60_000
IDLE = "[data-test-script-state=notRunning]"
QUIET_MS = 400
WINDOW = (1280, 800)


@dataclass(frozen=True)
class Studio:
    """The browser and the server that all pages of one run share.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
    url : str
        Address of the benchmark's Streamlit server.
    """

    browser: Browser
    url: str

    @contextmanager
    def open(
        self, n_vertices: int, *, by: By = "viewer", wire: Wire = "float32", n_panes: int = 1
    ) -> Iterator[BrainPage]:
        """Show a brain, or several, in a fresh browser profile until the block ends."""
        width, height = WINDOW
        context = self.browser.new_context(viewport={"width": width, "height": height})
        try:
            context.add_init_script(watch_script(n_vertices, n_panes))
            page = BrainPage(context.new_page())
            asked = f"n_vertices={n_vertices}&by={by}&wire={wire}&n_panes={n_panes}"
            page.visit(f"{self.url}/?{asked}")
            yield page
        finally:
            context.close()


class BrainPage:
    """A page with one brain.

    Parameters
    ----------
    page : playwright.sync_api.Page
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.traffic = Traffic()
        page.set_default_timeout(TIMEOUT_MS)
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        """Count what goes over a web socket, both ways."""
        socket.on("framereceived", self.traffic.count)
        socket.on("framesent", self.traffic.count)

    def visit(self, url: str) -> None:
        """Go to an address and wait until its brain is painted and nothing more comes."""
        self.page.goto(url)
        self.first = self._wait_for_change(0)

    @property
    def shell_s(self) -> float:
        """Seconds from navigation until Streamlit's own page stood."""
        return float(self.page.evaluate("() => __bench.shell")) / 1000

    @property
    def host(self) -> Locator:
        """The viewer's element."""
        return self.page.locator(".cortex-viewer")

    def run(self, script: str, argument: Any = None) -> Any:
        """Evaluate a script with ``v`` (viewer), ``cortex`` (its debug handle) and ``a``."""
        body = f"(host, a) => {{ const cortex = host.__cortex, v = cortex.viewer; {script} }}"
        return self.host.evaluate(body, argument)

    def change_map(self) -> Change:
        """Click for the next map and wait until it is painted and nothing more comes."""
        self.page.mouse.move(2, 2)
        sent_before = self.traffic.n_bytes
        self.page.evaluate("() => __bench.arm()")
        self.press("next map")
        return self._wait_for_change(sent_before)

    def choose_map(self, number: int) -> Change:
        """Take a map from the viewer's own list and wait until it is painted."""
        sent_before = self.traffic.n_bytes
        self.page.evaluate("() => __bench.arm()")
        self.page.get_by_label("Map of pane 1").select_option(label=f"Map {number}")
        return self._wait_for_change(sent_before)

    def show_map(self, number: int) -> None:
        """Put a map that the browser has into the first pane, and draw it at once."""
        self.run("v.change({ panes: [a] }); v.draw();", number)

    def press(self, name: str) -> None:
        """Click a button of the app."""
        self.page.locator(SHELL).get_by_role("button", name=name).click()

    def _wait_for_change(self, sent_before: int) -> Change:
        self.page.wait_for_function("() => __bench.done !== null", polling=50)
        self.wait_until_quiet()
        log = self.page.evaluate("() => __bench")
        ready, done = ((log[key] - log["start"]) / 1000 for key in ("ready", "done"))
        return Change(ready, done, self.traffic.n_bytes - sent_before)

    def sent_by(self, act: Callable[[BrainPage], object]) -> int:
        """Return the bytes that something done to the page sends and brings."""
        before = self.traffic.n_bytes
        act(self)
        self.wait_until_quiet()
        return self.traffic.n_bytes - before

    def wait_until_quiet(self) -> None:
        """Wait until no script runs and nothing was sent for a while."""
        seen = -1
        while seen != self.traffic.n_bytes:
            seen = self.traffic.n_bytes
            self.page.wait_for_timeout(QUIET_MS)
            self.page.locator(IDLE).wait_for()

    def drag_threshold(self, n_frames: int) -> list[float]:
        """Drag the colour bar's threshold handle with the mouse.

        Returns
        -------
        list of float
            Milliseconds of each frame: the change of state, drawing, and its rasterising.
        """
        handle = self.page.locator(".cv-cut").bounding_box()
        bar = self.page.locator(".cv-bar").bounding_box()
        if handle is None or bar is None:
            return []
        y = handle["y"] + handle["height"] / 2
        start = handle["x"] + handle["width"] / 2
        self.page.mouse.move(start, y)
        self.page.mouse.down()
        self.page.wait_for_timeout(QUIET_MS)
        self.page.evaluate("() => __bench.drag(true)")
        for i in range(1, n_frames + 1):
            self.page.mouse.move(start + 0.8 * bar["width"] * i / n_frames, y)
            self.page.wait_for_function("(n) => __bench.frames.length >= n", arg=i)
        self.page.mouse.up()
        self.page.evaluate("() => __bench.drag(false)")
        return list(self.page.evaluate("() => __bench.frames"))

    def find_places(self, count: int) -> list[tuple[float, float]]:
        """Return page coordinates of visible vertices, spread over both hemispheres."""
        script = """
          const seen = ['left', 'right'].flatMap((h) =>
            cortex.visibleVertices(h).flat().map((n) => [h, n]));
          const count = Math.min(a, seen.length);
          return Array.from({ length: count }, (_, i) => {
            const [hemi, vertex] = seen[Math.floor((i * seen.length) / count)];
            const { x, y } = cortex.project(hemi, vertex)[0];
            return [x, y];
          });
        """
        return [(float(x), float(y)) for x, y in self.run(script, count)]

    def hover(self, places: list[tuple[float, float]]) -> list[float]:
        """Point at places and return the milliseconds of each readout of a vertex."""
        times = []
        for place in places:
            self.page.evaluate("() => __bench.takeHover()")
            self.page.mouse.move(*place)
            times.append(self.page.evaluate("() => __bench.takeHover()"))
        return [float(time) for time in times if time is not None]

    def choose_colours(self) -> None:
        """Take another colour map from the viewer's menu."""
        self.page.get_by_role("button", name="Colours").click()
        self.page.get_by_label("Colour map", exact=True).select_option("cividis")
        self.page.keyboard.press("Escape")

    def choose_view(self) -> None:
        """Take the dorsal view."""
        self.page.get_by_label("View", exact=True).select_option("dorsal")

    def choose_shape(self) -> None:
        """Take the pial surface, which the viewer morphs to."""
        self.page.get_by_label("Surface", exact=True).select_option(label="Pial")

    def click_brain(self) -> None:
        """Select a visible vertex."""
        self.page.mouse.click(*self.find_places(3)[1])
