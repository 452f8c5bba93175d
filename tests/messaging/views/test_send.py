from uuid import uuid4

import pytest
from django.test import Client

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
