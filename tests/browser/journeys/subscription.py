"""From the store to the first answered call: tried, subscribed to, and called with what is pasted."""

import re
import subprocess
import tempfile

from tests.browser.visitor import Visitor


def try_subscribe_and_call(operator: Visitor) -> str:
    """Try a capability, subscribe to it, paste the program that is shown; returns its output."""
    page = operator.page
    operator.opens("/store")
    operator.keeps("store")
    operator.interactions = 0
    operator.clicks_on(page.locator("main a[href='/store/digit-recognition']"))
    operator.clicks("tab", operator.says("store:tab.try"))
    operator.clicks_on(page.get_by_role("button", name=operator.says("trial:try"), exact=True))
    page.get_by_text(operator.says("trial:answer.code")).first.wait_for()
    operator.keeps("store-try")

    desk = operator.writes(zh="支票柜台", en="Cheque desk")
    purpose = operator.writes(zh="识别支票上的金额", en="Read the amounts of cheques")
    operator.clicks("link", operator.says("store:rail.subscribe"))
    operator.fills(operator.says("subscriptions:field.name"), f"{desk} {operator.look}")
    operator.fills(operator.says("subscriptions:field.purpose"), purpose)
    operator.clicks("button", operator.says("subscriptions:send"))
    program = page.locator("main pre").first.inner_text()
    operator.keeps("subscription-credentials", secret=_secret_in(program))
    operator.interactions += 2  # copied, and pasted into a terminal
    return _paste(program)


def _secret_in(program: str) -> str:
    found = re.search(r"CLIENT_SECRET='([^']+)'", program)
    assert found is not None, "the program names its secret"
    return found[1]


def _paste(program: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["bash", "-c", program],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    return done.stdout
