"""From the board to the column that drifts: two clicks."""

from playwright.sync_api import expect

from tests.browser.visitor import Visitor


def find_the_drifting_column(engineer: Visitor) -> None:
    """Start at the board; click the capability that drifts, then the column that moved most."""
    page = engineer.page
    engineer.opens("/monitoring")
    engineer.keeps("monitoring-board")
    engineer.interactions = 0
    drifting = page.locator("main a[href*='/monitoring/digit-recognition/guizhou']")
    engineer.clicks_on(drifting)
    engineer.clicks_on(page.get_by_role("button", name="image[32]", exact=True))

    expect(page).to_have_url(
        f"{engineer.center}/monitoring/digit-recognition/guizhou?column=image%5B32%5D"
    )
    engineer.keeps("monitoring-column")
