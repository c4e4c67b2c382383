"""Somebody at the console whose every click is timed by the page itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, StorageState, ViewportSize

from tests.bench.country_lists import PASSWORD

_WATCH = Path(__file__).with_name("watch.js").read_text()
_SIZE = ViewportSize(width=1280, height=800)


@dataclass(frozen=True)
class Change:
    """What one click led to, in milliseconds since the pointer's event.

    Attributes:
        framed: The new page's heading, or what stands in its place until its code is there.
        filled: Its heading and its data, with nothing pending any more.
        tasks: Long tasks (over 50 ms) on the page's thread meanwhile.
        blocked: By how much those went over 50 ms, in all.
        cpu: What the page's thread worked.
    """

    framed: float
    filled: float
    tasks: int
    blocked: float
    cpu: float


@dataclass(frozen=True)
class Scroll:
    """A scroll through all of something: milliseconds between its frames, and what held it up."""

    frames: list[float]
    tasks: int
    blocked: float
    cpu: float


def signed_in(browser: Browser, address: str, name: str) -> StorageState:
    """Sign in without a page, so that the first load is a stranger's no more, and cold all the same."""
    context = browser.new_context()
    answer = context.request.post(
        f"{address}/api/v1/sessions", data={"name": name, "password": PASSWORD}
    )
    assert answer.ok, answer.text()
    state = context.storage_state()
    context.close()
    return state


class Visit:
    """One page of the browser with an empty cache."""

    def __init__(self, page: Page, address: str, process: int) -> None:
        self.page = page
        self._address = address
        self._process = process
        self._session = page.context.new_cdp_session(page)
        self.bytes: dict[str, float] = {}
        self._kinds: dict[str, str] = {}
        self._session.on("Network.responseReceived", self._note_kind)
        self._session.on("Network.loadingFinished", self._note_size)
        self._session.send("Network.enable")

    def opens(self, path: str, sight: str) -> float:
        """Go to an address, and return when a selector first found something there, in milliseconds."""
        self.page.goto(f"{self._address}{path}", wait_until="commit")
        seen = self.page.evaluate("(sight) => watch.firstSight(sight)", sight)
        return float(seen)

    def settles(self) -> None:
        """Wait until nothing is asked for any more."""
        self.page.wait_for_function("() => !watch.isLoading()")
        self.page.wait_for_timeout(300)

    def clicks(self, selector: str, expects: str = "watch.route()") -> Change:
        """Click something with the mouse, and time what ``expects`` waits for."""
        target = self.page.locator(selector).first
        target.scroll_into_view_if_needed()
        self.page.evaluate(expects)
        before = self.cpu()
        target.click()
        found: dict[str, Any] | None = self.page.evaluate("watch.change")
        assert found is not None, f"{selector} on {self.page.url} changed nothing"
        blocked = found["blocked"]
        return Change(
            found["framed"], found["filled"], blocked["count"], blocked["over"], self.cpu() - before
        )

    def scrolls(self, selector: str | None, axis: str, step: int) -> Scroll:
        """Scroll through something to its end and back, ``step`` pixels a frame."""
        before = self.cpu()
        found = self.page.evaluate(
            "([selector, axis, step]) => watch.scroll(selector, axis, step)", [selector, axis, step]
        )
        blocked = found["blocked"]
        return Scroll(found["frames"], blocked["count"], blocked["over"], self.cpu() - before)

    def cpu(self) -> float:
        """Return for how long the page's thread has held a processor so far, in milliseconds."""
        return _held(self._process)

    def _note_kind(self, event: dict[str, Any]) -> None:
        self._kinds[event["requestId"]] = event["type"]

    def _note_size(self, event: dict[str, Any]) -> None:
        kind = self._kinds.get(event["requestId"], "Other")
        self.bytes[kind] = self.bytes.get(kind, 0.0) + event["encodedDataLength"]


@contextmanager
def visiting(browser: Browser, address: str, state: StorageState) -> Iterator[Visit]:
    """Open a browser's window that knows nothing but who is signed in."""
    context = browser.new_context(viewport=_SIZE, storage_state=state, reduced_motion="reduce")
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}/favicon.svg")  # the process stays with the site
    yield Visit(page, address, _process_of(page, browser))
    context.close()


def _process_of(page: Page, browser: Browser) -> int:
    """Find a page's process: the browser only says which there are, so this one is made to work."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    renderers = [int(item["id"]) for item in processes if item["type"] == "renderer"]
    before = {process: _held(process) for process in renderers}
    page.evaluate("() => { let sum = 0; for (let i = 0; i < 3e8; i++) sum += i; return sum; }")
    return max(before, key=lambda process: _held(process) - before[process])


def _held(process: int) -> float:
    """Return for how long a process's first thread has held a processor, in milliseconds."""
    try:
        status = Path(f"/proc/{process}/task/{process}/schedstat").read_text()
    except FileNotFoundError:  # of a page that was closed before
        return 0.0
    return int(status.split()[0]) / 1e6
