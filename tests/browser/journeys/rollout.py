"""A new version on its way: a little of the traffic, paused, resumed, everywhere, and back again."""

from collections.abc import Mapping

from playwright.sync_api import Locator, expect

from tests.browser.callers import Caller
from tests.browser.visitor import Visitor
from tests.e2e.harness import eventually

Callers = Mapping[str, Caller]
"""One in each of the two provinces."""

HERE, THERE = "zhejiang", "guizhou"
NAME = "digit-recognition"
LEAST = 10
"""Calls of the new version that a stage waits for; each 10 % of 10 x `LEAST` calls."""


def roll_out_and_back(admin: Visitor, callers: Callers, old: str, new: str) -> None:
    """Give a version 10 % of one province, then all of two; then take it back."""
    _begin(admin, new)
    _split(admin, callers[HERE], old, new)
    _pause_and_resume(admin)
    _finish(admin, callers, new)
    _return(admin, callers, old)
    _looks_back(admin, old)


def _begin(admin: Visitor, new: str) -> None:
    page = admin.page
    admin.opens(f"/deployments?deployment={HERE}/{NAME}&part=rollout")
    _chooses(admin, admin.says("deployments:begin.version"), new)
    _removes_stage(admin, 2)
    _chooses(admin, _of_stage(admin, "provinces", 2), _title(admin, THERE))
    for number in (1, 2):
        page.get_by_label(_of_stage(admin, "soak", number)).fill("0")
    admin.fills(admin.says("deployments:rails.calls"), str(LEAST))
    admin.keeps("rollout-begin")
    admin.clicks("button", admin.says("deployments:begin.act"))
    page.get_by_text(admin.says("deployments:state.running")).first.wait_for()


def _split(admin: Visitor, caller: Caller, old: str, new: str) -> None:
    """Both versions answer, exactly in the proportion that was ordered; the page says so."""
    _is_ready(admin, HERE, new)
    # One short of what the stage waits for, so that it is still in force when one looks.
    number = 10 * (LEAST - 1)
    assert caller.calls(number) == {old: number - LEAST + 1, new: LEAST - 1}

    expect(_row(admin, HERE, old)).to_contain_text(_calls(admin, number - LEAST + 1))
    expect(_row(admin, HERE, new)).to_contain_text(_calls(admin, LEAST - 1))
    admin.keeps("rollout-split")


def _pause_and_resume(admin: Visitor) -> None:
    _acts(admin, "pause", "Look at the answers first")
    admin.sees(admin.says("deployments:state.paused"))
    admin.keeps("rollout-paused")
    _acts(admin, "continue", "Looked at, all well")
    admin.sees(admin.says("deployments:state.running"))


def _finish(admin: Visitor, callers: Callers, new: str) -> None:
    """The stage has what it waits for; the next one reaches both provinces, and ends it."""
    callers[HERE].calls(10 * LEAST)
    _is_ready(admin, THERE, new)
    for caller in callers.values():
        _answers(caller, new)
        caller.calls(LEAST)
    admin.sees(admin.says("deployments:state.finished"))


def _return(admin: Visitor, callers: Callers, old: str) -> None:
    """One act brings the version before back, in both provinces, without a refused call."""
    _acts(admin, "roll-back", "Wrong on blurred digits", kept="rollout-back")
    admin.sees(admin.says("deployments:state.rolled-back"))
    for province, caller in callers.items():
        _answers(caller, old)
        assert caller.calls(LEAST) == {old: LEAST}
        expect(_row(admin, province, old)).to_contain_text("100%")
        expect(_row(admin, province, old)).to_contain_text(_calls(admin, LEAST + 1))
    admin.keeps("rollout-rolled-back")


def _looks_back(admin: Visitor, old: str) -> None:
    """The audit trail has each act; the store says which version each province runs."""
    page = admin.page
    admin.clicks("link", admin.says("deployments:rollout.audit"))
    for act in ("begin", "paused", "running", "stage", "rolled-back"):
        page.get_by_title(f"rollout.{act}", exact=True).first.wait_for()
    admin.keeps("rollout-audit")
    admin.opens(f"/store/{NAME}")
    rail = page.get_by_role("complementary", name=admin.says("store:rail.label"))
    for province in (HERE, THERE):
        expect(rail).to_contain_text(f"{_title(admin, province)} {old}")


def _answers(caller: Caller, version: str) -> None:
    """Call until a version answers; every call before it is answered too."""
    eventually(f"an answer of {version}", lambda: caller.calls(1).get(version))


def _acts(admin: Visitor, act: str, reason: str, *, kept: str | None = None) -> None:
    name = admin.says(f"deployments:act.{act}")
    admin.clicks("button", name)
    dialog = admin.page.get_by_role("dialog").filter(has=admin.page.get_by_role("textbox"))
    dialog.get_by_label(admin.says("deployments:reason")).fill(reason)
    if kept is not None:
        admin.keeps(kept)
    dialog.get_by_role("button", name=name, exact=True).click()


def _chooses(admin: Visitor, field: str, option: str) -> None:
    box = admin.page.get_by_role("combobox", name=field)
    box.click()
    if box.is_editable():  # a long list is searched
        box.fill(option)
    admin.page.locator(".ant-select-item-option").get_by_text(option, exact=True).click()


def _of_stage(admin: Visitor, part: str, number: int) -> str:
    return admin.says(
        "deployments:begin.of-stage",
        part=admin.says(f"deployments:begin.{part}"),
        number=str(number),
    )


def _removes_stage(admin: Visitor, number: int) -> None:
    part = admin.says("deployments:split.remove")
    name = admin.says("deployments:begin.of-stage", part=part, number=str(number))
    admin.clicks("button", name)


def _title(admin: Visitor, province: str) -> str:
    titles = {"zh": {HERE: "浙江", THERE: "贵州"}, "en": {HERE: "Zhejiang", THERE: "Guizhou"}}
    return titles[admin.look.language][province]


def _row(admin: Visitor, province: str, version: str) -> Locator:
    name = admin.says("deployments:traffic.of", name=_title(admin, province))
    return admin.page.get_by_role("region", name=name).get_by_role("row").filter(has_text=version)


def _is_ready(admin: Visitor, province: str, version: str) -> None:
    expect(_row(admin, province, version).get_by_role("cell").last).to_have_text("1")


def _calls(admin: Visitor, number: int) -> str:
    return admin.says("deployments:traffic.calls", calls=str(number))
