"""What is measured, and the lines that say it."""

import statistics
from collections.abc import Callable, Iterator, Sequence

from playwright.sync_api import Browser, StorageState

from tests.bench.console.visits import Change, Scroll, Visit, visiting

_MENU = (
    "/store", "/subscriptions", "/deployments", "/monitoring", "/operations", "/alarms",
    "/incidents", "/documents", "/mine", "/reviews", "/work-orders", "/admin", "/",
)  # fmt: skip
_STORE, _CARD = "nav a[href^='/store']", "#page article h2 a"
_LATE_FRAME_MS = 1.5 * 1000 / 60
_CHANGE_HEAD = (
    f"{'framed ms':>10} {'filled ms':>10} {'worst':>6} {'CPU ms':>7} {'long':>5} {'over 50':>8}"
)


def first_load(browser: Browser, address: str, state: StorageState, rounds: int) -> Iterator[str]:
    """Load the store with an empty cache."""
    figures: dict[str, list[float]] = {}
    for _ in range(rounds):
        with visiting(browser, address, state) as visit:
            cards = visit.opens("/store", "#page article h2 a")
            paint = visit.page.evaluate(
                "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
            )
            blocked = visit.page.evaluate("() => watch.blockedSince(0)")
            visit.settles()
            found = {
                "first contentful paint, ms": paint,
                "largest contentful paint, ms": visit.page.evaluate("() => watch.largest"),
                "the cards are there, ms": cards,
                "page's thread, CPU ms": visit.cpu(),
                "long tasks": blocked["count"],
                "total blocking time, ms": blocked["over"],
            }
            found |= {f"transferred, {kind}, kB": n / 1000 for kind, n in visit.bytes.items()}
            for name, value in found.items():
                figures.setdefault(name, []).append(value)
    yield "## First load of the store, cold"
    for name, values in figures.items():
        yield f"{statistics.median(values):10.0f}  {name} (worst {max(values):.0f})"


def route_changes(
    browser: Browser, address: str, state: StorageState, rounds: int
) -> Iterator[str]:
    """Change the page by its menu and by its links: once with the code to fetch, then again."""
    first: dict[str, list[Change]] = {}
    again: dict[str, list[Change]] = {}
    for _ in range(max(1, rounds // 2)):
        with visiting(browser, address, state) as visit:
            visit.opens("/store", _CARD)
            visit.settles()
            for name, change in _walk(visit):
                first.setdefault(name, []).append(change)
            for name, change in _walk(visit):
                again.setdefault(name, []).append(change)
    yield "## Change of page, its code still to fetch"
    yield from _change_table(first)
    yield "## Change of page, again"
    yield from _change_table(again)


def _walk(visit: Visit) -> Iterator[tuple[str, Change]]:
    for path in _MENU:
        if path in ("/subscriptions", "/monitoring"):
            continue
        here = f"nav a[href='{path}']"
        if visit.page.url.endswith(path):
            continue
        yield path, visit.clicks(here)
        visit.settles()
    yield "/store from home", visit.clicks(_STORE)
    visit.settles()
    yield "/store/$name", visit.clicks(_CARD)
    visit.settles()
    yield "/monitoring", visit.clicks("nav a[href^='/monitoring']")
    visit.settles()
    yield "/monitoring/$name/$province", visit.clicks("#page a[href^='/monitoring/']")
    visit.settles()
    yield "/subscriptions", visit.clicks("nav a[href^='/subscriptions']")
    visit.settles()
    yield "/subscriptions/$id", visit.clicks("#page tbody a[href^='/subscriptions/']")
    visit.settles()


def large_matrix(browser: Browser, address: str, state: StorageState, rounds: int) -> Iterator[str]:
    """Open the matrix of every capability in every province, and scroll through all of it."""
    changes: dict[str, list[Change]] = {}
    scrolls: dict[str, list[Scroll]] = {}
    with visiting(browser, address, state) as visit:
        for _ in range(rounds):
            visit.opens("/store", _CARD)
            visit.settles()
            changes.setdefault("open the matrix", []).append(
                visit.clicks("nav a[href^='/deployments']")
            )
            visit.settles()
            box = "#page section[tabindex='0']"
            scrolls.setdefault("down 300 rows and back", []).append(visit.scrolls(box, "top", 120))
            scrolls.setdefault("across 31 provinces and back", []).append(
                visit.scrolls(box, "left", 60)
            )
    yield "## The matrix of 31 x 300"
    yield from _change_table(changes)
    yield from _scroll_table(scrolls)


def large_table(browser: Browser, address: str, state: StorageState, rounds: int) -> Iterator[str]:
    """Work in the table of 10,000 subscriptions."""
    changes: dict[str, list[Change]] = {}
    scrolls: dict[str, list[Scroll]] = {}
    with visiting(browser, address, state) as visit:
        visit.opens("/subscriptions", "#page tbody tr")
        visit.settles()
        for name, selector in _TABLE_ACTS * rounds:
            changes.setdefault(name, []).append(visit.clicks(selector, "watch.rows()"))
            visit.settles()
            scrolls.setdefault("down a page of 50 and back", []).append(
                visit.scrolls(None, "top", 60)
            )
    yield "## A table of 10,000 rows"
    yield from _change_table(changes)
    yield from _scroll_table(scrolls)


_TABLE_ACTS = (
    ("next page", "#page button:has-text('下一页')"),
    ("previous page", "#page button:has-text('上一页')"),
)


def _change_table(found: dict[str, list[Change]]) -> Iterator[str]:
    yield f"{_CHANGE_HEAD}  change (medians of {max(map(len, found.values()))})"
    for name, changes in found.items():
        framed, filled = _median(changes, _framed), _median(changes, _filled)
        cpu = _median(changes, lambda change: change.cpu)
        tasks = sum(change.tasks for change in changes) / len(changes)
        over = sum(change.blocked for change in changes) / len(changes)
        worst = max(map(_framed, changes))
        yield f"{framed:10.0f} {filled:10.0f} {worst:6.0f} {cpu:7.0f} {tasks:5.1f} {over:8.0f}  {name}"


def _scroll_table(found: dict[str, list[Scroll]]) -> Iterator[str]:
    yield f"{'frames':>7} {'late':>6} {'p95 ms':>7} {'worst':>6} {'CPU a frame':>12} {'long':>5} {'over 50':>8}  scroll"
    for name, scrolls in found.items():
        frames = [length for scroll in scrolls for length in scroll.frames]
        late = sum(length > _LATE_FRAME_MS for length in frames)
        cpu = sum(scroll.cpu for scroll in scrolls) / len(frames)
        tasks = sum(scroll.tasks for scroll in scrolls) / len(scrolls)
        over = sum(scroll.blocked for scroll in scrolls) / len(scrolls)
        p95 = statistics.quantiles(frames, n=20)[-1]
        yield (
            f"{len(frames):7} {late:6} {p95:7.0f} {max(frames):6.0f} {cpu:12.1f} {tasks:5.1f} "
            f"{over:8.0f}  {name}"
        )


def _median(changes: Sequence[Change], of: Callable[[Change], float]) -> float:
    return statistics.median(map(of, changes))


def _framed(change: Change) -> float:
    return change.framed


def _filled(change: Change) -> float:
    return change.filled
