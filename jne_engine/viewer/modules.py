"""The viewer's JavaScript modules, linked into one text without a bundler.

The modules under ``assets/cortex_viewer`` are plain ES modules that a browser or node can load
as they are. Streamlit and a single HTML file need one text: every module becomes a function that
returns its exports, in the order of their imports. Only named imports and exports of
declarations are used; anything else stops the linker. Comments of documentation, indentation and
empty lines stay behind, as the text travels once a session.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jne_engine.core.errors import InputError
from jne_engine.core.resources import find_dashboard

SOURCE = find_dashboard() / "assets" / "cortex_viewer"

_IMPORT = re.compile(r"^import \{([^}]*)\} from '\./([\w.-]+)';$", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) ?(\w+))", re.MULTILINE)
_EXPORTED = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)
_DOC = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_MARGIN = re.compile(r"^\s+", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


@cache
def link_modules(entry: str, source: Path = SOURCE) -> str:
    """Return one script that runs a module and everything that it imports.

    Parameters
    ----------
    entry : str
        File name of the module; its exports are the value of the returned expression's name
        ``modules["<entry>"]``.
    source : pathlib.Path
        Folder of the modules.

    Returns
    -------
    str
        JavaScript that declares ``const modules``.

    Raises
    ------
    InputError
        If a module is missing, imports go round in a circle, or a statement is of a form that
        the linker does not know.
    """
    ordered: dict[str, str] = {}
    _collect(entry, source, ordered, ())
    body = "\n".join(f"modules['{name}'] = {text};" for name, text in ordered.items())
    return f"const modules = {{}};\n{body}\n"


def _collect(name: str, source: Path, done: dict[str, str], above: tuple[str, ...]) -> None:
    if name in above:
        chain = " -> ".join((*above, name))
        raise InputError(f"viewer module {name}", "no circle of imports", chain, "move a function")
    if name in done:
        return
    path = source / name
    if not path.is_file():
        raise InputError(str(path), "a module", "no file", "reinstall the project")
    text = path.read_text(encoding="utf-8")
    for _, imported in _IMPORT.findall(text):
        _collect(imported, source, done, (*above, name))
    done[name] = _as_function(name, text)


def _as_function(name: str, text: str) -> str:
    exported = _EXPORTED.findall(text)
    linked = _IMPORT.sub(_as_constants, _DOC.sub("", text))
    linked = _EXPORT.sub("", linked)
    left = _LEFT_OVER.search(linked)
    if left:
        fix = "use named imports and exports of declarations only"
        raise InputError(f"viewer module {name}", "a known statement", left.group(0), fix)
    linked = _MARGIN.sub("", linked)
    return f"(() => {{\n{linked}\nreturn {{ {', '.join(exported)} }};\n}})()"


def _as_constants(found: re.Match[str]) -> str:
    names = found.group(1).replace(" as ", ": ")
    return f"const {{{names}}} = modules['{found.group(2)}'];"
