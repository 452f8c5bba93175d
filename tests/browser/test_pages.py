"""The pages in a real browser: accessible, within the screen, and without anything the policy forbids."""

from typing import Any

from tests.browser.visit import Visit
from tests.factories import pages


def test_every_page_is_accessible_and_fits(chromium: Any, address: str, shop: pages.Shop) -> None:
    message = pages.message(shop, reference="order 77")
    visit = Visit(chromium, address)
    paths = ["/sign-in"]
    faults = [fault for path in paths for fault in visit.faults(path)]
    visit.sign_in_as(shop.owner)

    for path in ("/messages", "/messages?status=delivered", f"/messages/{message}", "/send", "/handsets", "/nowhere"):
        faults += visit.faults(path)

    visit.close()
    assert faults == []


def test_signing_in_and_sending_by_keyboard_alone(chromium: Any, address: str) -> None:
    shop = pages.shop()
    visit = Visit(chromium, address)
    page = visit.page
    page.goto("/sign-in")
    page.keyboard.type(shop.email)
    page.keyboard.press("Tab")
    page.keyboard.type(pages.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/overview")

    page.goto("/send")
    page.get_by_label("To", exact=True).focus()
    page.keyboard.type(pages.TO)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Grüße 😀")
    page.get_by_text("UCS-2").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Timeline").wait_for()
    assert "Grüße 😀" in page.content()
    assert visit.said == []
    visit.close()


def test_a_new_message_appears_in_an_open_list(chromium: Any, address: str) -> None:
    shop = pages.shop()
    visit = Visit(chromium, address).sign_in_as(shop.owner)
    visit.page.goto("/messages")
    assert visit.page.get_by_text("No test messages yet").is_visible()

    first = pages.message(shop)
    visit.page.locator(f"#{first}").wait_for(timeout=8000)
    second = pages.message(shop)
    visit.page.locator(f"#{second}").wait_for(timeout=8000)

    assert visit.said == []
    visit.close()


def test_slash_goes_to_the_search_and_finds_a_number_without_naming_it_in_the_address(
    chromium: Any, address: str, shop: pages.Shop
) -> None:
    visit = Visit(chromium, address).sign_in_as(shop.owner)
    page = visit.page
    page.goto("/messages")

    page.keyboard.press("/")
    page.keyboard.type("+49 151 23456789")
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Messages to this number").wait_for()
    assert page.url.endswith("/messages/search")
    visit.close()


def test_the_colours_change_at_once_and_stay(chromium: Any, address: str, shop: pages.Shop) -> None:
    visit = Visit(chromium, address).sign_in_as(shop.owner)
    page = visit.page
    page.goto("/messages")

    with page.expect_response(lambda answer: answer.request.method == "POST"):  # which keeps the choice
        page.get_by_role("button", name="Dark colours").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert visit.violations() == []
    visit.close()


def test_everything_works_without_script(chromium: Any, address: str) -> None:
    shop = pages.shop()
    visit = Visit(chromium, address, java_script_enabled=False)
    page = visit.page
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(shop.email)
    page.get_by_label("Password").fill(pages.PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("button", name="Dark colours").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto("/send")
    page.get_by_label("To", exact=True).fill(pages.TO)
    page.get_by_role("textbox", name="Message").fill("No script at all")
    page.get_by_role("button", name="Preview").click()
    assert page.get_by_text("GSM-7").is_visible()
    page.locator("form#send").get_by_role("button", name="Send").click()
    assert page.get_by_text("No script at all", exact=True).is_visible()
    page.get_by_role("button", name="Cancel").click()
    assert page.get_by_text("Canceled. The price was returned.").is_visible()
    page.goto("/messages")
    page.get_by_label("Status").select_option("delivered")
    page.get_by_role("button", name="Filter").click()
    assert page.get_by_text("No message fits these filters").is_visible()
    visit.close()


def test_the_menu_of_a_phone_opens_and_leads_on(chromium: Any, address: str, shop: pages.Shop) -> None:
    visit = Visit(chromium, address, width=390).sign_in_as(shop.owner)
    page = visit.page
    page.goto("/messages")
    assert not page.get_by_role("link", name="Handsets").is_visible()

    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Handsets").click()

    page.get_by_role("heading", name="Handsets").wait_for()
    visit.close()
