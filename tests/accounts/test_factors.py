"""Second factors: setting up, signing in with them, recovery codes, what is asked of whom."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts import factors
from accounts.models import RecoveryCode, TotpDevice, User, Workspace
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.letters import Letters


def test_an_authenticator_is_set_up_with_its_first_code() -> None:
    user, _ = pages.person()
    browser = pages.client(user)

    html = browser.get("/account/security/authenticator").content.decode()
    device = TotpDevice.objects.get(user=user)
    response = browser.post("/account/security/authenticator", {"code": device.code(clock.now())})

    assert "<svg" in html
    assert "style=" not in html
    assert str(device.secret) in html
    assert response["Location"] == "/account/security/codes"
    user.refresh_from_db()
    assert user.second_factor
    assert browser.get("/account/security").status_code == 200


def test_a_wrong_first_code_is_refused_and_the_same_picture_stays() -> None:
    user, _ = pages.person()
    browser = pages.client(user)
    browser.get("/account/security/authenticator")
    device = TotpDevice.objects.get(user=user)

    response = browser.post("/account/security/authenticator", {"code": wrong(device)})

    assert response.status_code == 422
    assert str(device.secret) in response.content.decode()
    user.refresh_from_db()
    assert not user.second_factor


def test_a_secret_that_was_shown_and_not_confirmed_is_not_used_later() -> None:
    user, _ = pages.person()
    browser = pages.client(user)
    browser.get("/account/security/authenticator")
    first = TotpDevice.objects.get(user=user)

    browser.get("/account/security/authenticator")

    assert browser.post("/account/security/authenticator", {"code": first.code(clock.now())}).status_code == 422


def test_the_secret_is_ciphertext_in_the_database() -> None:
    user, _ = pages.person()
    device = pages.authenticator(user)

    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_totp_device WHERE id = %s", [device.id])
        stored = bytes(cursor.fetchone()[0])

    assert str(device.secret).encode() not in stored


def test_the_same_code_opens_once_and_an_earlier_one_never_after() -> None:
    user, _ = pages.person()
    device, now = pages.authenticator(user), clock.now()

    assert device.accept(device.code(now), at=now)
    assert not device.accept(device.code(now), at=now)
    assert not device.accept(device.code(now - dt.timedelta(seconds=30)), at=now)


def test_a_clock_may_be_one_step_off_and_not_two() -> None:
    user, _ = pages.person()
    device, now = pages.authenticator(user), clock.now()

    assert not device.accept(device.code(now - dt.timedelta(seconds=90)), at=now)
    assert device.accept(device.code(now - dt.timedelta(seconds=30)), at=now)


def test_whoever_has_a_factor_sees_nothing_before_the_second_step() -> None:
    shop = pages.shop()
    pages.authenticator(shop.owner)
    browser = pages.client(shop.owner)

    assert browser.get("/messages")["Location"] == "/sign-in/code?next=%2Fmessages"
    assert browser.get("/account/security")["Location"].startswith("/sign-in/code")
    assert browser.get("/account/security/authenticator")["Location"].startswith("/sign-in/code")
    assert shop.workspace.name not in browser.get("/docs").content.decode()


def test_the_code_lets_in_and_leads_to_the_page_that_was_wanted() -> None:
    shop = pages.shop()
    device = pages.authenticator(shop.owner)
    browser = pages.client(shop.owner)
    key = browser.session.session_key

    response = browser.post("/sign-in/code", {"code": device.code(clock.now()), "next": "/messages"})

    assert (response.status_code, response["Location"]) == (302, "/messages")
    assert browser.get("/messages").status_code == 200
    assert browser.session.session_key != key


def test_guessing_codes_is_slowed_down_over_all_factors() -> None:
    user, _ = pages.person()
    device = pages.authenticator(user)
    browser = pages.client(user)
    for _attempt in range(7):
        browser.post("/sign-in/code", {"code": wrong(device)})

    response = browser.post("/sign-in/code", {"code": device.code(clock.now())})

    assert response.status_code == 422
    assert "Too many attempts" in response.content.decode()


@pytest.mark.parametrize("code", ["", "12345", "abc", "1" * 30])
def test_what_is_no_code_is_said_to_be_none(code: str) -> None:
    user, _ = pages.person()
    pages.authenticator(user)

    assert pages.client(user).post("/sign-in/code", {"code": code}).status_code == 422


def test_recovery_codes_are_shown_once_and_each_opens_once() -> None:
    user, _ = pages.person()
    browser = pages.verified(user)
    codes = shown(browser.post("/account/security/codes"))
    other = pages.client(user)

    first = other.post("/sign-in/code", {"code": codes[0].upper().replace("-", " ")})
    again = pages.client(user).post("/sign-in/code", {"code": codes[0]})

    assert len(set(codes)) == 10
    assert not shown(browser.get("/account/security/codes"))
    assert (first.status_code, again.status_code) == (302, 422)
    assert other.get("/account").status_code == 200


def test_only_keyed_hashes_of_recovery_codes_are_kept() -> None:
    user, _ = pages.person()
    pages.authenticator(user)

    codes = factors.renew_codes(user=user, at=clock.now())

    kept = {bytes(row.digest) for row in RecoveryCode.objects.filter(device__user=user)}
    assert kept == {RecoveryCode.digest_of(user.pk, code) for code in codes}
    assert all(len(digest) == 16 for digest in kept)


def test_new_recovery_codes_make_the_former_worthless_and_keep_the_session_that_used_one() -> None:
    user, _ = pages.person()
    pages.authenticator(user)
    old = factors.renew_codes(user=user, at=clock.now())
    browser = pages.client(user)
    browser.post("/sign-in/code", {"code": old[0]})

    new = shown(browser.post("/account/security/codes"))

    assert browser.get("/account").status_code == 200
    assert pages.client(user).post("/sign-in/code", {"code": old[1]}).status_code == 422
    assert pages.client(user).post("/sign-in/code", {"code": new[0]}).status_code == 302


def test_few_codes_left_are_warned_of() -> None:
    user, _ = pages.person()
    browser = pages.verified(user)
    codes = factors.renew_codes(user=user, at=clock.now())
    assert "recovery codes are left" not in browser.get("/account/security").content.decode()

    for code in codes[:7]:
        factors.verify(user=user, code=code, at=clock.now())

    assert "3 recovery codes are left" in browser.get("/account/security").content.decode()


def test_with_the_last_factor_go_the_recovery_codes() -> None:
    user, _ = pages.person()
    browser = pages.verified(user)
    factors.renew_codes(user=user, at=clock.now())

    assert browser.post("/account/security/authenticator/remove").status_code == 302

    user.refresh_from_db()
    assert not user.second_factor
    assert not RecoveryCode.objects.filter(device__user=user).exists()
    assert pages.client(user).get("/account").status_code == 200


def test_codes_without_a_factor_cannot_be_had() -> None:
    user, _ = pages.person()

    assert pages.client(user).post("/account/security/codes")["Location"] == "/account/security"


def test_staff_without_a_factor_are_led_to_set_one_up_and_can_do_nothing_else() -> None:
    user, _ = pages.person(staff_role="auditor")
    browser = pages.client(user)

    for path in ("/", "/messages", "/account", "/account/security", "/no-workspace"):
        assert browser.get(path)["Location"].startswith("/sign-in/code"), path
    assert browser.get("/sign-in/code")["Location"] == "/account/security/factor"
    assert "Staff accounts need a second factor" in browser.get("/account/security/factor").content.decode()
    browser.get("/account/security/authenticator")
    device = TotpDevice.objects.get(user=user)
    browser.post("/account/security/authenticator", {"code": device.code(clock.now())})
    assert browser.get("/account/security").status_code == 200


def test_a_workspace_can_require_a_second_factor_of_its_members() -> None:
    shop = pages.shop()
    with scope.workspace(shop.workspace.id):
        Workspace.objects.filter(pk=shop.workspace.pk).update(require_second_factor=True)

    without, having = pages.client(shop.viewer), pages.verified(shop.owner)

    assert without.get("/messages")["Location"] == "/account/security/factor"
    assert shop.workspace.name in without.get("/account/security/factor").content.decode()
    assert without.get("/account/security/authenticator").status_code == 200
    assert having.get("/messages").status_code == 200


def test_changing_factors_needs_somebody_who_just_said_who_they_are() -> None:
    user, _ = pages.person()
    browser = pages.unconfirmed(pages.verified(user))

    for path in ("authenticator", "authenticator/remove", "codes", "passkeys/new"):
        assert browser.get(f"/account/security/{path}")["Location"].startswith("/account/confirm?next="), path
    assert browser.post("/passkeys/registration/begin").status_code == 403


def test_a_factor_confirms_as_well_as_the_password() -> None:
    user, _ = pages.person()
    device = pages.authenticator(user)
    browser = pages.unconfirmed(pages.verified(user))

    assert browser.post("/account/confirm", {"code": wrong(device)}).status_code == 422
    assert browser.post("/account/confirm", {"code": device.code(clock.now())}).status_code == 302
    assert browser.get("/account/security/codes").status_code == 200


def test_a_person_is_told_by_mail_and_their_workspaces_keep_it_on_record(letters: Letters) -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)
    browser.get("/account/security/authenticator")
    device = TotpDevice.objects.get(user=shop.owner)

    browser.post("/account/security/authenticator", {"code": device.code(clock.now())})
    browser.post("/account/security/codes")
    browser.post("/account/security/authenticator/remove")

    told = [subject for subject in letters.subjects(shop.email) if "factor" in subject or "codes" in subject]
    assert told == ["A second factor was added", "New recovery codes", "A second factor was removed"]
    assert recorded(shop) == ["user:factor:added", "user:factor:codes_made", "user:factor:removed"]


def test_a_passkey_of_somebody_else_is_not_found() -> None:
    user, _ = pages.person()

    assert pages.client(user).get("/account/security/passkeys/pky_x").status_code == 404


def recorded(shop: pages.Shop) -> list[str]:
    with scope.workspace(shop.workspace.id), connections["default"].cursor() as cursor:
        cursor.execute("SELECT action FROM privacy_audit_event WHERE action LIKE 'user:factor:%%' ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def shown(response: Any) -> list[str]:
    return re.findall(r"<li><code>([0-9a-z]{5}-[0-9a-z]{5})</code></li>", response.content.decode())


def wrong(device: TotpDevice) -> str:
    return f"{(int(device.code(clock.now())) + 500_000) % 1_000_000:06d}"


def test_half_signed_in_people_get_no_workspace_even_on_public_pages() -> None:
    shop = pages.shop()
    User.objects.filter(pk=shop.owner.pk).update(second_factor=True)

    assert Client().get("/docs").status_code == 200
    assert shop.workspace.name not in pages.client(shop.owner).get("/docs").content.decode()
