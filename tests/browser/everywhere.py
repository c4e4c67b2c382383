"""Everything of the console that somebody can come to: pages, their tabs, drawers and dialogs."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Locator

from tests.browser.visitor import Visitor
from tests.browser.words import SOURCES

_PATH = re.compile(r'path: "(/[^"]*)"')
_TELLING = {"tab", "view", "help", "show"}
"""Search parameters whose value makes another page of it, not only other rows."""
_UNLINKED = ("/account", "/notifications", "/subscriptions/new", "/nowhere", "/?help=keys")
_DIALOG = "[role=dialog]:visible, [role=alertdialog]:visible"
_OPENERS = "#page button[aria-haspopup=dialog]:visible:enabled, #page tr[data-opens=true]:visible"
_TURNS, _TURN_MS = 50, 200
_LINKS = """() => [...document.querySelectorAll("a[href^='/']")]
    .filter((link) => !link.download && !link.getAttribute("href").startsWith("/api"))
    .map((link) => link.getAttribute("href"))"""


def wander(visitor: Visitor) -> Iterator[str]:
    """Stand on one page of each kind that menu, links and tabs lead to, and yield its address."""
    known = _patterns()
    waiting, seen = ["/", *_UNLINKED], set[str]()
    while waiting:
        address = waiting.pop(0)
        kind = _kind(address, known)
        if kind in seen:
            continue
        seen.add(kind)
        visitor.opens(address)
        yield address
        waiting += visitor.page.evaluate(_LINKS)
        waiting += _tabs(visitor, address)


def openings(visitor: Visitor, address: str) -> Iterator[str]:
    """Open each drawer and dialog that a page offers, one of each name; yield what was pressed.

    Raises:
        AssertionError: One of them does not close by Escape.
    """
    done = set[str]()
    while (opener := _next(visitor, done)) is not None:
        name, what = opener
        done.add(name)
        path = visitor.page.url.partition("?")[0]
        what.click()
        dialog = visitor.page.locator(_DIALOG).first
        if not _opened(visitor, dialog, path):  # a row that leads to a page of its own
            visitor.opens(address)
            continue
        visitor.settles()
        yield name
        visitor.page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")


def _opened(visitor: Visitor, dialog: Locator, path: str) -> bool:
    """Wait until a click led to a dialog, or to another page, or to nothing within a while."""
    for _ in range(_TURNS):
        if dialog.count() > 0:
            return True
        if visitor.page.url.partition("?")[0] != path:
            return False
        visitor.page.wait_for_timeout(_TURN_MS)
    return False


def _next(visitor: Visitor, done: set[str]) -> tuple[str, Locator] | None:
    """Return the next thing to press; all rows, and all cells of a matrix, are one."""
    openers = visitor.page.locator(_OPENERS)
    for index in range(openers.count()):
        opener = openers.nth(index)
        is_one = opener.evaluate("(found) => found.matches('tr, td *')")
        name = "a row" if is_one else opener.inner_text()
        if name not in done:
            return name, opener
    return None


def _tabs(visitor: Visitor, address: str) -> Iterator[str]:
    tabs = visitor.page.locator("#page [role=tab][aria-selected=false]:visible")
    for index in range(tabs.count()):
        tabs.nth(index).click()
        yield visitor.page.url.removeprefix(visitor.center)
        visitor.opens(address)


def _patterns() -> dict[str, re.Pattern[str]]:
    indexes = SOURCES.glob("features/*/index.ts")
    paths = {path for index in indexes for path in _PATH.findall(index.read_text())}
    # What names more of the address goes first: /subscriptions/new before /subscriptions/$id.
    ordered = sorted(paths, key=lambda path: (path.count("$"), path))
    return {path: re.compile(re.sub(r"\\\$\w+", "[^/]+", re.escape(path))) for path in ordered}


def _kind(address: str, known: dict[str, re.Pattern[str]]) -> str:
    parts = urlsplit(address)
    path = next((path for path, form in known.items() if form.fullmatch(parts.path)), "elsewhere")
    telling = sorted((name, value) for name, value in parse_qsl(parts.query) if name in _TELLING)
    return f"{path} {telling}"
