"""A deck as one HTML file that needs no network: live figures, brains that turn, notes, a timer."""

from __future__ import annotations

import base64
import html
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from jne_engine.core.progress import Progress, ignore_progress
from jne_engine.core.resources import find_dashboard
from jne_engine.report.decks.slides import Deck, Slide
from jne_engine.report.figures.template import DARK, LIGHT, Ink
from jne_engine.viewer.modules import link_modules

ASSETS = find_dashboard() / "assets" / "deck"

# Plotly compiles its WebGL code in the browser, hence 'unsafe-eval'; nothing is ever loaded.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
  script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main id="deck"></main>
<noscript>This deck shows live figures and needs JavaScript.</noscript>
<script type="application/json" id="slides">{slides}</script>
<script type="module">
const brain = (() => {{ {viewer}
return modules['offline.js']; }})();
const deck = (() => {{ {deck}
return modules['deck.js']; }})();
const slides = JSON.parse(document.getElementById('slides').textContent);
const plotly = () => globalThis.Plotly;
deck.openDeck(document.getElementById('deck'), slides, {{ openBrain: brain.openOffline, plotly }});
</script>
{plotly}
</body>
</html>
"""


def write_html(deck: Deck, path: Path, progress: Progress = ignore_progress) -> Path:
    """Write a deck as one HTML file.

    Parameters
    ----------
    deck : Deck
    path : pathlib.Path
        File to write; its folder must exist.
    progress : callable, optional
        Called as ``progress(slides done, slides)``.

    Returns
    -------
    pathlib.Path
    """
    path.write_text(render_html(deck, progress), encoding="utf-8")
    return path


def render_html(deck: Deck, progress: Progress = ignore_progress) -> str:
    """Return the text of a deck's HTML file; as :func:`write_html`."""
    slides = [_describe(slide) for slide in deck.walk(progress)]
    live = any("figure" in slide for slide in slides)
    inks = {"light": _ink(LIGHT), "dark": _ink(DARK)}
    said = {"name": deck.name, "simulated": deck.simulated, "inks": inks, "slides": slides}
    return _PAGE.format(
        title=html.escape(deck.name),
        style=(ASSETS / "deck.css").read_text(encoding="utf-8"),
        slides=json.dumps(said, ensure_ascii=False).replace("<", "\\u003c"),
        viewer=_inert(link_modules("offline.js")),
        deck=_inert(link_modules("deck.js", ASSETS)),
        plotly=f"<script>{_inert(get_plotlyjs())}</script>" if live else "",
    )


def _describe(slide: Slide) -> dict[str, Any]:
    """Return what the browser needs of a slide; a picture only where nothing is live."""
    pin, contents = slide.pin, slide.contents
    said: dict[str, Any] = {
        "title": pin.title,
        "caption": pin.caption,
        "notes": pin.notes,
        "source": slide.source,
    }
    if contents.figure is not None:
        said["figure"] = json.loads(contents.figure)
    elif contents.brain is not None:
        said["brain"] = base64.b64encode(contents.brain).decode()
        said["view"] = json.loads(contents.view or "{}")
    if contents.figure is None:
        said["picture"] = base64.b64encode(contents.picture).decode()
    return said


def _ink(ink: Ink) -> dict[str, str]:
    """Return the colours that change between a light and a dark page."""
    return asdict(ink)


def _inert(text: str) -> str:
    """Keep code from ending the script element that it stands in."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")
