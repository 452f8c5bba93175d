"""Promises about second factors and about asking again, named by their ids."""

import pytest
from django.conf import settings
from django_otp import device_classes

from accounts.models import TotpDevice, User
from smsplatform.lib import clock
from tests.factories import pages


@pytest.mark.promise("otp-32")
def test_otp_32_passwords_are_hashed_slowly_and_an_authenticator_can_be_asked_for() -> None:
    user, _ = pages.person()
    device = pages.authenticator(user)

    assert settings.PASSWORD_HASHERS == ["smsplatform.lib.secrets.PasswordHasher"]
    assert device.accept(device.code(clock.now()), at=clock.now())
    assert pages.client(user).get("/account")["Location"].startswith("/sign-in/code")


@pytest.mark.promise("transit-48")
def test_transit_48_no_factor_is_a_text_message() -> None:
    kinds = {model._meta.label for model in device_classes()}

    assert kinds == {"accounts.TotpDevice", "accounts.RecoveryCodes", "django_otp_webauthn.WebAuthnCredential"}
    assert not {field.name for kind in device_classes() for field in kind._meta.get_fields()} & {"number", "phone"}


@pytest.mark.promise("team-38")
@pytest.mark.parametrize("role", ["support", "auditor"])
def test_team_38_staff_do_nothing_before_a_second_factor(role: str) -> None:
    user, _ = pages.person(staff_role=role)
    pages.authenticator(user)

    for path in ("/", "/messages", "/account", "/team", "/settings", "/account/security/codes"):
        assert pages.client(user).get(path)["Location"].startswith("/sign-in/code"), path


@pytest.mark.promise("team-38")
def test_team_38_nobody_is_marked_as_having_a_factor_without_one() -> None:
    """For the people of this test; ``accounts.factors`` is the only writer of the mark."""
    user, _ = pages.person(staff_role="support")
    assert not User.objects.get(pk=user.pk).second_factor

    pages.authenticator(user)

    assert TotpDevice.objects.filter(user=user, confirmed=True).exists()
    assert User.objects.get(pk=user.pk).second_factor


@pytest.mark.promise("fleet-41")
def test_fleet_41_changing_what_opens_the_account_takes_proof_of_who_one_is() -> None:
    user, _ = pages.person()
    browser = pages.unconfirmed(pages.verified(user))

    for path in ("authenticator", "authenticator/remove", "codes", "passkeys/new"):
        assert browser.post(f"/account/security/{path}")["Location"].startswith("/account/confirm"), path
    for path in ("password", "email"):
        assert browser.post(f"/account/security/{path}", {"current": "wrong"}).status_code == 422, path
