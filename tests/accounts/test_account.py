import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts import devices, upkeep
from accounts.models import EmailChange, KnownDevice, Session, User
from privacy.models import AuditEvent
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.letters import Letters

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1"
)


def sign_in(email: str, agent: str = FIREFOX, password: str = pages.PASSWORD) -> Client:
    browser = Client(headers={"User-Agent": agent})
    address = f"fd00:{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
    browser.post("/sign-in", {"email": email, "password": password}, REMOTE_ADDR=address)
    return browser


def actions(shop: pages.Shop) -> list[str]:
    with scope.workspace(shop.workspace.id):
        found = AuditEvent.objects.filter(workspace_id=shop.workspace.id).order_by("id")
        return list(found.values_list("action", flat=True))


# Devices


@pytest.mark.parametrize(
    ("agent", "device", "label"),
    [
        (FIREFOX, "firefox.linux", "Firefox, Linux"),
        (CHROME, "chrome.windows", "Chrome, Windows"),
        (IPHONE, "safari.ios", "Safari, iOS"),
        (CHROME.replace("Safari/537.36", "Safari/537.36 Edg/141.0"), "edge.windows", "Edge, Windows"),
        ("curl/8", "other.other", "Other browser, other system"),
        ("", "other.other", "Other browser, other system"),
    ],
)
def test_a_device_is_the_family_of_browser_and_system(agent: str, device: str, label: str) -> None:
    assert devices.family(agent) == device
    assert devices.label(device) == label


@pytest.mark.promise("otp-16")
def test_a_new_kind_of_device_is_told_by_mail_once(letters: Letters) -> None:
    _, email = pages.person()

    for agent in (FIREFOX, FIREFOX.replace("140", "141"), CHROME, CHROME, FIREFOX):
        sign_in(email, agent)

    assert letters.subjects(email) == ["New sign-in: Chrome, Windows"]


def test_devices_are_remembered_as_keyed_hashes_for_a_year(letters: Letters) -> None:
    user, email = pages.person()
    sign_in(email)
    row = KnownDevice.objects.get(user=user)

    assert b"firefox" not in bytes(row.digest)
    assert len(row.digest) == 16
    upkeep.purge_devices(at=row.seen_at + dt.timedelta(days=364))
    assert KnownDevice.objects.filter(id=row.id).exists()
    upkeep.purge_devices(at=row.seen_at + dt.timedelta(days=366))
    assert not KnownDevice.objects.filter(id=row.id).exists()


# Evidence


def test_each_workspace_sees_when_its_people_sign_in_and_out_and_fail_to(letters: Letters) -> None:
    shop = pages.shop()

    sign_in(shop.email, password="wrong")
    sign_in(shop.email).post("/sign-out")

    assert actions(shop)[-3:] == ["user:session:refused", "user:session:started", "user:session:ended"]


# Sessions


def test_the_table_of_sessions_holds_no_key_and_no_address() -> None:
    user, email = pages.person()
    browser = sign_in(email)
    row = Session.objects.get(user=user)

    assert row.session_key != browser.session.session_key
    assert row.device == "firefox.linux"
    assert {field.name for field in Session._meta.fields} == {
        "session_key", "session_data", "expire_date", "user", "device", "started_at", "seen_at",
    }  # fmt: skip
    assert set(browser.session.keys()) <= {
        "_auth_user_id", "_auth_user_backend", "_auth_user_hash", "device", "started_at", "confirmed_at", "_messages",
    }  # fmt: skip


def test_a_digest_of_the_table_opens_no_session() -> None:
    user, email = pages.person()
    sign_in(email)
    thief = Client()

    thief.cookies["session"] = Session.objects.get(user=user).session_key

    assert thief.get("/account").status_code == 302


def test_one_session_is_ended_or_all_others_and_nobody_elses(letters: Letters) -> None:
    shop = pages.shop()
    here, phone, office = sign_in(shop.email), sign_in(shop.email, IPHONE), sign_in(shop.email, CHROME)
    stranger = pages.client(pages.person()[0])
    phone_row = Session.objects.get(user=shop.owner, device="safari.ios")

    html = here.get("/account/security").content.decode()
    stranger.post("/account/security/sessions", {"session": phone_row.session_key})
    assert phone.get("/account").status_code == 200
    here.post("/account/security/sessions", {"session": phone_row.session_key})

    assert all(name in html for name in ("Firefox, Linux", "Safari, iOS", "Chrome, Windows"))
    assert phone.get("/account").status_code == 302
    assert office.get("/account").status_code == 200
    here.post("/account/security/sessions")
    assert office.get("/account").status_code == 302
    assert here.get("/account").status_code == 200
    assert stranger.get("/account").status_code == 200


def test_the_list_of_sessions_costs_the_same_for_many(django_assert_max_num_queries: Any) -> None:
    user, email = pages.person()
    here = sign_in(email)
    here.get("/account/security")
    for _session in range(8):
        pages.client(user)

    with django_assert_max_num_queries(16):
        here.get("/account/security")


# Profile


def test_what_people_set_for_themselves_is_kept_and_takes_effect() -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)

    form = {"name": "Ada Byron", "locale": "de", "time_zone": "America/New_York"}
    assert browser.post("/account", form).status_code == 302

    user = User.objects.get(id=shop.owner.id)
    assert (user.name, user.locale, user.time_zone) == ("Ada Byron", "de", "America/New_York")
    response = browser.get("/account/security", headers={"Accept-Language": "en"})
    assert '<html lang="de"' in response.content.decode()
    assert response["Content-Language"] == "de"
    assert any(zone in response.content.decode() for zone in ("EST", "EDT"))


def test_saving_a_name_leaves_the_time_zone_to_the_workspace() -> None:
    user, _email = pages.person()
    browser = pages.client(user)

    shown = browser.get("/account").content.decode()
    browser.post("/account", {"name": "Ada", "locale": "", "time_zone": ""})

    user.refresh_from_db()
    assert '<option value="" selected>As in each workspace</option>' in shown
    assert (user.name, user.time_zone) == ("Ada", "")


def test_a_time_zone_that_is_none_is_refused_and_what_was_typed_stays() -> None:
    browser = pages.client(pages.shop().owner)

    response = browser.post("/account", {"name": "Ada", "locale": "", "time_zone": "../../etc/passwd"})

    assert response.status_code == 422
    assert 'value="Ada"' in response.content.decode()


def test_the_language_switch_counts_for_the_account_too() -> None:
    user, email = pages.person()

    pages.client(user).post("/language", {"language": "de"})

    assert '<html lang="de"' in sign_in(email).get("/account").content.decode()


# E-mail


def asked(letters: Letters) -> tuple[pages.Shop, Client, str]:
    shop, new = pages.shop(), f"{uuid4().hex}@example.org"
    browser = pages.client(shop.owner)
    answer = browser.post("/account/security/email", {"email": new, "current": pages.PASSWORD})
    assert answer.status_code == 302
    return shop, browser, new


@pytest.mark.parametrize("new_first", [True, False])
def test_an_address_changes_when_both_have_confirmed(letters: Letters, new_first: bool) -> None:
    shop, browser, new = asked(letters)
    links = [letters.link(new), letters.link(shop.email)]
    first, second = links if new_first else links[::-1]

    assert "Half done" in Client().post(first).content.decode()
    assert User.objects.get(id=shop.owner.id).email == shop.email
    assert Client().post(second)["Location"] == "/sign-in"

    assert User.objects.get(id=shop.owner.id).email == new
    assert browser.get("/account").status_code == 302
    assert sign_in(new).get("/account").status_code == 200
    assert letters.subjects(shop.email)[-1] == "Your e-mail address was changed"
    assert "user:email:changed" in actions(shop)
    assert [Client().post(link).status_code for link in links] == [410, 410]


def test_the_browser_that_is_signed_in_confirms_too_and_is_sent_to_sign_in(letters: Letters) -> None:
    shop, browser, new = asked(letters)
    browser.post(letters.link(new))

    answer = browser.post(letters.link(shop.email), follow=True)

    assert (answer.status_code, answer.request["PATH_INFO"]) == (200, "/sign-in")
    assert "Your address is changed" in answer.content.decode()


def test_who_is_signed_in_as_somebody_else_stays_so_when_an_address_changes(letters: Letters) -> None:
    shop, _browser, new = asked(letters)
    other = pages.client(pages.person()[0])
    Client().post(letters.link(new))

    other.post(letters.link(shop.email))

    assert other.get("/account").status_code == 200


def test_an_address_that_has_an_account_is_refused_only_to_who_reads_its_mail(letters: Letters) -> None:
    shop, taken = pages.shop(), pages.person()[1]
    answer = pages.client(shop.owner).post(
        "/account/security/email", {"email": taken, "current": pages.PASSWORD}, follow=True
    )

    Client().post(letters.link(shop.email))
    last = Client().post(letters.link(taken))

    assert "We wrote to both addresses" in answer.content.decode()
    assert last.status_code == 409
    assert User.objects.get(id=shop.owner.id).email == shop.email


def test_a_change_is_taken_back_and_its_links_with_it(letters: Letters) -> None:
    shop, browser, new = asked(letters)

    browser.post("/account/security/email/cancel")

    assert Client().post(letters.link(new)).status_code == 410
    assert not EmailChange.objects.filter(user=shop.owner).exists()


def test_changing_the_address_needs_the_password(letters: Letters) -> None:
    shop = pages.shop()

    answer = pages.client(shop.owner).post("/account/security/email", {"email": "x@example.org", "current": "wrong"})

    assert answer.status_code == 422
    assert 'value="x@example.org"' in answer.content.decode()
    assert not EmailChange.objects.filter(user=shop.owner).exists()


def test_changes_that_nobody_confirms_are_forgotten(letters: Letters) -> None:
    shop, _browser, _new = asked(letters)

    upkeep.purge_email_changes(at=clock.now() + upkeep.CHANGES_KEPT)

    assert not EmailChange.objects.filter(user=shop.owner).exists()


def test_staff_without_their_second_step_see_no_account_pages() -> None:
    browser = pages.client(pages.person(staff_role="support")[0])

    for path in ("/account", "/account/security"):
        assert browser.get(path)["Location"].partition("?")[0] == "/sign-in/code"
