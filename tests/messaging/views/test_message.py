import datetime as dt

from messaging.models import Message
from messaging.views.message import text_of
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages


def test_the_page_tells_text_number_price_and_timeline() -> None:
    shop = pages.shop()
    message = pages.message(shop, text="Parcel 3301 is here.")

    html = pages.client(shop.owner).get(f"/messages/{message}").content.decode()

    assert "Parcel 3301 is here." in html
    assert pages.TO in html
    assert "vanishes" in html
    assert "Accepted, charged and stored" in html
    assert "GSM-7" in html
    assert "returned if it is not owed" in html


def test_a_queued_message_can_be_canceled_once_and_its_price_returns() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)

    first = browser.post(f"/messages/{message}/cancel", follow=True).content.decode()
    second = browser.post(f"/messages/{message}/cancel", follow=True).content.decode()

    assert "Canceled. The price was returned." in first
    assert "Canceled on request" in first
    assert "returned in full" in first
    assert "final state" in second


def test_redacting_removes_text_and_number_and_says_when() -> None:
    shop = pages.shop()
    message = pages.message(shop, text="Parcel 3302 is here.", reference="order 44")
    browser = pages.client(shop.owner)
    browser.post(f"/messages/{message}/cancel")

    html = browser.post(f"/messages/{message}/redact", follow=True).content.decode()

    assert "Text, number and reference were removed." in html
    assert "Removed at" in html
    for gone in ("Parcel 3302", pages.TO, "order 44"):
        assert gone not in html


def test_a_message_on_its_way_is_not_redacted() -> None:
    shop = pages.shop()
    message = pages.message(shop)

    html = pages.client(shop.owner).post(f"/messages/{message}/redact", follow=True).content.decode()

    assert "still on its way" in html


def test_taking_back_needs_a_post() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)

    assert browser.get(f"/messages/{message}/cancel").status_code == 405
    assert browser.get(f"/messages/{message}/redact").status_code == 405


def test_the_text_is_not_shown_past_its_time_even_if_no_purge_ran() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    with scope.workspace(shop.workspace.id):
        row = Message.objects.get(pk=ids.decode(ids.MESSAGE, message))

        now = text_of(row, at=clock.now())
        late = text_of(row, at=row.body_expires_at + dt.timedelta(microseconds=1))

    assert now.state == "kept"
    assert (late.state, late.words) == ("removed", "")


def test_words_of_a_message_are_shown_as_words_and_never_as_markup() -> None:
    shop = pages.shop()
    message = pages.message(shop, text="<script>alert(1)</script>")

    html = pages.client(shop.owner).get(f"/messages/{message}").content.decode()

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_polls_of_a_message_answer_only_changes() -> None:
    shop = pages.shop()
    message = pages.message(shop)
    browser = pages.client(shop.owner)
    mark = browser.get(f"/messages/{message}").context["mark"]

    unchanged = browser.get(f"/messages/{message}?seen={mark}", headers={"HX-Request": "true"})
    browser.post(f"/messages/{message}/cancel")
    changed = browser.get(f"/messages/{message}?seen={mark}", headers={"HX-Request": "true"})

    assert unchanged.status_code == 204
    assert "Canceled on request" in changed.content.decode()
    assert "hx-trigger" not in changed.content.decode()
