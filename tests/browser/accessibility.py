"""axe-core on everything that everybody can come to, in all four looks; by hand, since it takes half an hour.

``python -m tests.browser.accessibility [PERSON …]`` starts the demo, or uses the one that
JIUZHOU_BROWSER_DATA names; see `make accessibility`. Every page is looked at as it stands, with each of its
drawers and dialogs, and with the search over it. The exit code says whether something grave was found.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.axe import grave_findings
from tests.browser.everywhere import openings, wander
from tests.browser.looks import LOOKS, Look
from tests.browser.people import REGIONAL, with_regional_admin
from tests.browser.platform import Demo, running_browser, running_demo
from tests.browser.visitor import Visitor, sign_in, visit

PEOPLE = ("li-na", "wang-wei", "chen-jing", REGIONAL)


@dataclass
class Tour:
    """What one person came to, and what is grave there."""

    visitor: Visitor
    pages: int = 0
    opened: int = 0
    found: list[str] = field(default_factory=list)

    def walk(self, looks: tuple[Look, ...]) -> None:
        """Look at everything, in each look."""
        for address in wander(self.visitor):
            self.pages += 1
            for look in looks:
                self._take(look, address)
                self._judge(f"{address} {look}")
                if "help=" in address:
                    continue
                for name in openings(self.visitor, address):
                    self.opened += 1
                    self._judge(f"{address} {look}, {name}")
            _say(f"{address}: seen")

    def _take(self, look: Look, address: str) -> None:
        """See the page in another look; a dialog that its address names is left for that, and comes again."""
        dialog = self.visitor.page.get_by_role("dialog")
        is_covered = "help=" in address
        if is_covered:
            dialog.wait_for()
            self.visitor.page.keyboard.press("Escape")
            dialog.wait_for(state="hidden")
        self.visitor.look = look
        self.visitor.takes_look()
        if is_covered:
            self.visitor.opens(address)
            dialog.wait_for()

    def _judge(self, where: str) -> None:
        found = grave_findings(self.visitor.page)
        self.found += [f"{where}: {finding}" for finding in found]
        for finding in found:
            _say(f"{where}: {finding}")


def main() -> int:
    """Walk for everybody; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", nargs="*", default=PEOPLE)
    parser.add_argument(
        "--looks", nargs="+", choices=list(map(str, LOOKS)), default=list(map(str, LOOKS))
    )
    given = parser.parse_args()
    looks = tuple(look for look in LOOKS if str(look) in given.looks)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder)) as demo,
        running_browser() as browser,
    ):
        known = with_regional_admin(demo) if REGIONAL in given.people else demo
        tours = [_tour(browser, known, name, looks) for name in given.people]
    return 1 if any(tour.found or tour.visitor.complaints for tour in tours) else 0


def _tour(browser: Browser, demo: Demo, name: str, looks: tuple[Look, ...]) -> Tour:
    visitor = sign_in(visit(browser, demo.center, Look()), name, demo.passwords[name])
    tour = Tour(visitor)
    tour.walk(looks)
    visitor.page.context.close()
    _say(
        f"{name}: {tour.pages} pages, {tour.opened} drawers and dialogs over {len(looks)} looks;"
        f" {len(tour.found)} grave findings; {len(visitor.complaints)} errors in the console"
    )
    for complaint in visitor.complaints:
        _say(complaint)
    return tour


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
