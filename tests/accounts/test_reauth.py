"""Asking again who somebody is."""

import datetime as dt
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts import reauth
from smsplatform.lib import clock
from tests.factories import pages


def asked(request: HttpRequest, session: dict[str, Any]) -> HttpResponse:
    request.session = session  # type: ignore[assignment]  # a mapping is all that is used of it
    return reauth.confirmed(lambda _request: HttpResponse("in"))(request)


def test_whoever_has_just_signed_in_is_not_asked() -> None:
    user, _ = pages.person()

    assert reauth.CONFIRMED in pages.client(user).session


def test_ten_minutes_later_they_are_asked_and_come_back_to_the_page() -> None:
    old = (clock.now() - reauth.KEPT).isoformat()

    response = asked(RequestFactory().get("/api-keys/new?mode=live"), {reauth.CONFIRMED: old})

    assert response["Location"] == "/account/confirm?next=%2Fapi-keys%2Fnew%3Fmode%3Dlive"


def test_within_the_ten_minutes_they_are_let_in() -> None:
    recent = (clock.now() - dt.timedelta(minutes=9)).isoformat()

    assert asked(RequestFactory().get("/api-keys/new"), {reauth.CONFIRMED: recent}).content == b"in"


def test_a_moment_in_the_future_counts_for_nothing() -> None:
    later = (clock.now() + dt.timedelta(hours=1)).isoformat()

    assert asked(RequestFactory().get("/api-keys/new"), {reauth.CONFIRMED: later}).status_code == 302


def test_a_form_that_was_sent_leads_back_to_the_page_it_is_on() -> None:
    request = RequestFactory().post("/api-keys/new", headers={"Referer": "https://sms.example/api-keys?page=2"})

    assert asked(request, {})["Location"] == "/account/confirm?next=%2Fapi-keys%3Fpage%3D2"


def test_the_right_password_confirms_and_leads_back() -> None:
    user, _ = pages.person()
    browser = pages.unconfirmed(pages.client(user))

    response = browser.post("/account/confirm", {"password": pages.PASSWORD, "next": "/team"})

    assert (response.status_code, response["Location"]) == (302, "/team")
    assert reauth.CONFIRMED in browser.session


def test_a_wrong_password_confirms_nothing_and_keeps_the_way_back() -> None:
    user, _ = pages.person()
    browser = pages.unconfirmed(pages.client(user))

    response = browser.post("/account/confirm", {"password": "wrong", "next": "/team"})

    assert response.status_code == 422
    assert 'name="next" value="/team"' in response.content.decode()
    assert reauth.CONFIRMED not in browser.session


def test_guessing_in_a_stolen_session_is_slowed_down() -> None:
    user, _ = pages.person()
    browser = pages.unconfirmed(pages.client(user))
    for _attempt in range(6):
        browser.post("/account/confirm", {"password": "wrong"})

    assert browser.post("/account/confirm", {"password": pages.PASSWORD}).status_code == 429


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_confirming_never_leads_to_another_site(target: str) -> None:
    user, _ = pages.person()

    response = pages.client(user).post("/account/confirm", {"password": pages.PASSWORD, "next": target})

    assert response["Location"] == "/"


def test_a_visitor_is_sent_to_sign_in_first() -> None:
    assert Client().get("/account/confirm")["Location"].startswith("/sign-in?next=")
