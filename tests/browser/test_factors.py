"""Second factors in a real browser: the look of the pages, and passkeys with an authenticator that Chromium plays."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import PasskeyName, User
from tests.browser.visit import Visit
from tests.factories import pages

PATHS = (
    "/account/security",
    "/account/security/authenticator",
    "/account/security/authenticator/remove",
    "/account/security/codes",
    "/account/security/factor",
    "/account/security/passkeys/new",
    "/account/confirm",
)


@pytest.fixture
def named(address: str, settings: Any) -> str:
    """The same server by a name: a network address has no passkeys."""
    settings.OTP_WEBAUTHN_RP_ID = "localhost"
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [address.replace("127.0.0.1", "localhost")]
    return str(settings.OTP_WEBAUTHN_ALLOWED_ORIGINS[0])


@pytest.fixture
def visit(chromium: Any, named: str) -> Iterator[Visit]:
    made = Visit(chromium, named)
    session = made.context.new_cdp_session(made.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield made
    made.close()


def register(visit: Visit, user: User) -> None:
    visit.sign_in_as(user)
    visit.page.goto("/account/security/passkeys/new")
    visit.page.click("#passkey-register-button")
    visit.page.wait_for_url("**/account/security/passkeys/pky_*")
    visit.page.fill("input[name=name]", "Laptop at work")
    visit.page.click("text=Save")
    visit.page.wait_for_url("**/account/security/codes")


def test_a_passkey_is_made_named_and_used_for_the_second_step(visit: Visit) -> None:
    user, email = pages.person()
    register(visit, user)
    user.refresh_from_db()
    assert user.second_factor
    assert PasskeyName.objects.get(passkey__user=user).name == "Laptop at work"

    visit.context.clear_cookies()
    visit.page.goto("/sign-in?next=/account")
    visit.page.fill("input[name=email]", email)
    visit.page.fill("input[name=password]", pages.PASSWORD)
    visit.page.click("form.form button[type=submit]")
    visit.page.wait_for_url("**/sign-in/code*")
    assert visit.page.locator("input[name=code]").count() == 0  # there is neither an app nor a recovery code
    visit.page.click("#passkey-verification-button")
    visit.page.wait_for_url("**/account")

    assert visit.said == []


def test_a_passkey_signs_in_without_a_password(visit: Visit) -> None:
    user, _ = pages.person()
    register(visit, user)

    visit.context.clear_cookies()
    visit.page.goto("/sign-in?next=/account/security")
    visit.page.click("#passkey-verification-button")

    visit.page.wait_for_selector("text=Laptop at work")
    assert visit.page.url.endswith("/account/security")
    assert visit.said == []


def test_a_passkey_confirms_who_somebody_is(visit: Visit) -> None:
    user, _ = pages.person()
    register(visit, user)
    cookie = next(one for one in visit.context.cookies() if "session" in one["name"])
    forget(cookie["value"])

    visit.page.goto("/account/security/codes")
    visit.page.click("#passkey-verification-button")
    visit.page.wait_for_url("**/account/security/codes")

    assert "Recovery codes" in visit.page.content()


def forget(key: str) -> None:
    """Make the session older than anybody is believed."""
    from accounts.reauth import CONFIRMED
    from accounts.session_store import SessionStore

    session = SessionStore(key)
    session.pop(CONFIRMED)
    session.save()


def test_the_pages_of_factors_are_without_fault(chromium: Any, address: str) -> None:
    user, _ = pages.person()
    pages.authenticator(user)
    visit = Visit(chromium, address)
    cookie = pages.verified(user).cookies["session"].value
    visit.context.add_cookies([{"name": "session", "value": cookie, "url": address}])

    faults = [fault for path in PATHS for fault in visit.faults(path)]
    visit.page.goto("/account/security/codes")
    visit.page.click("main form button.primary")
    faults += visit.violations()

    assert faults == []
    visit.close()
