"""People at the dashboard, without browsers: each changes a control, thinks, and changes it again.

Run as ``python session_client.py URL SESSIONS SECONDS THINK_LEAST THINK_MOST``. Speaks Streamlit's
messages over its websocket, so that the server does all it does for a browser and nothing is drawn.
Prints a JSON list of ``[page, seconds]``, one a rerun.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

CONTROLS = {"maps": "", "hierarchy": "Measure", "selectivity": "Category"}
"""What is changed on each page; on maps it is the viewer's menu, which changes the address."""
MAPS = ["jne", "gain", "r2_nonlinear", "r2_linear"]
TIMEOUT_S = 120.0


class Session:
    """One person on one page."""

    def __init__(self, socket: ClientConnection, page: str) -> None:
        self.socket = socket
        self.page = page
        self.control = ""
        self.options = list(MAPS) if page == "maps" else []

    async def rerun(self, option: str | None = None) -> float:
        """Open the page, or change its control; return the seconds until the script has ended."""
        message = BackMsg()
        message.rerun_script.page_name = self.page
        if option is not None and not CONTROLS[self.page]:
            message.rerun_script.query_string = f"map={option}"
            message.rerun_script.is_history_navigation = True
        elif option is not None:
            message.rerun_script.widget_states.widgets.add(id=self.control, string_value=option)
        start = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        await asyncio.wait_for(self._take(), TIMEOUT_S)
        return time.perf_counter() - start

    async def _take(self) -> None:
        """Take messages until a script has ended as it should."""
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await self.socket.recv())
            kind = answer.WhichOneof("type")
            if kind == "delta":
                self._look(answer.delta.new_element)
            elif kind == "script_finished":
                if answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    return
                if answer.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    raise RuntimeError(f"{self.page} does not compile")

    def _look(self, element: object) -> None:
        """Remember the page's control; end where the page shows an exception."""
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise RuntimeError(f"{self.page}: {element.exception.message}")
        if kind == "selectbox" and element.selectbox.label == CONTROLS[self.page]:
            self.control, self.options = element.selectbox.id, list(element.selectbox.options)


async def visit(url: str, number: int, seconds: float, think: tuple[float, float]) -> list:
    """Open a page and change its control until the time is over."""
    pages, rng = list(CONTROLS), random.Random(number)
    page = pages[number % len(pages)]
    address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
    async with connect(address, max_size=None, subprotocols=["streamlit"]) as socket:
        session = Session(socket, page)
        await session.rerun()
        if not session.options:
            raise RuntimeError(f"{page} has no control {CONTROLS[page]!r}")
        found, end = [], time.monotonic() + seconds
        choices = _go_round(session.options, number)
        while not found or time.monotonic() < end:
            await asyncio.sleep(rng.uniform(*think))
            found.append((page, await session.rerun(next(choices))))
    return found


def _go_round(options: list[str], start: int) -> Iterator[str]:
    """Yield all options over and over; sessions begin at different ones."""
    place = start
    while True:
        place += 1
        yield options[place % len(options)]


async def main(url: str, n_sessions: int, seconds: float, think: tuple[float, float]) -> None:
    """Let all sessions work side by side."""
    visits = (visit(url, i, seconds, think) for i in range(n_sessions))
    found = await asyncio.gather(*visits)
    sys.stdout.write(json.dumps([rerun for own in found for rerun in own]))


if __name__ == "__main__":
    _, address, n, length, least, most = sys.argv
    asyncio.run(main(address, int(n), float(length), (float(least), float(most))))
