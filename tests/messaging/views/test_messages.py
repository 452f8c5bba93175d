import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from messaging.forms.send import plain_number
from messaging.models import Sender
from messaging.views import listing
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages

HTMX = {"HX-Request": "true"}


def test_somebody_who_has_not_signed_in_is_sent_to_sign_in() -> None:
    response = Client().get("/messages")

    assert response["Location"] == "/sign-in?next=%2Fmessages"


def test_htmx_is_told_to_load_the_sign_in_page_as_a_whole() -> None:
    response = Client().get("/messages/tail", headers=HTMX)

    assert response["HX-Redirect"].startswith("/sign-in")


def test_the_owner_sees_messages_with_masked_numbers() -> None:
    shop = pages.shop()
    message = pages.message(shop)

    html = pages.client(shop.owner).get("/messages").content.decode()

    assert f'id="{message}"' in html
    assert "6789" in html
    assert pages.TO not in html
    assert "15123456789" not in html


def test_a_viewer_may_read_and_not_send() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.viewer)

    assert browser.get("/messages").status_code == 200
    assert browser.get("/send").status_code == 403
    assert browser.post(f"/messages/{message}/cancel").status_code == 403
    assert browser.post(f"/messages/{message}/redact").status_code == 403
    assert 'href="/send"' not in browser.get("/messages").content.decode()


def test_a_stranger_sees_nothing_of_it() -> None:
    shop, other = pages.shop(), pages.shop()
    message = pages.message(shop)
    stranger = pages.client(other.owner)

    assert stranger.get(f"/messages/{message}").status_code == 404
    assert stranger.post(f"/messages/{message}/cancel").status_code == 404
    assert stranger.post(f"/messages/{message}/redact").status_code == 404
    assert message not in stranger.get("/messages").content.decode()
    assert message not in stranger.post("/messages/search", {"q": pages.TO}).content.decode()


@pytest.mark.parametrize("name", ["msg_nonsense", "whk_00000000000000000000000000", "x"])
def test_an_id_that_is_none_leads_nowhere(name: str) -> None:
    assert pages.client(pages.shop().owner).get(f"/messages/{name}").status_code == 404


def test_an_empty_list_says_what_to_do_next() -> None:
    html = pages.client(pages.shop().owner).get("/messages").content.decode()

    assert "No test messages yet" in html
    assert 'href="/send"' in html


def test_live_mode_lists_no_test_messages() -> None:
    shop = pages.shop()
    pages.message(shop)
    browser = pages.client(shop.owner)

    browser.post("/mode", {"mode": "live"})

    assert "No live messages yet" in browser.get("/messages").content.decode()


def test_pages_of_the_list_lead_to_each_other() -> None:
    shop = pages.shop()
    made = pages.messages(shop, count=60)
    browser = pages.client(shop.owner)

    first = browser.get("/messages").content.decode()
    second = browser.get(link(first, "next")).content.decode()
    third = browser.get(link(second, "next")).content.decode()
    back = browser.get(link(second, "prev")).content.decode()

    newest_first = made[::-1]
    assert rows(first) == newest_first[:25]
    assert rows(second) == newest_first[25:50]
    assert rows(third) == newest_first[50:]
    assert rows(back) == newest_first[:25]
    assert 'rel="next"' not in third


def link(html: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', html)
    assert found
    return found.group(1).replace("&amp;", "&")


def rows(html: str) -> list[str]:
    return re.findall(r'<tr id="(msg_[^"]+)"', html)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ("status=queued", 1),
        ("status=delivered", 0),
        ("status=submitting", 0),
        ("category=transactional", 1),
        ("category=otp", 0),
        ("country=DE", 1),
        ("country=NL", 0),
        ("since=2020-01-01", 1),
        ("until=2020-01-01", 0),
        ("status=nonsense", 1),
        ("since=yesterday", 1),
    ],
)
def test_filters_narrow_the_list(filters: str, count: int) -> None:
    shop = pages.shop()
    pages.message(shop)

    html = pages.client(shop.owner).get(f"/messages?{filters}").content.decode()

    assert len(rows(html)) == count


def test_a_sender_and_a_mode_narrow_the_list_too() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)
    with scope.workspace(shop.workspace.id):
        sender = ids.encode(ids.SENDER, Sender.objects.get(workspace_id=shop.workspace.id).id)

    assert rows(browser.get(f"/messages?sender={sender}").content.decode()) == [message]
    assert rows(browser.get("/messages?mode=test").content.decode()) == [message]
    assert rows(browser.get("/messages?mode=live").content.decode()) == []


def test_active_filters_are_chips_that_clear_themselves() -> None:
    shop = pages.shop()
    pages.message(shop)

    html = pages.client(shop.owner).get("/messages?status=queued&country=DE&since=2020-01-01").content.decode()

    assert "Status: <strong>Queued</strong>" in html
    assert "Country: <strong>Germany</strong>" in html
    assert 'href="/messages?country=DE&amp;since=2020-01-01"' in html
    assert "1 message<" in html


def test_a_number_is_searched_within_the_other_filters() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)

    fits = browser.post("/messages/search", {"q": pages.TO, "status": "queued"}).content.decode()
    fits_not = browser.post("/messages/search", {"q": pages.TO, "status": "delivered"}).content.decode()

    assert rows(fits) == [message]
    assert rows(fits_not) == []


def test_a_rare_filter_is_searched_on_by_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "SCANNED_MAX", 4)
    shop = pages.shop()
    wanted = pages.message(shop, to="+31612345678")
    pages.messages(shop, count=9)
    browser = pages.client(shop.owner)

    html = browser.get("/messages?country=NL").content.decode()
    assert "None so far" in html
    while not rows(html):
        html = browser.get(link(html, "next")).content.decode()

    assert rows(html) == [wanted]
    assert "None so far" in browser.get(link(html, "prev")).content.decode()


def test_the_list_answers_polls_only_when_something_changed() -> None:
    shop = pages.shop()
    pages.message(shop)
    browser = pages.client(shop.owner)
    html = browser.get("/messages").content.decode()
    found = re.search(r'hx-get="(/messages/tail[^"]+)"', html)
    assert found
    tail = found.group(1).replace("&amp;", "&")

    before = browser.get(tail, headers=HTMX)
    newest = pages.message(shop)
    after = browser.get(tail, headers=HTMX)

    assert before.status_code in (204, 200)  # 200 when the minute turned in between
    assert rows(after.content.decode())[0] == newest
    assert "<html" not in after.content.decode()


@pytest.mark.parametrize("typed", [pages.TO, "+49 151 2345 6789", "0049 (151) 2345-6789"])
def test_a_number_is_found_however_it_is_typed(typed: str) -> None:
    shop = pages.shop()
    wanted = pages.message(shop)
    pages.message(shop, to="+31612345678")

    html = pages.client(shop.owner).post("/messages/search", {"q": typed}).content.decode()

    assert rows(html) == [wanted]


def test_a_reference_is_found_whole() -> None:
    shop = pages.shop()
    wanted = pages.message(shop, reference="order 42")
    browser = pages.client(shop.owner)

    assert rows(browser.post("/messages/search", {"q": "order 42"}).content.decode()) == [wanted]
    assert rows(browser.post("/messages/search", {"q": "order"}).content.decode()) == []


def test_searching_an_id_leads_to_the_message() -> None:
    shop = pages.shop()
    message = pages.message(shop)

    response = pages.client(shop.owner).post("/messages/search", {"q": message})

    assert response["Location"] == f"/messages/{message}"


def test_no_address_on_any_page_holds_a_number() -> None:
    shop = pages.shop()
    message = pages.message(shop, reference="order 43")
    browser = pages.client(shop.owner)
    bodies = [
        browser.get("/messages").content.decode(),
        browser.get(f"/messages/{message}").content.decode(),
        browser.post("/messages/search", {"q": pages.TO}).content.decode(),
        browser.post("/send/preview", {"to": pages.TO, "text": "x"}).content.decode(),
    ]

    addresses = [url for body in bodies for url in re.findall(r'(?:href|action|hx-get|hx-post|src)="([^"]*)"', body)]

    assert addresses
    assert not [url for url in addresses if "15123456789" in url or "order" in url]


def test_the_list_takes_the_same_queries_for_one_and_for_fifty() -> None:
    one, fifty = pages.shop(), pages.shop()
    pages.messages(one, count=1)
    pages.messages(fifty, count=50)

    for path in ("/messages", "/messages?status=queued&country=DE"):
        assert queries(one, path) == queries(fifty, path) <= 14


def queries(shop: pages.Shop, path: str) -> int:
    """The fewest of three: what a process asks every few seconds is not the page's."""
    browser, counts = pages.client(shop.owner), []
    browser.get(path)
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(path).status_code == 200
        counts.append(len(captured))
    return min(counts)


def test_pages_are_kept_nowhere() -> None:
    shop = pages.shop()

    response = pages.client(shop.owner).get("/messages")

    assert "no-store" in response["Cache-Control"]


def test_the_content_security_policy_allows_nothing_inline() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)

    for path in ("/messages", f"/messages/{message}", "/send"):
        response = browser.get(path)
        html = response.content.decode()
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert "unsafe" not in response["Content-Security-Policy"]
        assert " style=" not in html
        assert "<style" not in html
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)
        assert not re.search(r"\son[a-z]+=", html)


def test_numbers_are_read_as_people_write_them() -> None:
    assert plain_number(" 0049 (0)151/234 ") == "+490151234"
    assert plain_number("+49\u2013151") == "+49151"
