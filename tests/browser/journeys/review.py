"""From a package to the store: its author uploads it, somebody else reviews and approves it."""

import shutil
from pathlib import Path

from playwright.sync_api import expect

from capability_sdk.packaging.builder import build_package
from tests.browser.visitor import Visitor

NAME = "digit-recognition"
_GATE_MILLISECONDS = 600_000


def build_version(showcase: Path, version: str, folder: Path) -> Path:
    """Build the showcase's capability as another version, signed by its author."""
    project = folder / NAME
    shutil.copytree(showcase / NAME, project)
    manifest = project / "capability.toml"
    manifest.write_text(manifest.read_text().replace('version = "1.0.0"', f'version = "{version}"'))
    archive = folder / f"{NAME}-{version}.tar.gz"
    build_package(project, archive, signing_key=showcase / "signing.pem")
    return archive


def publish(author: Visitor, archive: Path, version: str) -> None:
    """Upload a package, wait for its gate, ask for a review."""
    page = author.page
    author.clicks("link", author.says("app:menu.mine"))
    page.locator("main input[type=file]").set_input_files(archive)
    author.clicks("link", author.says("mine:to-version"))
    expect(page).to_have_url(f"{author.center}/mine/{NAME}/{version}")
    act = page.get_by_role("button", name=author.says("mine:request-review"))
    act.wait_for(timeout=_GATE_MILLISECONDS)
    author.keeps("publish-gate")
    act.click()
    page.get_by_role("dialog").get_by_role(
        "button", name=author.says("mine:request-review")
    ).click()
    page.get_by_text(author.says("mine:stage.in_review")).first.wait_for()


def review(admin: Visitor, version: str) -> None:
    """Tick the checklist and approve what the digest names."""
    page = admin.page
    admin.clicks("link", admin.says("app:menu.reviews"))
    admin.clicks_on(page.get_by_role("row").filter(has_text=version))
    admin.clicks("tab", admin.says("reviews:tab.checklist"))
    boxes = page.locator("main").get_by_role("checkbox")
    boxes.first.wait_for()
    for number in range(boxes.count()):
        box = boxes.nth(number)
        if not box.is_checked():  # what was ticked at an earlier look stands
            admin.clicks_on(box)
            # The center keeps who ticked it; the page does not run ahead.
            expect(box).to_be_checked()
    admin.keeps("review")
    admin.clicks("button", admin.says("reviews:approve"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=admin.says("reviews:approve"), exact=True).click()
    page.get_by_text(admin.says("reviews:stage.published")).first.wait_for()
