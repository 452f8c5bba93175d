from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts import links
from accounts.models import Session, User
from privacy.models import AuditEvent
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.letters import Letters

NEW = "quite another good one"


def a_visitor() -> str:
    return f"fd00:{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


def forget(email: str) -> Any:
    return Client().post("/password", {"email": email}, REMOTE_ADDR=a_visitor())


def sign_in(email: str, password: str, browser: Client | None = None) -> Any:
    return (browser or Client()).post("/sign-in", {"email": email, "password": password}, REMOTE_ADDR=a_visitor())


def is_signed_in(browser: Client) -> bool:
    return browser.get("/account").status_code == 200


def test_a_forgotten_password_is_replaced_by_mail_and_every_session_ends(letters: Letters) -> None:
    shop = pages.shop()
    elsewhere = pages.client(shop.owner)

    assert forget(shop.email)["Location"] == "/password/sent"
    answer = Client().post(letters.link(shop.email), {"password": NEW})

    assert answer["Location"] == "/sign-in"
    assert not is_signed_in(elsewhere)
    assert sign_in(shop.email, pages.PASSWORD).status_code == 422
    assert sign_in(shop.email, NEW).status_code == 302
    assert letters.subjects(shop.email)[:2] == ["Choose a new password", "Your password was changed"]
    with scope.workspace(shop.workspace.id):
        assert AuditEvent.objects.filter(action="user:password:reset", actor_id=shop.owner.id).count() == 1


def test_the_browser_that_is_signed_in_may_follow_the_link_too(letters: Letters) -> None:
    shop = pages.shop()
    signed_in = pages.client(shop.owner)
    forget(shop.email)

    answer = signed_in.post(letters.link(shop.email), {"password": NEW}, follow=True)

    assert (answer.status_code, answer.request["PATH_INFO"]) == (200, "/sign-in")
    assert "Your password is changed" in answer.content.decode()


def test_the_answer_is_the_same_for_addresses_without_an_account(letters: Letters) -> None:
    _, known = pages.person()
    unknown = f"{uuid4().hex}@example.org"

    answers = [forget(email) for email in (known, unknown)]

    assert [(a.status_code, a["Location"], a.content) for a in answers] == [(302, "/password/sent", b"")] * 2
    assert letters.to(unknown) == []


def test_the_link_works_once(letters: Letters) -> None:
    _, email = pages.person()
    forget(email)
    link = letters.link(email)

    statuses = [Client().post(link, {"password": NEW}).status_code for _ in range(2)]

    assert statuses == [302, 410]


def test_signing_in_or_asking_for_another_password_makes_the_link_pointless(letters: Letters) -> None:
    _, email = pages.person()
    forget(email)
    link = letters.link(email)

    sign_in(email, pages.PASSWORD)

    assert Client().get(link).status_code == 410


def test_the_link_is_over_after_an_hour(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    _, email = pages.person()
    forget(email)
    monkeypatch.setattr(links, "RESET_KEPT", -links.RESET_KEPT)

    assert Client().get(letters.link(email)).status_code == 410


def test_a_weak_password_is_refused_and_the_link_stays_good(letters: Letters) -> None:
    _, email = pages.person()
    forget(email)
    link = letters.link(email)

    assert Client().post(link, {"password": "password12"}).status_code == 422
    assert Client().post(link, {"password": NEW}).status_code == 302


def test_somebody_who_is_not_active_gets_no_link(letters: Letters) -> None:
    user, email = pages.person()
    User.objects.filter(id=user.id).update(is_active=False)

    forget(email)

    assert letters.to(email) == []


def test_changing_the_password_keeps_this_session_and_ends_the_others(letters: Letters) -> None:
    user, email = pages.person()
    here, there = pages.client(user), pages.client(user)

    answer = here.post("/account/security/password", {"current": pages.PASSWORD, "password": NEW})

    assert answer.status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert Session.objects.filter(user=user).count() == 1
    assert letters.subjects(email) == ["Your password was changed"]


def test_the_current_password_is_asked_for_and_cannot_be_guessed(letters: Letters) -> None:
    user, _ = pages.person()
    browser = pages.client(user)

    answers = [
        browser.post("/account/security/password", {"current": "wrong", "password": NEW}) for _attempt in range(7)
    ]

    assert {answer.status_code for answer in answers} == {422}
    assert "not your current password" in answers[0].content.decode()
    assert "Too many attempts" in answers[-1].content.decode()
    assert User.objects.get(id=user.id).check_password(pages.PASSWORD)
