from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from accounts import backoff
from tests.factories import pages


def try_to_sign_in(email: str, password: str, browser: Client | None = None, address: str = "") -> tuple[int, str]:
    response = (browser or Client()).post(
        "/sign-in", {"email": email, "password": password, "next": "/"}, REMOTE_ADDR=address or random_address()
    )
    return response.status_code, response.content.decode()


def random_address() -> str:
    return f"fd00:{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


def test_the_right_password_signs_in_and_leads_to_the_page_that_was_wanted() -> None:
    _, email = pages.person()
    browser = Client()

    response = browser.post("/sign-in", {"email": email.upper(), "password": pages.PASSWORD, "next": "/send"})

    assert (response.status_code, response["Location"]) == (302, "/send")
    assert "_auth_user_id" in browser.session


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(target: str) -> None:
    _, email = pages.person()

    response = Client().post("/sign-in", {"email": email, "password": pages.PASSWORD, "next": target})

    assert response["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer() -> None:
    _, email = pages.person()

    wrong_status, wrong = try_to_sign_in(email, "not the password")
    unknown_status, unknown = try_to_sign_in("nobody-" + email, "not the password")

    assert wrong_status == unknown_status == 422
    assert without_what_was_typed(wrong, email) == without_what_was_typed(unknown, "nobody-" + email)


def without_what_was_typed(html: str, email: str) -> list[str]:
    lines = html.replace(email, "").splitlines()
    return [line for line in lines if "csrfmiddlewaretoken" not in line and "csrfToken" not in line]


def test_someone_who_is_not_active_cannot_sign_in() -> None:
    user, email = pages.person()
    user.is_active = False
    user.save(update_fields=["is_active"])

    status, _ = try_to_sign_in(email, pages.PASSWORD)

    assert status == 422


@pytest.mark.promise("transit-35", "otp-16", "api-17", "fleet-15", "team-21")
def test_guessing_is_slowed_down_even_with_the_right_password_at_last() -> None:
    _, email = pages.person()
    for _attempt in range(6):
        try_to_sign_in(email, "wrong")

    status, html = try_to_sign_in(email, pages.PASSWORD)

    assert status == 429
    assert "Too many attempts" in html


@pytest.mark.promise("transit-35", "otp-16", "api-17", "fleet-15", "team-21")
def test_an_address_that_tries_many_accounts_is_slowed_down() -> None:
    address = random_address()
    subject = backoff.Subject(kind="address", name=address, free=30)
    waits = [backoff.admit([subject]) for _ in range(32)]

    assert waits[:31] == [0] * 31
    assert waits[31] > 0


def test_an_office_that_signs_in_all_day_is_not_slowed_down() -> None:
    subject = backoff.Subject(kind="address", name=random_address(), free=3)

    for _person in range(10):
        assert backoff.admit([subject]) == 0
        backoff.take_back(subject)


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    assert backoff.network("2001:db8:1:2:aaaa::1") == backoff.network("2001:db8:1:2:bbbb::9") == "2001:db8:1:2::/64"
    assert backoff.network("192.0.2.7") == "192.0.2.7"
    assert backoff.network("") == ""


def test_waiting_without_valkey_is_counted_in_the_process(settings: object) -> None:
    settings.LIMITS_URL = "unix:///nowhere.sock"  # type: ignore[attr-defined]  # pytest-django's wrapper
    subject = backoff.Subject(kind="account", name=uuid4().hex, free=1)

    assert [backoff.admit([subject]) > 0 for _ in range(3)] == [False, False, True]


def test_signing_out_ends_the_session_and_needs_a_post() -> None:
    user, _ = pages.person()
    browser = pages.client(user)

    assert browser.get("/sign-out").status_code == 405
    assert browser.post("/sign-out").status_code == 302
    assert "_auth_user_id" not in browser.session


def test_the_theme_cookie_is_set_only_by_choosing_and_goes_with_system() -> None:
    browser = Client()

    assert "theme" not in browser.get("/sign-in").cookies
    assert 'data-theme="dark"' not in browser.get("/sign-in").content.decode()
    browser.post("/theme", {"theme": "dark"})
    assert 'data-theme="dark"' in browser.get("/sign-in").content.decode()
    browser.post("/theme", {"theme": "system"})
    assert "data-theme=" not in browser.get("/sign-in").content.decode()


def test_a_chosen_language_is_spoken() -> None:
    browser = Client()

    browser.post("/language", {"language": "de"})

    assert '<html lang="de"' in browser.get("/sign-in").content.decode()
    assert "Anmelden" in browser.get("/sign-in").content.decode()


def test_choices_send_people_back_to_our_own_pages_only() -> None:
    response = Client().post("/theme", {"theme": "dark"}, headers={"Referer": "https://evil.example//evil.example/x"})

    assert response["Location"] == "/"


def test_another_workspace_can_be_entered_only_by_its_members() -> None:
    mine, other = pages.shop(), pages.shop()
    browser = pages.client(mine.owner)

    assert browser.post("/workspace", {"workspace": str(other.workspace.id)}).status_code == 404
    assert browser.post("/workspace", {"workspace": str(mine.workspace.id)}).status_code == 302


def test_forms_need_the_token_against_forged_requests() -> None:
    response = Client(enforce_csrf_checks=True).post("/sign-in", {"email": "a@example.org", "password": "x"})

    assert response.status_code == 403
    assert "The form has grown old" in response.content.decode()


def test_the_session_cookie_is_out_of_reach_for_scripts() -> None:
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.CSRF_COOKIE_HTTPONLY
