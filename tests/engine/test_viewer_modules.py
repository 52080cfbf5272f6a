"""The linker keeps what modules mean and refuses what it does not know."""

import shutil
import subprocess

import pytest

from jne_engine.core.errors import InputError
from jne_engine.viewer.modules import SOURCE, link_modules


def write(folder, **modules):
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)
    return folder


def test_imports_come_before_what_uses_them_and_nothing_is_left_over(tmp_path):
    write(
        tmp_path,
        a="import { two as deux } from './b.js';\nexport const four = deux * 2;\n",
        b="const one = 1;\nexport const two = one + one;\nexport function unused() {}\n",
    )
    text = link_modules("a.js", tmp_path)
    assert text.index("modules['b.js'] =") < text.index("modules['a.js'] =")
    assert "two: deux" in text
    assert "import {" not in text
    assert "export " not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("export default 3;\n", "export default"),
        ("import * as all from './b.js';\n", "import \\*"),
        ("import { x } from './gone.js';\n", "gone.js"),
        ("import { x } from './a.js';\n", "a.js -> a.js"),
    ],
)
def test_what_the_linker_does_not_know_stops_it(tmp_path, text, message):
    write(tmp_path, a=text)
    with pytest.raises(InputError, match=message):
        link_modules("a.js", tmp_path)


@pytest.mark.parametrize("entry", ["runtime.js", "offline.js"])
def test_the_viewer_links(entry):
    text = link_modules(entry)
    for module in ("viewer.js", "renderer.js", "payload.js"):
        assert f"modules['{module}']" in text
    assert len(text) < 190_000


def test_every_module_is_part_of_the_viewer():
    linked = link_modules("runtime.js") + link_modules("offline.js")
    assert all(f"modules['{p.name}'] =" in linked for p in SOURCE.glob("*.js"))


if shutil.which("node"):

    def test_linked_modules_run(tmp_path):
        write(
            tmp_path,
            a="import { two } from './b.js';\nexport const four = two * 2;\n",
            b="export const two = 2;\n",
        )
        script = link_modules("a.js", tmp_path) + "console.log(modules['a.js'].four);"
        done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "4"


def test_a_type_before_code_takes_nothing_away(tmp_path):
    lines = ["/** Says more. */", "export function f(x) {", "  /** @type {any} */ (x).go();"]
    lines += ["  return x;", "}", "", "/** Of this. */", "export const y = 1;", ""]
    (tmp_path / "a.js").write_text("\n".join(lines))
    linked = link_modules("a.js", tmp_path)
    assert "(x).go();\nreturn x;" in linked
    assert "Says more" not in linked
    assert "Of this" not in linked
