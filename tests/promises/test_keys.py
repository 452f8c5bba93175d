"""What we promise about keys, tokens and senders: each test carries the number of its promise."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator

import jwt
import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client

from accounts import keys, signing_keys, tokens
from accounts.models import ApiKey, RefreshToken, User
from messaging import provisioning
from messaging.models import Sender
from smsplatform.lib import clock, ids
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.tenancy import scope
from tests.factories import accounts, pages
from tests.factories.accounts import PASSWORD, Api, World
from tests.factories.superuser import superuser


@pytest.fixture(scope="module")
def world() -> World:
    return accounts.make_workspace()


@pytest.fixture(scope="module", autouse=True)
def fresh_keys() -> Iterator[None]:
    signing_keys.forget()
    yield
    signing_keys.forget()


def issued(world: World, *, at: dt.datetime | None = None) -> tokens.Pair:
    return tokens.issue(user_id=world.owner.id, workspace_id=world.id, livemode=False, at=at or clock.now())


def refusal(token: str, *, at: dt.datetime) -> str:
    with pytest.raises(Problem) as refused:
        tokens.verified(token, at=at)
    return refused.value.code


def everything(*, table: str) -> str:
    """What a dump of the table would contain."""
    with superuser() as connection:
        rows = connection.execute(f'SELECT t::text FROM "{table}" AS t').fetchall()
    return "\n".join(row[0] for row in rows)


@pytest.mark.promise("fleet-20")
def test_fleet_20_access_tokens_are_signed_with_rs256_and_a_published_key(world: World) -> None:
    token = issued(world).access

    header = jwt.get_unverified_header(token)
    published = Client().get("/.well-known/jwks.json").json()["keys"]
    assert header["alg"] == "RS256"
    assert header["kid"] in {key["kid"] for key in published}
    assert all(set(key) == {"kty", "n", "e", "kid", "use", "alg"} for key in published)


@pytest.mark.promise("fleet-20")
@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_fleet_20_other_algorithms_are_refused(world: World, algorithm: str) -> None:
    token = issued(world).access
    claims = jwt.decode(token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(token)["kid"]

    for made in (
        jwt.encode(claims, "s" * 64, algorithm=algorithm, headers={"kid": kid}),
        jwt.encode(claims, "", algorithm="none", headers={"kid": kid}),
    ):
        assert refusal(made, at=clock.now()) == "invalid_token"
        assert Api(made).get("/v1/messages").status_code == 401


@pytest.mark.promise("fleet-20")
def test_fleet_20_keys_rotate_and_tokens_outlive_the_rotation(world: World) -> None:
    before = issued(world).access

    signing_keys.rotate(at=clock.now())

    after = issued(world).access
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert Api(before).get("/v1/messages").status_code == Api(after).get("/v1/messages").status_code == 200


@pytest.mark.promise("fleet-21")
def test_fleet_21_an_access_token_is_good_for_fifteen_minutes(world: World) -> None:
    at = clock.now().replace(microsecond=0)
    token = issued(world, at=at).access

    assert tokens.verified(token, at=at + dt.timedelta(minutes=14, seconds=59))
    assert refusal(token, at=at + dt.timedelta(minutes=15, seconds=1)) == "expired_token"
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 900


@pytest.mark.promise("fleet-22")
def test_fleet_22_refresh_tokens_last_thirty_days_rotate_and_betray_a_copy(world: World) -> None:
    at = clock.now()
    first = issued(world, at=at)
    second = tokens.refresh(first.refresh, at=at + dt.timedelta(days=29))

    with pytest.raises(Problem) as reused:
        tokens.refresh(first.refresh, at=at + dt.timedelta(days=29))
    with pytest.raises(Problem) as ended:
        tokens.refresh(second.refresh, at=at + dt.timedelta(days=29))

    assert first.refresh_expires_at - at == dt.timedelta(days=30)
    assert (reused.value.code, ended.value.code) == ("refresh_token_reused", "invalid_refresh_token")


@pytest.mark.promise("fleet-22")
def test_fleet_22_logout_ends_both_tokens(world: World) -> None:
    pair = issued(world)

    tokens.logout(pair.refresh, at=clock.now())

    assert Api(pair.access).get("/v1/messages").json()["code"] == "revoked_token"
    with pytest.raises(Problem):
        tokens.refresh(pair.refresh, at=clock.now())


@pytest.mark.promise("fleet-22")
def test_fleet_22_the_two_kinds_of_token_do_not_stand_for_each_other(world: World) -> None:
    pair = issued(world)

    assert Api(pair.refresh).get("/v1/messages").status_code == 401
    with pytest.raises(Problem):
        tokens.refresh(pair.access, at=clock.now())


@pytest.mark.promise("fleet-22")
def test_fleet_22_a_new_password_signs_every_app_out(world: World) -> None:
    user, _ = accounts.make_member(world)
    pair = tokens.issue(user_id=user.id, workspace_id=world.id, livemode=False, at=clock.now())

    assert tokens.end_all(user_id=user.id, at=clock.now()) == 1

    assert Api(pair.access).get("/v1/messages").json()["code"] == "revoked_token"


@pytest.mark.promise("fleet-24", "transit-12")
def test_fleet_24_and_transit_12_only_digests_of_secrets_are_stored(world: World) -> None:
    with scope.workspace(world.id):
        key, secret = keys.create(workspace=world.workspace, name="x", livemode=True, by=None, at=clock.now())
        rotated = keys.rotate(key=key, overlap=dt.timedelta(hours=1), by=None, at=clock.now())
        row = ApiKey.objects.get(pk=key.pk)
    pair = issued(world)
    assert rotated

    assert bytes(row.former_digest or b"") == hashlib.sha256(secret.encode()).digest()
    assert bytes(row.digest) == hashlib.sha256(rotated.encode()).digest()
    for table, values in (("accounts_api_key", (secret, rotated)), ("accounts_refresh_token", (pair.refresh,))):
        dump = everything(table=table)
        for value in values:
            assert value[8:] not in dump
            assert value[8:].encode().hex() not in dump
    with scope.workspace(world.id):
        assert all(len(bytes(each.digest)) == 32 for each in RefreshToken.objects.all())


@pytest.mark.promise("fleet-24")
def test_fleet_24_signing_keys_are_sealed(world: World) -> None:
    issued(world)

    dump = everything(table="accounts_signing_key")

    assert b"PRIVATE KEY".hex() not in dump
    assert "PRIVATE KEY" not in dump


@pytest.mark.promise("fleet-23")
def test_fleet_23_is_what_the_password_behind_a_token_is_stored_as(world: World) -> None:
    stored = User.objects.get(pk=world.owner.pk).password

    assert re.match(r"bcrypt_sha256\$\$2b\$12\$", stored)
    assert check_password(PASSWORD, stored)


@pytest.mark.promise("transit-13")
def test_transit_13_registrations_of_senders_are_stored_and_sealed(world: World) -> None:
    with scope.workspace(world.id):
        made = provisioning.register_sender(
            workspace=world.id, address="Promised", purpose="Tell of parcels", example="It is here.", by=None,
            at=clock.now(),
        )  # fmt: skip
        row = Sender.objects.get(pk=made.pk)

    assert (row.address, row.purpose, row.example, row.state) == (
        "Promised", "Tell of parcels", "It is here.", "review",
    )  # fmt: skip
    dump = everything(table="messaging_sender")
    for value in ("Promised", "Tell of parcels", "It is here."):
        assert value not in dump
        assert value.encode().hex() not in dump


@pytest.mark.promise("transit-97")
def test_transit_97_a_secret_is_shown_once_and_by_nothing_afterwards(world: World) -> None:
    browser = pages.client(world.owner)
    with scope.workspace(world.id):
        key, _ = keys.create(workspace=world.workspace, name="once", livemode=False, by=None, at=clock.now())
    path = f"/api-keys/{ids.encode(ids.KEY, key.id)}"

    shown = browser.post(f"{path}/rotate", {"overlap": "1", "last4": key.last4}).content.decode()

    found = re.search(r"sk_test_[\w-]{43}", shown)
    assert found
    later = [browser.get(each).content.decode() for each in ("/api-keys", path, f"{path}/rotate", f"{path}/revoke")]
    assert not any(found[0] in page for page in later)
    assert found[0] not in str(dict(browser.session))
