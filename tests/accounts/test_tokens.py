import asyncio
import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from accounts import signing_keys, tokens, upkeep
from accounts.models import Membership, RefreshToken, SigningKey, User
from accounts.roles import Role
from messaging.gate import Gate
from smsplatform.lib import clock, ids
from smsplatform.lib.api.problems import Problem
from smsplatform.lib.tenancy import scope
from tests.factories import accounts, messaging, pages
from tests.factories.accounts import PASSWORD, Api, World


@pytest.fixture(scope="module")
def world() -> World:
    return accounts.make_workspace()


@pytest.fixture(scope="module", autouse=True)
def fresh_keys() -> Iterator[None]:
    signing_keys.forget()
    yield
    signing_keys.forget()


def post(path: str, body: dict[str, Any], address: str = "") -> Any:
    """From an address of its own, because attempts are counted by address."""
    address = address or f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
    return Client(REMOTE_ADDR=address).post(path, json.dumps(body), content_type="application/json")


def sign_in(email: str, **fields: Any) -> dict[str, Any]:
    response = post("/v1/auth/token", {"email": email, "password": PASSWORD, "mode": "test", **fields})
    assert response.status_code == 200, response.content
    document: dict[str, Any] = response.json()
    return document


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def asked(token: str) -> Any:
    return Api(token).get("/v1/messages")


def forged(token: str, **changes: Any) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return {**claims, **changes}


# Signing in


def test_a_token_calls_the_api_as_its_person_in_their_workspace(world: World) -> None:
    made = sign_in(world.email)

    api = Api(made["access_token"])
    sent = api.post("/v1/messages", {"to": messaging.TO, "body": "Hello"})

    assert (made["token_type"], made["expires_in"], made["mode"]) == ("Bearer", 900, "test")
    assert made["workspace"] == ids.encode(ids.WORKSPACE, world.id)
    assert sent.status_code == 202
    assert sent.json()["livemode"] is False
    assert api.get("/v1/messages").json()["data"][0]["id"] == sent.json()["id"]


def test_a_token_may_do_what_the_role_of_its_person_allows(world: World) -> None:
    _, email = accounts.make_member(world, Role.VIEWER)
    api = Api(sign_in(email)["access_token"])

    assert api.get("/v1/messages").status_code == 200
    assert code_of(api.post("/v1/messages", {"to": messaging.TO, "body": "x"})) == (403, "missing_scope")


def test_a_wrong_address_and_a_wrong_password_get_the_same_answer(world: World) -> None:
    answers = [
        post("/v1/auth/token", {"email": world.email, "password": "wrong wrong"}),
        post("/v1/auth/token", {"email": "nobody@example.org", "password": PASSWORD}),
    ]

    bodies = [{k: v for k, v in each.json().items() if k not in ("instance", "request_id")} for each in answers]
    assert bodies[0] == bodies[1]
    assert [code_of(each) for each in answers] == [(401, "sign_in_failed")] * 2


def test_guessing_is_slowed_down_as_on_the_page() -> None:
    _, email = accounts.make_user()

    for _ in range(14):  # each wait is twice the one before, so even a slow machine meets one
        answer = post("/v1/auth/token", {"email": email, "password": "wrong"})
        if answer.status_code == 429:
            break

    assert code_of(answer) == (429, "too_many_attempts")
    assert int(answer["Retry-After"]) > 0


def test_a_second_factor_is_asked_for_and_checked(world: World) -> None:
    user, email = accounts.make_member(world)
    device = pages.authenticator(user)
    given = {"email": email, "password": PASSWORD, "mode": "test"}

    assert code_of(post("/v1/auth/token", given)) == (401, "second_factor_required")
    assert code_of(post("/v1/auth/token", {**given, "code": "000000"})) == (401, "second_factor_failed")
    code = device.code(clock.now())
    assert post("/v1/auth/token", {**given, "code": code}).status_code == 200
    assert code_of(post("/v1/auth/token", {**given, "code": code})) == (401, "second_factor_failed")


def test_a_workspace_of_others_is_not_found(world: World) -> None:
    other = accounts.make_workspace(funds=0)
    given = {"email": world.email, "password": PASSWORD, "workspace": ids.encode(ids.WORKSPACE, other.id)}

    assert code_of(post("/v1/auth/token", given)) == (404, "not_found")
    assert code_of(post("/v1/auth/token", {**given, "workspace": "wsp_x"})) == (422, "invalid_id")


# Access tokens


def test_the_gate_leaves_tokens_to_the_views(world: World) -> None:
    passed_on: list[str] = []

    async def fallback(scope_: Any, *_: object) -> None:
        passed_on.append(scope_["path"])

    async def never(*_: object) -> Any:
        raise AssertionError("the body is the views' to read")

    headers = [(b"authorization", f"Bearer {sign_in_once(world)}".encode())]
    request = {"type": "http", "method": "POST", "path": "/v1/messages", "headers": headers}
    asyncio.run(Gate(fallback)(request, never, never))

    assert passed_on == ["/v1/messages"]


def test_an_access_token_is_refused_after_fifteen_minutes(world: World) -> None:
    at = clock.now().replace(microsecond=0)
    pair = tokens.issue(user_id=world.owner.id, workspace_id=world.id, livemode=False, at=at)

    assert tokens.verified(pair.access, at=at + dt.timedelta(minutes=14, seconds=59))["sid"]
    with pytest.raises(Problem) as refused:
        tokens.verified(pair.access, at=at + dt.timedelta(minutes=15, seconds=1))
    assert refused.value.code == "expired_token"
    old = tokens.issue(
        user_id=world.owner.id, workspace_id=world.id, livemode=False, at=at - dt.timedelta(minutes=15, seconds=1)
    )
    assert code_of(asked(old.access)) == (401, "expired_token")


def _unsigned(claims: dict[str, Any], kid: str) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': kid})}.{part(claims)}."


def test_other_algorithms_and_other_keys_are_refused(world: World) -> None:
    token = sign_in(world.email)["access_token"]
    claims, kid = forged(token), jwt.get_unverified_header(token)["kid"]
    row = SigningKey.objects.get(pk=kid)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert asked(token).status_code == 200

    hs256 = _with_hmac(claims, kid, _published(row))
    assert code_of(asked(_unsigned(claims, kid))) == (401, "invalid_token")
    assert code_of(asked(hs256)) == (401, "invalid_token")
    for header in (kid, str(uuid4()), "../../etc/passwd", ""):
        made = jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": header})
        assert code_of(asked(made)) == (401, "invalid_token")
    good = serialization.load_pem_private_key(str(row.private_pem).encode(), password=None)
    for algorithm in ("RS384", "PS256"):
        made = jwt.encode(claims, good, algorithm=algorithm, headers={"kid": kid})  # type: ignore[arg-type]  # an RSA key
        assert code_of(asked(made)) == (401, "invalid_token")


def _published(row: SigningKey) -> bytes:
    key = serialization.load_pem_private_key(str(row.private_pem).encode(), password=None)
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _with_hmac(claims: dict[str, Any], kid: str, secret: bytes) -> str:
    """The classic confusion: HS256 with the published key as its secret, which PyJWT itself would not sign."""
    import hmac

    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    head = part(json.dumps({"alg": "HS256", "kid": kid}).encode()) + b"." + part(json.dumps(claims).encode())
    return (head + b"." + part(hmac.digest(secret, head, hashlib.sha256))).decode()


@pytest.mark.parametrize(
    "changes",
    [{"aud": "https://elsewhere.example"}, {"iss": "https://elsewhere.example"}, {"sid": "x"}, {"wsp": "x"},
     {"sub": 5}, {"exp": "never"}, {"sid": None}, {"aud": []}],
)  # fmt: skip
def test_claims_that_are_not_ours_are_refused(world: World, changes: dict[str, Any]) -> None:
    claims = forged(sign_in_once(world), **changes)
    row = SigningKey.objects.filter(retired_at=None).latest("id")

    made = jwt.encode(
        {k: v for k, v in claims.items() if v is not None}, str(row.private_pem), algorithm="RS256",
        headers={"kid": str(row.id)},
    )  # fmt: skip

    assert asked(made).status_code == 401


def sign_in_once(world: World) -> str:
    pair = tokens.issue(user_id=world.owner.id, workspace_id=world.id, livemode=False, at=clock.now())
    return pair.access


def test_a_token_of_one_workspace_opens_no_other(world: World) -> None:
    other = accounts.make_workspace(funds=0)
    token = sign_in_once(world)  # which makes the first key where there is none
    row = SigningKey.objects.filter(retired_at=None).latest("id")
    claims = forged(token, wsp=ids.encode(ids.WORKSPACE, other.id))

    made = jwt.encode(claims, str(row.private_pem), algorithm="RS256", headers={"kid": str(row.id)})

    assert code_of(asked(made)) == (401, "revoked_token")


def test_a_person_who_left_loses_their_tokens_at_once(world: World) -> None:
    user, email = accounts.make_member(world)
    token = sign_in(email)["access_token"]
    assert asked(token).status_code == 200

    with scope.workspace(world.id):
        Membership.objects.filter(user=user).delete()
    assert code_of(asked(token)) == (401, "revoked_token")


# Refresh tokens


def test_a_refresh_token_gives_a_new_pair_once(world: World) -> None:
    first = sign_in(world.email)

    second = post("/v1/auth/refresh", {"refresh_token": first["refresh_token"]})

    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert asked(second.json()["access_token"]).status_code == 200
    assert asked(first["access_token"]).status_code == 200  # until its own end


def test_using_a_refresh_token_twice_ends_its_whole_family(world: World) -> None:
    first = sign_in(world.email)
    bystander = sign_in(world.email)
    second = post("/v1/auth/refresh", {"refresh_token": first["refresh_token"]}).json()

    reused = post("/v1/auth/refresh", {"refresh_token": first["refresh_token"]})

    assert code_of(reused) == (401, "refresh_token_reused")
    assert code_of(post("/v1/auth/refresh", {"refresh_token": second["refresh_token"]}))[0] == 401
    for token in (first["access_token"], second["access_token"]):
        assert code_of(asked(token)) == (401, "revoked_token")
    assert asked(bystander["access_token"]).status_code == 200


def test_signing_out_ends_both_tokens_at_once(world: World) -> None:
    made = sign_in(world.email)

    assert post("/v1/auth/logout", {"refresh_token": made["refresh_token"]}).status_code == 204

    assert code_of(asked(made["access_token"])) == (401, "revoked_token")
    assert code_of(post("/v1/auth/refresh", {"refresh_token": made["refresh_token"]})) == (401, "invalid_refresh_token")


def test_a_refresh_token_is_good_for_thirty_days(world: World) -> None:
    at = clock.now()
    pair = tokens.issue(user_id=world.owner.id, workspace_id=world.id, livemode=False, at=at)

    with pytest.raises(Problem) as refused:
        tokens.refresh(pair.refresh, at=at + dt.timedelta(days=30))
    assert refused.value.code == "invalid_refresh_token"
    assert tokens.refresh(pair.refresh, at=at + dt.timedelta(days=29, hours=23)).access


@pytest.mark.parametrize("text", ["", "x", "rt_" + "x" * 43, "rt_ü", "sk_test_x"])
def test_what_is_no_refresh_token_is_refused(text: str) -> None:
    assert post("/v1/auth/refresh", {"refresh_token": text}).status_code in (401, 422)
    assert post("/v1/auth/logout", {"refresh_token": text}).status_code in (401, 422)


def test_a_refresh_token_is_no_access_token_and_neither_is_kept(world: World) -> None:
    made = sign_in(world.email)

    assert code_of(asked(made["refresh_token"])) == (401, "invalid_key")
    with scope.workspace(world.id):
        row = RefreshToken.objects.latest("id")
    assert bytes(row.digest) == hashlib.sha256(made["refresh_token"].encode()).digest()


def test_tokens_that_ran_out_are_purged(world: World) -> None:
    at = clock.now() - dt.timedelta(days=31)
    tokens.issue(user_id=world.owner.id, workspace_id=world.id, livemode=True, at=at)

    assert upkeep.purge_tokens(at=clock.now()) >= 1

    with scope.workspace(world.id):
        assert not RefreshToken.objects.filter(expires_at__lte=clock.now()).exists()


# Keys


def test_published_keys_verify_our_tokens_and_hold_nothing_private(world: World) -> None:
    token = sign_in_once(world)

    response = Client().get("/.well-known/jwks.json")

    keys = response.json()["keys"]
    assert all(set(key) == {"kty", "n", "e", "kid", "use", "alg"} for key in keys)
    found = jwt.PyJWKSet(keys)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, found, algorithms=["RS256"], audience=f"{settings.BASE_URL}/v1")
    assert claims["iss"] == settings.BASE_URL


def test_after_a_rotation_tokens_of_the_former_key_are_good_until_they_end(world: World) -> None:
    before = sign_in_once(world)

    call_command("tokens_rotate_key")

    after = sign_in_once(world)
    former, newest = (jwt.get_unverified_header(each)["kid"] for each in (before, after))
    assert former != newest
    assert asked(before).status_code == asked(after).status_code == 200
    at = clock.now()
    assert {former, newest} <= {key["kid"] for key in signing_keys.published(at=at)}
    later = at + signing_keys.PUBLISHED_AFTER
    assert former not in {key["kid"] for key in signing_keys.published(at=later)}
    assert signing_keys.public(former, at=later) is None
    upkeep.purge_signing_keys(at=at + dt.timedelta(days=2))
    assert not SigningKey.objects.filter(pk=former).exists()


def test_the_private_half_is_sealed(world: World) -> None:
    sign_in_once(world)

    sealed = SigningKey.objects.values_list("private_pem", flat=True).latest("id")

    assert b"PRIVATE" not in bytes(sealed)


def test_somebody_who_may_not_sign_in_gets_no_token(world: World) -> None:
    user, email = accounts.make_member(world)
    token = sign_in(email)["access_token"]
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert code_of(post("/v1/auth/token", {"email": email, "password": PASSWORD})) == (401, "sign_in_failed")
    assert code_of(asked(token)) == (401, "revoked_token")


def test_a_person_sees_and_ends_the_apps_they_are_signed_in_to(world: World) -> None:
    user, _ = accounts.make_member(world, Role.DEVELOPER)
    stranger, _ = accounts.make_member(world, Role.DEVELOPER)
    first, second = sign_in(user.email), sign_in(user.email)
    browser = pages.client(user)
    shown = tokens.signed_in(user_id=user.pk, at=clock.now())

    assert len(shown) == 2
    assert tokens.signed_in(user_id=stranger.pk, at=clock.now()) == []
    assert browser.get("/account/security").content.decode().count('name="app"') == 2
    assert pages.client(stranger).post("/account/security/apps/end", {"app": shown[0].family}).status_code == 404
    assert browser.post("/account/security/apps/end", {"app": "x"}).status_code == 404
    assert browser.post("/account/security/apps/end", {"app": shown[0].family}).status_code == 302
    assert [app.family for app in tokens.signed_in(user_id=user.pk, at=clock.now())] == [shown[1].family]
    assert asked(second["access_token"]).status_code == 401
    assert asked(first["access_token"]).status_code == 200
