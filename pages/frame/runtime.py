"""The code of brains and pin buttons: it travels once a session, and they send a few words each.

An invisible component with constant content brings it, which Streamlit repeats as a reference. What
needs a part of it is a component whose own code waits until that part is there.
"""

from __future__ import annotations

import json
from functools import cache
from string import Template
from typing import Any, Literal

import streamlit as st

from jne_engine.viewer.modules import link_modules
from pages.frame.assets import read_asset

Part = Literal["mount", "pin"]
"""What the code offers: a viewer, a pin button."""

# Sent at every rerun, so every byte counts. Streamlit takes a text of one line for a file's name.
_STUB = Template("""export default (c) => {
const r=(globalThis.__cortexRuntime??={waiting:[]});
let end,gone;const go=()=>{if(!gone)end=r.$part(c)};
r.$part?go():r.waiting.push(go);
return ()=>{gone=1;end?.()}}
""")
_ICONS = {
    "pin": "M9.5 1.5l5 5-2.2.6-3 3-.4 2.7-5.7-5.7 2.7-.4 3-3zM5.7 10.3L2 14",
    "undo": "M6 3L2.5 6.5L6 10M3 6.5h6.5a4 4 0 0 1 0 7.5H6",
    "redo": "M10 3l3.5 3.5L10 10M13 6.5H6.5a4 4 0 0 0 0 7.5H10",
    "link": "M7 4.5l1.6-1.6a3 3 0 0 1 4.3 4.3L11 9.1a3 3 0 0 1-4.3 0M9 11.5l-1.6 1.6"
    "a3 3 0 0 1-4.3-4.3L5 6.9a3 3 0 0 1 4.3 0",
}
_PIN = Template("""
(globalThis.__cortexRuntime ??= { waiting: [] }).pin = (() => {
$code
return (component) => {
  if (!component.parentElement.querySelector('button')) {
    const made = document.createElement('template');
    made.innerHTML = $inside;
    component.parentElement.append(made.content);
  }
  pin(component);
};
})();
""")


def mount_runtime() -> None:
    """Bring the code; once a page, before anything else of it."""
    code = st.components.v2.component("jne_runtime", js=_link_runtime())
    code(key="jne_runtime", height=1)


def declare(name: str, part: Part) -> Any:
    """Return a component that is a part of the code."""
    return st.components.v2.component(name, js=_STUB.substitute(part=part))


def draw_button(label: str, icon: str, *, way: str = "") -> str:
    """Return a quiet button with an icon of ours and the place where it says what went wrong."""
    named = f'<button type="button" aria-label="{label}" title="{label}" data-way="{way}">'
    drawn = f'<svg viewBox="0 0 16 16" aria-hidden="true"><path d="{_ICONS[icon]}"/></svg>'
    return f'<div class="jne-quiet"><span role="status"></span>{named}{drawn}</button></div>'


@cache
def _link_runtime() -> str:
    inside = f"<style>{read_asset('pin/button.css')}</style>{draw_button('Pin to story', 'pin')}"
    code = read_asset("pin/pin.js").replace("export default function pin", "function pin")
    pin = _PIN.substitute(code=code, inside=json.dumps(inside))
    announce = "modules['runtime.js'].announce();\nexport default () => {};\n"
    return f"{link_modules('runtime.js')}{pin}{announce}"
