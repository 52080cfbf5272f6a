"""WCAG 2.2 A and AA by axe-core: what a page breaks, in light and dark."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}
SCHEME = "(s) => getComputedStyle(document.querySelector('.stApp')).colorScheme === s"
TRIES = 5


def assert_accessible(page: Page) -> None:
    """Fail with axe-core's words where a page breaks a rule of WCAG 2.2 A or AA.

    Colours fade from one theme to the other: what a rule says must not last.
    """
    try:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(SCHEME, arg=scheme)
            for _ in range(TRIES):
                faults = find_faults(page)
                if not faults:
                    break
                page.wait_for_timeout(500)
            assert not faults, f"{page.url}, {scheme}:\n" + "\n".join(faults)
    finally:
        page.emulate_media(color_scheme="null")


def find_faults(page: Page) -> list[str]:
    """Return one line a broken rule and element."""
    broken = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']}: {' '.join(node['html'].split())[:160]} | {node['failureSummary']}"
        for rule in broken
        for node in rule["nodes"]
    ]
