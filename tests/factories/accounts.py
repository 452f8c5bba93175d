"""A workspace that can send: people, keys, money, a sender, and a carrier that takes everything."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts import keys, provisioning
from accounts.models import Membership, User, Workspace
from accounts.roles import Role, Scope
from billing import ledger, rates
from messaging import routing
from messaging.models import Carrier, Route, Sender
from messaging.provisioning import sender_index
from privacy import keyring
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope

PASSWORD = "correct horse battery"
SENDER = "ACME"
FUNDS = 100_000_000  # micro-units


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """A workspace and what a test needs of it. Keys are secrets, as a program would hold them."""

    workspace: Workspace
    owner: User
    email: str
    test_key: str
    live_key: str
    sender: Sender

    @property
    def id(self) -> UUID:
        """The workspace."""
        return self.workspace.id

    def api(self, *, live: bool = False, key: str | None = None) -> "Api":
        """A program with one of the keys."""
        return Api(key or (self.live_key if live else self.test_key))

    def key(self, *scopes: str, **options: Any) -> str:
        """The secret of a further test key with these scopes only."""
        with scope.workspace(self.id):
            _, secret = keys.create(
                workspace=self.workspace,
                name="further",
                livemode=False,
                scopes=scopes,
                by=None,
                at=clock.now(),
                **options,
            )
        return secret


class Api:
    """Calls the API as a program does: a key, JSON in and out."""

    def __init__(self, key: str) -> None:
        self._client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str, query: dict[str, str] | None = None, **headers: str) -> Any:
        """GET."""
        return self._client.get(path, query or {}, headers=self.headers | headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """POST JSON; bytes go as they are."""
        return self._send("POST", path, body, headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        """PATCH JSON."""
        return self._send("PATCH", path, body, headers)

    def delete(self, path: str) -> Any:
        """DELETE."""
        return self._client.delete(path, headers=self.headers)

    def ask(self, method: str, path: str) -> Any:
        """Any method, without a body."""
        return self._client.generic(method, path, headers=self.headers)

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.generic(method, path, data, content_type="application/json", headers=headers)


def make_user(*, staff_role: str = "") -> tuple[User, str]:
    """Somebody who can sign in with ``PASSWORD``, and their address."""
    at, email = clock.now(), f"{uuid4().hex}@example.org"
    user = User(
        id=ids.uuid7(), name="Jo Doe", staff_role=staff_role, created_at=at, email_confirmed_at=at, password=_hashed()
    ).put_email(email)
    user.save(force_insert=True)
    return user, email


@cache
def _hashed() -> str:
    """Once: a quarter of a second for each person was a fifth of the suite."""
    return make_password(PASSWORD)


def make_member(world: World, role: str = Role.VIEWER) -> tuple[User, str]:
    """Another person of the workspace."""
    user, email = make_user()
    with scope.workspace(world.id):
        Membership.objects.create(workspace=world.workspace, user=user, role=role)
    return user, email


def make_workspace(*, funds: int = FUNDS, scopes: tuple[str, ...] = tuple(Scope)) -> World:
    """A workspace with owner, a key of each mode, money in both wallets, and an approved default sender."""
    at = clock.now()
    owner, email = make_user()
    workspace = provisioning.create_workspace(
        name=f"Acme {uuid4().hex[:6]}", owner=owner, price_plan_id=rates.install_default(at=at), at=at
    )
    with scope.workspace(workspace.id):
        made = {
            live: keys.create(workspace=workspace, name="key", livemode=live, scopes=scopes, by=owner.id, at=at)[1]
            for live in (False, True)
        }
        sender = make_sender(workspace.id, SENDER, default=True)
    for live in (False, True):
        fund(workspace, funds, live=live)
        make_carrier(live=live)
    return World(
        workspace=workspace, owner=owner, email=email, test_key=made[False], live_key=made[True], sender=sender
    )


def make_sender(workspace: UUID, address: str, *, default: bool = False, state: str = Sender.State.APPROVED) -> Sender:
    """A sender, in the open scope."""
    index = keyring.key(workspace, keyring.Purpose.INDEX)
    return Sender.objects.create(
        workspace_id=workspace,
        address=address,
        address_idx=sender_index(index, address),
        kind=Sender.Kind.ALPHANUMERIC,
        state=state,
        is_default=default,
    )


def fund(workspace: Workspace, amount: int, *, live: bool = False) -> None:
    """Put money into one of the wallets."""
    wallet = ledger.open_wallet(workspace=workspace.id, currency=workspace.currency, livemode=live)
    source = ledger.Source.MANUAL if live else ledger.Source.TEST_FUNDS
    if amount:
        ledger.top_up(id=ids.uuid7(), wallet=wallet, amount=amount, source=source, at=clock.now())


def make_carrier(*, live: bool = False) -> UUID:
    """The carrier of this mode; made once for all tests of a database."""
    found = Route.objects.filter(livemode=live, prefix="").values_list("carrier_id", flat=True).first()
    if found:
        return found
    carrier = Carrier(
        name=f"any-{uuid4().hex[:8]}", host="127.0.0.1", port=1, system_id="t", password="t", sandbox=True
    )
    carrier.save(using="owner", force_insert=True)
    Route.objects.using("owner").create(prefix="", livemode=live, carrier_id=carrier.id)
    routing.refresh()
    return carrier.id
