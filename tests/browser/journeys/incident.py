"""From an alarm to the closed incident file: who takes it, what caused it, what is done about it."""

from playwright.sync_api import expect

from tests.browser.visitor import Visitor


def take_an_alarm_to_the_closed_file(admin: Visitor) -> None:
    """Take the drift of the demo, write the file, do the action, close it."""
    page = admin.page
    admin.clicks("link", admin.says("app:menu.alarms"))
    page.get_by_role("row").filter(has_text="image[").first.click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("button", name=admin.says("alarms:act.take"), exact=True).click()
    drawer.get_by_text(admin.says("alarms:event.assigned")).first.wait_for()
    admin.keeps("incident-alarm")
    drawer.get_by_text(admin.says("alarms:open-incident")).click()

    admin.clicks("button", admin.says("incidents:act.open"))
    admin.fills(admin.says("incidents:near_cause"), "A scanner in Guizhou adds noise.")
    admin.fills(admin.says("incidents:root_cause"), "Nothing compares a new scanner before use.")
    admin.clicks("button", admin.says("incidents:act.save"))
    admin.fills(admin.says("incidents:action-text"), "Compare each scanner with the reference")
    admin.fills(admin.says("incidents:owner"), "wang-wei")
    admin.clicks("button", admin.says("incidents:act.add-action"))
    done = page.get_by_role("checkbox", name="Compare each scanner")
    # The center says whether it is done; the page does not run ahead.
    admin.clicks_on(done)
    expect(done).to_be_checked()
    admin.keeps("incident-file")
    admin.clicks("button", admin.says("incidents:act.mitigate"))
    admin.clicks("button", admin.says("incidents:act.close"))
    page.get_by_role("button", name=admin.says("incidents:act.reopen")).wait_for()
    admin.keeps("incident-closed")
