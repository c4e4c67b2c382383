"""Somebody at the console in a real browser: what they do is counted, what goes wrong is kept."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.browser.words import Language, words

Mode = Literal["light", "dark"]
Role = Literal["button", "link", "tab", "textbox", "combobox", "option", "checkbox", "row", "cell"]

PATIENCE = 60_000
"""Milliseconds that a busy machine may take for one step; never what a test is about."""
expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Look:
    """How somebody sees the console."""

    language: Language = "zh"
    mode: Mode = "light"

    def __str__(self) -> str:
        return f"{self.language}-{self.mode}"


LOOKS = tuple(Look(language, mode) for language in ("zh", "en") for mode in ("light", "dark"))


@dataclass
class Visitor:
    """Somebody signed in; each has a browser profile of their own."""

    center: str
    page: Page
    look: Look
    interactions: int = 0
    complaints: list[str] = field(default_factory=list)
    pictures: Path | None = None

    def says(self, key: str, **values: str) -> str:
        """Return a text of the console in this visitor's language."""
        return words(self.look.language, key, **values)

    def opens(self, address: str) -> None:
        """Go to an address of the console by typing it."""
        self.page.goto(f"{self.center}{address}")
        self.settles()

    def settles(self) -> None:
        """Wait until nothing is loading any more."""
        self.page.wait_for_load_state("load")
        expect(
            self.page.get_by_role("status", name=words(self.look.language, "shared:loading"))
        ).to_have_count(0)

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

    def keeps(self, name: str) -> None:
        """Keep what is on the screen as a picture of the documentation, where pictures are made."""
        if self.pictures is not None:
            self.settles()
            path = self.pictures / f"{name}-{self.look}.jpeg"
            self.page.screenshot(path=path, type="jpeg", quality=60, animations="disabled")


def visit(browser: Browser, center: str, look: Look, pictures: Path | None = None) -> Visitor:
    """Open the console as a stranger."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme=look.mode, reduced_motion="reduce"
    )
    context.add_init_script(
        f"localStorage.setItem('jiuzhou.language', '{look.language}');"
        f"localStorage.setItem('jiuzhou.appearance', '{look.mode}');"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    visitor = Visitor(center, page, look, pictures=pictures)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on("console", lambda message: _note(visitor, message))
    return visitor


def _note(visitor: Visitor, message: ConsoleMessage) -> None:
    # A refusal that the page shows is no failure of the page.
    if message.type == "error" and "Failed to load resource" not in message.text:
        visitor.complaints.append(message.text)


def sign_in(visitor: Visitor, name: str, password: str, back: str = "/") -> Visitor:
    """Sign in with a local account, and arrive where the address says."""
    visitor.page.goto(f"{visitor.center}{back}")
    visitor.page.get_by_label(visitor.says("sign-in:name"), exact=True).fill(name)
    visitor.page.get_by_label(visitor.says("sign-in:password"), exact=True).fill(password)
    visitor.page.get_by_role("button", name=visitor.says("sign-in:act"), exact=True).click()
    visitor.page.locator("#page").wait_for()
    visitor.settles()
    return visitor
