"""The console in a real browser, before the whole platform with its showcase."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import grave_findings
from tests.browser.callers import caller
from tests.browser.journeys.drift import find_the_drifting_column
from tests.browser.journeys.incident import take_an_alarm_to_the_closed_file
from tests.browser.journeys.review import NAME, build_version, publish, review
from tests.browser.journeys.rollout import roll_out_and_back
from tests.browser.journeys.subscription import try_subscribe_and_call
from tests.browser.looks import LOOKS, Look, looks
from tests.browser.pages import addresses, picture_of
from tests.browser.platform import Demo, running_browser, running_demo
from tests.browser.trouble import open_alarm
from tests.browser.visitor import Visitor, sign_in, visit

pytestmark = pytest.mark.timeout(1200)  # the demo's first start, also on a busy machine

PEOPLE = ("li-na", "wang-wei", "chen-jing")
FIRST = "1.0.0"
FIRST_LOAD_BYTES = 350_000
MOST_INTERACTIONS = 12


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("b")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(demo: Demo) -> Iterator[Browser]:
    assert demo.center
    with running_browser() as running:
        yield running


def person(browser: Browser, demo: Demo, name: str, look: Look) -> Visitor:
    visitor = visit(browser, demo.center, look)
    return sign_in(visitor, name, demo.passwords[name])


@pytest.mark.parametrize(
    ("name", "look"), [*zip(PEOPLE, (LOOKS[0], LOOKS[3], LOOKS[1]), strict=True)]
)
def test_W08_no_page_of_the_menu_has_a_grave_finding_of_axe_or_breaks_its_policy(
    browser: Browser, demo: Demo, name: str, look: Look
) -> None:
    visitor = person(browser, demo, name, look)
    found: list[str] = []
    for address in addresses(visitor):
        visitor.opens(address)
        visitor.keeps(f"{name}-{picture_of(address)}")
        found += grave_findings(visitor.page)
    visitor.page.context.close()

    assert found == []
    assert visitor.complaints == []


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[3]], ids=str)
def test_the_sign_in_page_has_no_grave_finding_of_axe(
    browser: Browser, demo: Demo, look: Look
) -> None:
    visitor = visit(browser, demo.center, look)
    visitor.opens("/sign-in")
    visitor.takes_look()

    found = grave_findings(visitor.page)
    visitor.page.context.close()
    assert found == []


def test_the_keyboard_skips_the_menu_shows_where_it_is_and_leaves_by_escape(
    browser: Browser, demo: Demo
) -> None:
    visitor = person(browser, demo, "chen-jing", LOOKS[0])
    visitor.opens("/store")
    # The search comes after the page, and its key with it.
    visitor.page.get_by_role("button", name=visitor.says("search:open")).wait_for()

    visitor.presses("Tab")
    expect(visitor.page.get_by_role("link", name=visitor.says("app:skip"))).to_be_focused()
    visitor.presses("Enter")
    expect(visitor.page.locator("#page")).to_be_focused()
    visitor.presses("Tab")
    focused = visitor.page.locator("#page :focus-visible")
    outline = focused.evaluate("(found) => getComputedStyle(found).outlineWidth")
    visitor.presses("Control+k")
    dialog = visitor.page.get_by_role("dialog", name=visitor.says("search:open"))
    expect(dialog.get_by_role("combobox")).to_be_focused()
    visitor.presses("Escape")
    expect(dialog).to_be_hidden()

    visitor.page.context.close()
    assert outline != "0px"


def test_the_first_load_of_the_store_stays_within_its_budget(browser: Browser, demo: Demo) -> None:
    visitor = person(browser, demo, "chen-jing", LOOKS[0])
    page = visitor.page
    # What a browser without brotli would get, since the budget is stated in gzip.
    page.context.set_extra_http_headers({"accept-encoding": "gzip"})
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    kinds: dict[str, str] = {}
    sizes: dict[str, float] = {}
    session.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
    session.on(
        "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    visitor.opens("/store")
    page.context.close()

    loaded = sum(size for key, size in sizes.items() if kinds.get(key) in {"Script", "Stylesheet"})
    assert 100_000 < loaded <= FIRST_LOAD_BYTES


def test_a_stranger_signs_in_and_arrives_where_the_link_led(browser: Browser, demo: Demo) -> None:
    visitor = visit(browser, demo.center, LOOKS[2])
    sign_in(visitor, "chen-jing", demo.passwords["chen-jing"], "/store?q=digit")

    address = visitor.page.url
    visitor.page.context.close()
    assert address == f"{demo.center}/store?q=digit"


def test_a_session_that_ended_is_renewed_over_the_page_as_it_is(
    browser: Browser, demo: Demo
) -> None:
    visitor = person(browser, demo, "chen-jing", LOOKS[2])
    page = visitor.page
    # The search comes after the page, and its key with it.
    page.get_by_role("button", name=visitor.says("search:open")).wait_for()
    visitor.presses("Control+k")
    field = page.get_by_role("combobox", name=visitor.says("search:label"), include_hidden=True)
    field.wait_for()
    page.context.clear_cookies()
    # Something that the page asks by itself may bring the dialog first, which hides the field.
    field.fill("digit")
    page.get_by_role("dialog", name=visitor.says("app:expired.title")).wait_for()
    page.get_by_label(visitor.says("sign-in:password"), exact=True).fill(
        demo.passwords["chen-jing"]
    )
    page.get_by_role("button", name=visitor.says("app:expired.again")).click()

    page.get_by_role("option", name="Digit recognition").first.wait_for()
    kept = page.get_by_role("combobox", name=visitor.says("search:label")).input_value()
    page.context.close()
    assert kept == "digit"


@pytest.mark.parametrize("look", looks(LOOKS[2]), ids=str)
def test_a_drifting_province_and_its_column_are_found_in_two_clicks(
    browser: Browser, demo: Demo, look: Look
) -> None:
    engineer = person(browser, demo, "wang-wei", look)

    find_the_drifting_column(engineer)

    engineer.page.context.close()
    assert engineer.interactions == 2
    assert engineer.complaints == []


@pytest.mark.parametrize("look", looks(LOOKS[1]), ids=str)
def test_from_the_store_to_the_first_answered_call_it_takes_at_most_12_interactions(
    browser: Browser, demo: Demo, look: Look
) -> None:
    operator = person(browser, demo, "chen-jing", look)

    answer = try_subscribe_and_call(operator)

    operator.page.context.close()
    assert "outputs" in answer
    assert operator.interactions <= MOST_INTERACTIONS
    assert operator.complaints == []


@pytest.mark.parametrize("look", looks(LOOKS[3]), ids=str)
def test_an_alarm_is_taken_to_its_closed_incident_file(
    browser: Browser, demo: Demo, look: Look, tmp_path: Path
) -> None:
    admin = person(browser, demo, "li-na", look)

    with open_alarm(demo, tmp_path):
        take_an_alarm_to_the_closed_file(admin)

    admin.page.context.close()
    assert admin.complaints == []


@pytest.mark.parametrize("look", looks(LOOKS[0]), ids=str)
def test_a_package_is_uploaded_reviewed_by_somebody_else_and_published(
    browser: Browser, demo: Demo, look: Look, tmp_path: Path
) -> None:
    publish_version(browser, demo, look, tmp_path)


@pytest.mark.parametrize("look", looks(LOOKS[2]), ids=str)
def test_a_version_is_rolled_out_by_exact_shares_paused_resumed_finished_and_rolled_back(
    browser: Browser, demo: Demo, look: Look, tmp_path: Path
) -> None:
    admin = person(browser, demo, "li-na", look)
    later = later_versions(admin)
    new = later[0] if later else publish_version(browser, demo, look, tmp_path)

    with caller(demo, "zhejiang") as here, caller(demo, "guizhou") as there:
        roll_out_and_back(admin, {"zhejiang": here, "guizhou": there}, FIRST, new)

    admin.page.context.close()
    assert admin.complaints == []


def publish_version(browser: Browser, demo: Demo, look: Look, folder: Path) -> str:
    """Bring one more version into the store by two people's hands."""
    version = f"1.1.{LOOKS.index(look)}"
    archive = build_version(demo.data / "showcase", version, folder)
    author = person(browser, demo, "wang-wei", look)
    publish(author, archive, version)
    admin = person(browser, demo, "li-na", look)

    review(admin, version)

    author.page.context.close()
    admin.page.context.close()
    assert author.complaints == admin.complaints == []
    return version


def later_versions(admin: Visitor) -> list[str]:
    """Return the published versions that the demo did not begin with."""
    answer = admin.page.request.get(f"{admin.center}/api/v1/capabilities/{NAME}/versions")
    found = [item["version"] for item in answer.json()["items"] if item["stage"] == "published"]
    return [version for version in found if version != FIRST]
