"""Which pages a person can reach."""

import re

from tests.browser.visitor import Visitor

DEEP = (
    "/store/digit-recognition",
    "/store/digit-recognition?tab=contract",
    "/monitoring/digit-recognition/guizhou",
    "/documents/digit-recognition",
    "/subscriptions/new",
    "/nowhere",
    "/?help=keys",
)


def addresses(visitor: Visitor) -> list[str]:
    """Return the pages of a person's menu, and those that it does not name."""
    menu = visitor.page.locator("nav a[href]")
    return [*(menu.nth(i).get_attribute("href") or "/" for i in range(menu.count())), *DEEP]


def picture_of(address: str) -> str:
    """Return what a picture of a page is called."""
    return re.sub(r"[^a-z0-9]+", "-", address).strip("-") or "home"
