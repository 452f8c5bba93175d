import datetime as dt
import re
from uuid import uuid4

import pytest
from django.test import Client

from smsplatform.lib import clock
from tests.factories import pages

HTMX = {"HX-Request": "true"}


def fields(**changes: str) -> dict[str, str]:
    given = {"to": pages.TO, "sender": pages.SENDER, "text": "Hello", "category": "transactional"}
    return {**given, "token": str(uuid4()), **changes}


def test_a_sent_form_leads_to_its_message() -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)

    response = browser.post("/send", fields(text="Parcel 3303 is here.", to="+49 151 2345-6789"))

    assert response.status_code == 302
    assert "Parcel 3303 is here." in browser.get(response["Location"]).content.decode()


def test_the_same_form_sent_twice_is_one_message() -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)
    form = fields()

    first, second = browser.post("/send", form), browser.post("/send", form)
    other = browser.post("/send", {**form, "text": "Something else"})

    assert first["Location"] == second["Location"] != other["Location"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"to": ""}, "Enter a phone number."),
        ({"to": "12"}, "phone number"),
        ({"text": ""}, "Enter a text."),
        ({"sender": "NOT-MINE"}, "Select a valid choice"),
        ({"text": "x" * 5000}, "too long"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_sent(changes: dict[str, str], words: str) -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)

    response = browser.post("/send", fields(**changes))

    html = response.content.decode()
    assert response.status_code == 422
    assert words.lower() in html.lower()
    assert 'aria-invalid="true"' in html
    assert "No test messages yet" in browser.get("/messages").content.decode()


def test_without_money_the_form_says_so_and_keeps_what_was_typed() -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)
    browser.post("/mode", {"mode": "live"})

    response = browser.post("/send", fields(text="Keep me"))

    assert response.status_code == 422
    assert "Keep me" in response.content.decode()


def test_the_preview_tells_encoding_country_parts_and_price() -> None:
    browser = pages.client(pages.shop().owner)

    html = browser.post("/send/preview", fields(text="Grüße 😀"), headers=HTMX).content.decode()

    assert "<html" not in html
    for told in ("UCS-2", "Germany", "😀", "€"):
        assert told in html


def test_the_preview_works_without_script_and_keeps_the_form() -> None:
    browser = pages.client(pages.shop().owner)

    html = browser.post("/send/preview", fields(text="Keep this text")).content.decode()

    assert "<html" in html
    assert "Keep this text" in html
    assert "GSM-7" in html


def test_a_preview_of_half_a_form_is_quiet() -> None:
    browser = pages.client(pages.shop().owner)

    response = browser.post("/send/preview", {"to": "+49 1", "text": ""}, headers=HTMX)

    assert response.status_code == 200


def test_somebody_who_has_not_signed_in_cannot_send() -> None:
    assert Client().post("/send", fields())["Location"].startswith("/sign-in")


def test_a_scheduled_text_with_validity_and_reference_is_kept_as_asked() -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)
    later = clock.now() + dt.timedelta(hours=2)

    response = browser.post(
        "/send", fields(send_at=later.strftime("%Y-%m-%dT%H:%M"), ttl="3600", reference="order 51")
    )  # fmt: skip

    html = browser.get(response["Location"]).content.decode()
    assert "Scheduled" in html
    assert "order 51" in html


def test_a_time_too_far_ahead_is_refused_at_its_field_and_stays() -> None:
    browser = pages.client(pages.shop().owner)

    response = browser.post("/send", fields(send_at="2099-01-01T10:00"))

    html = response.content.decode()
    assert response.status_code == 422
    assert 'value="2099-01-01T10:00"' in html
    assert re.search(r'<details class="more" open>', html)


def test_plain_characters_are_suggested_and_sent_when_chosen() -> None:
    browser = pages.client(pages.shop().owner)
    text = "„Hello“"

    suggested = browser.post("/send/preview", fields(text=text), headers=HTMX).content.decode()
    chosen = browser.post("/send/preview", fields(text=text, smart="on"), headers=HTMX).content.decode()
    sent = browser.post("/send", fields(text=text, smart="on"))

    assert "With plain characters instead" in suggested
    assert "GSM-7" in chosen
    assert "&quot;Hello&quot;" in browser.get(sent["Location"]).content.decode()


def test_sending_again_fills_the_form_while_the_text_is_kept() -> None:
    shop, other = pages.shop(), pages.shop()
    message = pages.message(shop, text="Parcel 3304 is here.")
    browser = pages.client(shop.owner)

    kept = browser.get(f"/send?like={message}").content.decode()
    browser.post(f"/messages/{message}/cancel")
    browser.post(f"/messages/{message}/redact")
    gone = browser.get(f"/send?like={message}").content.decode()

    assert "Parcel 3304 is here." in kept
    assert f'value="{pages.TO}"' in kept
    assert "write it again" in gone
    assert pages.TO not in gone
    assert pages.client(other.owner).get(f"/send?like={message}").status_code == 404


def test_test_numbers_are_at_hand_in_test_mode_only() -> None:
    browser = pages.client(pages.shop().owner)

    test = browser.get("/send").content.decode()
    browser.post("/mode", {"mode": "live"})
    live = browser.get("/send").content.decode()

    assert "+15005550002" in test
    assert "+15005550002" not in live


def test_the_quick_form_of_the_overview_is_told_country_price_and_length_in_brief() -> None:
    browser = pages.client(pages.shop().owner)

    html = browser.post("/send/preview?brief=1", fields(text="x" * 161), headers=HTMX).content.decode()
    empty = browser.post("/send/preview?brief=1", {"to": "", "text": ""}, headers=HTMX).content.decode()

    for told in ("Germany", "per segment", "161 / 306", "2 segments", "GSM-7"):
        assert told in html
    assert "What it will be" not in html
    assert empty.strip() == '<p class="hint brief" id="brief" role="status"></p>'
