"""Accessibility of what stands on the screen, by axe-core."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.words import SOURCES

_AXE = SOURCES.parent / "node_modules" / "axe-core" / "axe.min.js"
_GRAVE = {"serious", "critical"}


def grave_findings(page: Page) -> list[str]:
    """Return axe-core's serious and critical findings about a page, with where they are."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_AXE.read_text())
    found: dict[str, Any] = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")
    return [
        f"{page.url}: {item['impact']} {item['id']}: {node['html'][:160]}"
        for item in found["violations"]
        if item["impact"] in _GRAVE
        for node in item["nodes"][:3]
    ]
