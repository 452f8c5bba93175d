import datetime as dt
import html
import re
from typing import Any

import pytest
from django.test import Client

from accounts import keys
from accounts.models import ApiKey, Membership, User
from accounts.roles import Role, Scope
from messaging.models import Sender
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import accounts, pages
from tests.factories.accounts import Api, World


@pytest.fixture(scope="module")
def world() -> World:
    return accounts.make_workspace()


def fields(browser: Client, **changes: Any) -> dict[str, Any]:
    """The form as the page offers it, filled in."""
    token = re.search(r'name="token" value="([^"]+)"', browser.get("/api-keys/new").content.decode())
    assert token
    given = {"name": "Shop", "mode": "test", "scopes": ["messages:send", "messages:read"], "rate_max": "10"}
    return {**given, "token": html.unescape(token[1]), **changes}


def secret_in(page: str) -> str:
    found = re.search(r"sk_(?:test|live)_[A-Za-z0-9_-]{43}", page)
    assert found
    return found[0]


def newest(world: World) -> ApiKey:
    with scope.workspace(world.id):
        return ApiKey.objects.latest("id")


def made(world: World, **options: Any) -> tuple[ApiKey, str]:
    with scope.workspace(world.id):
        return keys.create(workspace=world.workspace, name="made", livemode=False, by=None, at=clock.now(), **options)


def path_of(key: ApiKey) -> str:
    return f"/api-keys/{ids.encode(ids.KEY, key.id)}"


def member(world: World, role: str) -> User:
    return accounts.make_member(world, role)[0]


@pytest.mark.promise("transit-97")
def test_a_key_made_on_the_page_works_and_its_secret_is_shown_in_that_answer_only(world: World) -> None:
    browser = pages.client(world.owner)

    answer = browser.post("/api-keys/new", fields(browser, name="Only once"))

    secret = secret_in(answer.content.decode())
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert Api(secret).get("/v1/messages").status_code == 200
    assert secret not in browser.get("/api-keys").content.decode()
    assert secret not in str(dict(browser.session))
    key = newest(world)
    assert f"…{key.last4}" in browser.get("/api-keys").content.decode()


def test_the_same_form_sent_twice_makes_one_key_and_shows_no_second_secret(world: World) -> None:
    browser = pages.client(world.owner)
    form = fields(browser)

    browser.post("/api-keys/new", form)
    again = browser.post("/api-keys/new", form, follow=True)

    assert "exists already" in again.content.decode()
    assert "sk_test_" + "x" * 43 not in again.content.decode()
    with scope.workspace(world.id):
        assert ApiKey.objects.filter(name="Shop").count() == 1


def test_everything_chosen_on_the_form_binds_the_key(world: World) -> None:
    browser = pages.client(world.owner)
    tomorrow = clock.now().date() + dt.timedelta(days=1)

    browser.post(
        "/api-keys/new",
        fields(
            browser, name="Tight", ip_ranges="192.0.2.7\n2001:db8::/32", countries="de, FR", day_max="7",
            money_max="1.50", expires_on=tomorrow.isoformat(), senders=[ids.encode(ids.SENDER, world.sender.id)],
        ),
    )  # fmt: skip

    key = newest(world)
    assert (key.ip_ranges, key.countries) == (["192.0.2.7/32", "2001:db8::/32"], ["DE", "FR"])
    assert (key.rate_max, key.day_max, key.money_max) == (10, 7, 1_500_000)
    assert key.sender_ids == [world.sender.id]
    assert key.expires_at == dt.datetime.combine(tomorrow + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Enter a name"),
        ({"scopes": []}, "Choose at least one"),
        ({"scopes": ["team:write"]}, "Select a valid choice"),
        ({"mode": "both"}, "Select a valid choice"),
        ({"ip_ranges": "192.0.2.300"}, "no address"),
        ({"countries": "DE, ATLANTIS"}, "two letters"),
        ({"expires_on": "2020-01-01"}, "This day is over"),
        ({"rate_max": "0"}, "greater than or equal to 1"),
        ({"money_max": "-1"}, "greater than or equal to"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(world: World, changes: dict[str, Any], words: str) -> None:
    browser = pages.client(world.owner)
    given = {"name": "Typed name", **changes}

    answer = browser.post("/api-keys/new", fields(browser, **given))

    assert answer.status_code == 422
    assert words in html.unescape(answer.content.decode())
    assert given["name"] in answer.content.decode()


def test_limits_are_changed_and_scopes_beyond_ones_own_are_neither_given_nor_taken(world: World) -> None:
    key, _secret = made(world, scopes=[Scope.MESSAGES_SEND, Scope.BILLING_READ])
    developer = pages.client(member(world, Role.DEVELOPER))
    form = {"name": "Renamed", "scopes": ["messages:read"], "rate_max": "5"}

    refused = developer.post(path_of(key), {**form, "scopes": ["billing:read"]})
    changed = developer.post(path_of(key), form)

    assert (refused.status_code, changed.status_code) == (422, 302)
    key = newest(world)
    assert (key.name, key.scopes, key.rate_max) == ("Renamed", ["messages:read", "billing:read"], 5)


def test_a_key_stays_limited_to_a_sender_that_was_withdrawn_until_somebody_lifts_the_limit() -> None:
    world = accounts.make_workspace()
    with scope.workspace(world.id):
        gone = accounts.make_sender(world.id, "GONE")
    key, _secret = made(world, sender_ids=[gone.id])
    with scope.workspace(world.id):
        Sender.objects.filter(id=gone.id).update(state=Sender.State.WITHDRAWN)
    browser, named = pages.client(world.owner), ids.encode(ids.SENDER, gone.id)
    form = {"name": "Renamed", "scopes": ["messages:send"], "rate_max": "5"}

    page = browser.get(path_of(key)).content.decode()

    assert re.search(rf'value="{named}"[^>]*checked', page)
    assert "GONE (Withdrawn)" in page
    browser.post(path_of(key), {**form, "senders": [named]})
    assert newest(world).sender_ids == [gone.id]
    browser.post(path_of(key), form)
    assert newest(world).sender_ids == []


def test_after_rotation_both_secrets_work_until_the_former_ends(world: World) -> None:
    key, former = made(world)
    browser = pages.client(world.owner)

    answer = browser.post(f"{path_of(key)}/rotate", {"overlap": "1", "last4": key.last4})

    secret = secret_in(answer.content.decode())
    at = clock.now()
    first, second = keys.find(keys.digest_of(f"Bearer {former}")), keys.find(keys.digest_of(f"Bearer {secret}"))
    assert first
    assert second
    assert first.id == second.id == key.id
    assert first.expires_at
    assert dt.timedelta(minutes=59) < first.expires_at - at <= dt.timedelta(hours=1)
    assert second.expires_at is None
    for each in (former, secret):
        assert Api(each).get("/v1/messages").status_code == 200


def test_a_rotation_without_overlap_ends_the_former_secret_now(world: World) -> None:
    key, former = made(world)

    pages.client(world.owner).post(f"{path_of(key)}/rotate", {"overlap": "0", "last4": key.last4})

    assert Api(former).get("/v1/messages").json()["code"] == "expired_key"


def test_a_rotation_sent_twice_rotates_once(world: World) -> None:
    key, _former = made(world)
    browser = pages.client(world.owner)
    form = {"overlap": "1", "last4": key.last4}

    secret = secret_in(browser.post(f"{path_of(key)}/rotate", form).content.decode())
    again = browser.post(f"{path_of(key)}/rotate", form, follow=True)

    assert "rotated meanwhile" in again.content.decode()
    assert Api(secret).get("/v1/messages").status_code == 200


def test_an_overlap_beyond_a_day_is_refused(world: World) -> None:
    key, _secret = made(world)

    answer = pages.client(world.owner).post(f"{path_of(key)}/rotate", {"overlap": "25", "last4": key.last4})

    assert answer.status_code == 422
    with pytest.raises(ValueError, match="overlap"):
        keys.rotate(key=key, overlap=dt.timedelta(hours=25), by=None, at=clock.now())


def test_a_revoked_key_is_refused_at_once_with_both_secrets(world: World) -> None:
    key, former = made(world)
    with scope.workspace(world.id):
        secret = keys.rotate(key=key, overlap=dt.timedelta(hours=1), by=None, at=clock.now())
    assert secret
    browser = pages.client(world.owner)

    browser.post(f"{path_of(key)}/revoke")

    for each in (former, secret):
        assert Api(each).get("/v1/messages").json()["code"] == "revoked_key"
    assert "Revoked" in browser.get("/api-keys").content.decode()


def test_keys_that_nobody_uses_are_pointed_out(world: World) -> None:
    key, _secret = made(world)
    with scope.workspace(world.id):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=clock.now() - dt.timedelta(days=91))

    assert "Unused for 90 days" in pages.client(world.owner).get("/api-keys").content.decode()


def test_using_a_key_is_noted(world: World) -> None:
    key, secret = made(world)

    Api(secret).get("/v1/messages")

    with scope.workspace(world.id):
        assert ApiKey.objects.get(pk=key.pk).last_used_at is not None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.BILLING])
def test_who_may_not_see_keys_sees_none(world: World, role: Role) -> None:
    browser = pages.client(member(world, role))

    assert browser.get("/api-keys").status_code == 403
    assert browser.post("/api-keys/new", {}).status_code == 403


def test_a_stranger_cannot_touch_a_key(world: World) -> None:
    key, secret = made(world)
    stranger = pages.client(accounts.make_workspace(funds=0).owner)

    answers = [stranger.get(path_of(key)), stranger.get(f"{path_of(key)}/rotate"),
               stranger.post(f"{path_of(key)}/revoke"), stranger.get("/api-keys/key_nonsense")]  # fmt: skip

    assert [answer.status_code for answer in answers] == [404] * 4
    assert Api(secret).get("/v1/messages").status_code == 200


def test_the_list_takes_as_many_queries_for_many_keys_as_for_one(django_assert_max_num_queries: Any) -> None:
    shop = pages.shop()
    browser = pages.client(shop.owner)
    with scope.workspace(shop.workspace.id):
        for _ in range(60):
            keys.create(workspace=shop.workspace, name="k", livemode=False, by=None, at=clock.now())
        assert Membership.objects.count() == 2

    with django_assert_max_num_queries(14):
        answer = browser.get("/api-keys")

    older = re.search(r"\?before=(key_\w+)", answer.content.decode())
    assert older
    assert browser.get(f"/api-keys?before={older[1]}").content.decode().count('<tr id="key_') == 10


@pytest.mark.parametrize("place", ["/api-keys/new", "edit", "rotate"])
def test_who_has_not_confirmed_lately_is_asked_again_before_a_secret_is_made(world: World, place: str) -> None:
    key, secret = made(world)
    browser = pages.client(world.owner)
    session = browser.session
    session["confirmed_at"] = (clock.now() - dt.timedelta(minutes=11)).isoformat()
    session.save()
    path = {"edit": path_of(key), "rotate": f"{path_of(key)}/rotate"}.get(place, place)

    answers = [browser.get(path), browser.post(path, {"overlap": "0", "last4": key.last4})]

    assert [answer["Location"].split("?")[0] for answer in answers] == ["/account/confirm"] * 2
    assert Api(secret).get("/v1/messages").status_code == 200
