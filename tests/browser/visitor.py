"""Somebody at the console in a real browser: what they do is counted, what goes wrong is kept."""

from base64 import b64decode
from dataclasses import dataclass, field
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from tests.browser.looks import Look, pictures_folder
from tests.browser.words import Language, words

Role = Literal["button", "link", "tab", "textbox", "combobox", "option", "checkbox", "row", "cell"]

PATIENCE = 60_000
"""Milliseconds that a busy machine may take for one step; never what a test is about."""
expect.set_options(timeout=PATIENCE)

_REST_MS = 250
"""So long nothing is asked of the center before a picture is taken."""

_QUALITY = 80
"""Of a picture in WebP, out of 100."""


_HIDE = """secret => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (secret !== "" && texts.nextNode()) {
    texts.currentNode.data = texts.currentNode.data.replaceAll(secret, "•".repeat(12));
  }
}"""


@dataclass
class Visitor:
    """Somebody signed in; each has a browser profile of their own."""

    center: str
    page: Page
    look: Look
    interactions: int = 0
    complaints: list[str] = field(default_factory=list)
    asked: set[Request] = field(default_factory=set)
    """What the page waits for, the stream of changes apart, which never ends."""

    def says(self, key: str, **values: str) -> str:
        """Return a text of the console in this visitor's language."""
        return words(self.look.language, key, **values)

    def writes(self, *, zh: str, en: str) -> str:
        """Return what somebody of this language would write."""
        return zh if self.look.language == "zh" else en

    def opens(self, address: str) -> None:
        """Go to an address of the console by typing it."""
        self.page.goto(f"{self.center}{address}")
        self.settles()

    def settles(self) -> None:
        """Wait until nothing is loading any more."""
        self.page.locator("main :is(h1, h2)").first.wait_for()
        expect(
            self.page.get_by_role("status", name=words(self.look.language, "shared:loading"))
        ).to_have_count(0)

    def rests(self) -> None:
        """Wait until names and counts have come as well, which nothing on the page waits for."""
        self.settles()
        for _ in range(PATIENCE // _REST_MS):
            was_asking = bool(self.asked)
            self.page.wait_for_timeout(_REST_MS)
            if not (was_asking or self.asked):
                return

    def clicks(self, role: Role, name: str, *, within: Locator | None = None) -> None:
        """Click what a person would call by this name."""
        self.interactions += 1
        (within or self.page).get_by_role(role, name=name).first.click(timeout=PATIENCE)

    def clicks_on(self, what: Locator) -> None:
        """Click something that has no name of its own."""
        self.interactions += 1
        what.first.click(timeout=PATIENCE)

    def fills(self, label: str, text: str) -> None:
        """Type into a field."""
        self.interactions += 1
        self.page.get_by_label(label, exact=False).first.fill(text, timeout=PATIENCE)

    def presses(self, keys: str) -> None:
        """Press a key."""
        self.interactions += 1
        self.page.keyboard.press(keys)

    def sees(self, text: str) -> None:
        """Wait until a text is there."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def takes_look(self) -> None:
        """Choose language and appearance by the switches of the page; both stay for later pages."""
        html = self.page.locator("html")
        shown: Language = "en" if html.get_attribute("lang") == "en" else "zh"
        if self.look.language != shown:
            other = words(shown, "app:frame.other-language")
            self.page.get_by_role("button", name=other, exact=True).click()
        if self.look.mode != html.get_attribute("data-mode"):
            self.page.get_by_role("button", name=self.says("app:frame.appearance")).click()
            mode = self.says(f"app:frame.{self.look.mode}")
            self.page.get_by_role("menuitem", name=mode).click()
        expect(html).to_have_attribute("data-mode", self.look.mode)

    def keeps(self, name: str, *, secret: str = "") -> None:
        """Keep what is on the screen as a picture, where pictures are made; never a secret."""
        folder = pictures_folder()
        if folder is not None:
            self.rests()
            self.page.evaluate(_HIDE, secret)
            session = self.page.context.new_cdp_session(self.page)
            taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
            session.detach()
            (folder / f"{name}-{self.look}.webp").write_bytes(b64decode(taken["data"]))


def visit(browser: Browser, center: str, look: Look) -> Visitor:
    """Open the console as a stranger."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800},
        device_scale_factor=1 if pictures_folder() is None else 1.5,
        color_scheme="light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    visitor = Visitor(center, page, look)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on("console", lambda message: _note(visitor, message))
    page.on("request", lambda request: _await(visitor, request))
    page.on("requestfinished", lambda request: _forget(visitor, request))
    page.on("requestfailed", lambda request: _forget(visitor, request))
    return visitor


def _await(visitor: Visitor, request: Request) -> None:
    if request.resource_type != "eventsource":
        visitor.asked.add(request)


def _forget(visitor: Visitor, request: Request) -> None:
    visitor.asked.discard(request)


def _note(visitor: Visitor, message: ConsoleMessage) -> None:
    # A refusal that the page shows is no failure of the page.
    if message.type == "error" and "Failed to load resource" not in message.text:
        visitor.complaints.append(message.text)


def sign_in(visitor: Visitor, name: str, password: str, back: str = "/") -> Visitor:
    """Sign in with a local account, and arrive where the address says."""
    visitor.page.goto(f"{visitor.center}{back}")
    visitor.takes_look()
    visitor.page.get_by_label(visitor.says("sign-in:name"), exact=True).fill(name)
    visitor.page.get_by_label(visitor.says("sign-in:password"), exact=True).fill(password)
    visitor.page.get_by_role("button", name=visitor.says("sign-in:act"), exact=True).click()
    visitor.page.locator("#page").wait_for()
    visitor.settles()
    return visitor
