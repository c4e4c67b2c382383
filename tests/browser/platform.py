"""The platform that the browser looks at: `jiuzhou up` with its showcase, as a newcomer has it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from capability_sdk.client import CenterClient
from deploy.embedded.demo import DemoRecord
from tests.browser.looks import pictures_folder
from tests.e2e.harness import JIUZHOU, Person, eventually, running
from tests.e2e.platform import sign_in
from tests.servers.process import find_program, free_port

_FIRST_START = 900.0
_CAPABILITIES = 12
"""Of the fleet: they fill a screen of every list, and the gate takes half a minute for each."""


@dataclass(frozen=True)
class Demo:
    """The running demo, and its people's passwords."""

    data: Path
    center: str
    passwords: dict[str, str]


@contextmanager
def as_admin(demo: Demo) -> Iterator[CenterClient]:
    """Speak to the center as its admin."""
    with CenterClient(demo.center) as stranger:
        token = stranger.sign_in("li-na", demo.passwords["li-na"], label="the browser's harness")
    with CenterClient(demo.center, token) as admin:
        yield admin


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Run the demo; the one that JIUZHOU_BROWSER_DATA names is used as it runs."""
    given = os.environ.get("JIUZHOU_BROWSER_DATA")
    if given is not None:
        yield _demo(Path(given))
        return
    data = folder / "demo"
    arguments = ("up", "--data", str(data), "--port-base", str(free_port()))
    with running(folder / "up.log", *arguments):
        eventually("the demo", lambda: _ready(data), _FIRST_START)
        demo = _demo(data)
        if pictures_folder() is not None:
            _enrol_fleet(folder, demo)
        yield demo


def _enrol_fleet(folder: Path, demo: Demo) -> None:
    """Fill the demo with simulated provinces, so that boards and lists are seen full: minutes."""
    admin = sign_in(folder, demo.center, "li-na", demo.passwords["li-na"])
    size = ("--capabilities", str(_CAPABILITIES))
    subprocess.run(
        [*JIUZHOU, "fleet", *size, "--folder", str(folder / "fleet")],
        env={**os.environ, "JIUZHOU_CONFIG": str(admin.home)},
        check=True,
    )
    with as_admin(demo) as center:  # four weeks of calls are added up only now and then
        eventually("objectives of all", lambda: _are_measured(center) or None, _FIRST_START)


def _are_measured(center: CenterClient) -> bool:
    return bool(center.get("/objectives", limit=1)["total"] > _CAPABILITIES)


def _ready(data: Path) -> bool | None:
    outcome = Person(data.parent / "nobody").tries("status", "--json", "--data", str(data))
    return True if outcome.code == 0 and outcome.json["ready"] else None


def _demo(data: Path) -> Demo:
    center = json.loads((data / "platform.json").read_text())["center"]["url"]
    accounts = DemoRecord.load(data).accounts
    return Demo(data, center, {account.name: account.password for account in accounts})


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run a headless Chromium, the machine's own."""
    program = find_program("chromium")
    with sync_playwright() as playwright:
        # Root may not use Chromium's own sandbox; every page that it opens here is ours.
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()
