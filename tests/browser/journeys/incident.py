"""From an alarm to the closed incident file: who takes it, what caused it, what is done about it."""

from playwright.sync_api import expect

from tests.browser.visitor import Visitor


def take_an_alarm_to_the_closed_file(admin: Visitor) -> None:
    """Take the worst alarm that nobody has taken, write its file, do the action, close it."""
    page = admin.page
    admin.clicks("link", admin.says("app:menu.alarms"))
    admin.clicks_on(page.get_by_role("row").filter(has_text=admin.says("alarms:state.open")))
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("button", name=admin.says("alarms:act.take"), exact=True).click()
    drawer.get_by_text(admin.says("alarms:event.assigned")).first.wait_for()
    admin.keeps("incident-alarm")
    drawer.get_by_text(admin.says("alarms:open-incident")).click()

    admin.clicks("button", admin.says("incidents:act.open"))
    near = admin.writes(zh="一次变更没有告知中心。", en="A change was not announced.")
    root = admin.writes(zh="变更流程不要求事先对比。", en="Nobody compares before a change.")
    admin.fills(admin.says("incidents:near_cause"), near)
    admin.fills(admin.says("incidents:root_cause"), root)
    admin.clicks("button", admin.says("incidents:act.save"))
    action = admin.writes(zh="变更前先与基准对比", en="Compare with the reference before a change")
    admin.fills(admin.says("incidents:action-text"), action)
    admin.fills(admin.says("incidents:owner"), "wang-wei")
    admin.clicks("button", admin.says("incidents:act.add-action"))
    done = page.get_by_role("checkbox", name=action)
    # The center says whether it is done; the page does not run ahead.
    admin.clicks_on(done)
    expect(done).to_be_checked()
    admin.keeps("incident-file")
    admin.clicks("button", admin.says("incidents:act.mitigate"))
    admin.clicks("button", admin.says("incidents:act.close"))
    page.get_by_role("button", name=admin.says("incidents:act.reopen")).wait_for()
    admin.keeps("incident-closed")
