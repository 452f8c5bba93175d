"""One stack for all flows that kill nothing, and a customer on it."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from smsplatform.lib import ids
from tests.flows.stack import Answer, Stack, until

FINAL = {"delivered", "undelivered", "failed", "rejected", "expired", "canceled"}
HOOK = "/hook/customer"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Two carriers that work and one that is down; numbers of Spain have no other than that, French ones have."""
    routes = {"": ["alpha"], "33": ["down", "beta"], "34": ["down"]}
    with Stack(carriers={"alpha": {}, "beta": {}}, down=["down"], routes=routes) as running:
        yield running


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """A workspace seen from outside: its API key, and what its phones and webhooks get."""

    stack: Stack
    workspace: UUID
    wallet: UUID
    key: str

    def post(self, path: str, document: Any, **headers: str) -> Answer:
        """POST as JSON; ``Idempotency_Key="…"`` becomes a header."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.stack.api("POST", path, document, key=self.key, headers=named)

    def get(self, path: str) -> Any:
        """The document at ``path``."""
        answer = self.stack.api("GET", path, key=self.key)
        assert answer.status == 200, answer.body
        return answer.json

    def send(self, body: str | None = None, *, to: str, **fields: Any) -> dict[str, Any]:
        """Send one message; the document of the 202."""
        text = {} if body is None else {"body": body}
        answer = self.post("/v1/messages", {"to": to, **text, **fields})
        assert answer.status == 202, answer.body
        made: dict[str, Any] = answer.json
        return made

    def message(self, message: str) -> dict[str, Any]:
        """The message as it is now."""
        found: dict[str, Any] = self.get(f"/v1/messages/{message}")
        return found

    def final(self, message: str, *, seconds: float = 20.0) -> dict[str, Any]:
        """The message once it has reached a final state."""
        return self.reached(message, *FINAL, seconds=seconds)

    def reached(self, message: str, *states: str, seconds: float = 20.0) -> dict[str, Any]:
        """The message once it has reached one of these states."""

        def look() -> dict[str, Any] | None:
            found = self.message(message)
            return found if found["status"] in states else None

        return until(f"{message} in {states}", look, seconds=seconds) or {}

    def told(self, message: str, kind: str, *, seconds: float = 20.0) -> list[dict[str, Any]]:
        """Everything the webhook got about a message, once an event of this type is there."""

        def look() -> list[dict[str, Any]] | None:
            found = self.stack.events(message)
            return found if any(event["type"] == kind for event in found) else None

        return until(f"{kind} of {message}", look, seconds=seconds) or []

    def moves(self, message: str) -> list[tuple[str, int]]:
        """What the ledger moved for a message: kinds and micro-units."""
        query = "SELECT kind, amount FROM ledger.transfer WHERE id = %s ORDER BY kind"
        return self.stack.rows(query, [ids.decode(ids.MESSAGE, message)])

    def texts(self, number: str) -> list[str]:
        """What the phone with this number shows, newest first."""
        return [text["text"] for text in self.stack.control("GET", f"/handsets/{number}")["messages"]]


@pytest.fixture(scope="session")
def customer(stack: Stack) -> Customer:
    """A customer with money, whose webhook endpoint wants every type of event."""
    made = make_customer(stack)
    types = [f"message.{word}" for word in ("queued", "submitted", "rerouted", "redacted", *sorted(FINAL))]
    stack.endpoint(made.key, HOOK, types=types)
    return made


def make_customer(stack: Stack, **options: Any) -> Customer:
    """Another one; ``options`` are those of ``seeding.workspace``."""
    made: Mapping[str, Any] = stack.workspace(**options)
    key = next(iter(made["keys"].values()))
    return Customer(stack=stack, workspace=UUID(made["id"]), wallet=UUID(made["wallet"]), key=key)


def number(prefix: str = "+49151", digits: int = 8) -> str:
    """A valid number that no other test uses."""
    return prefix + "".join(secrets.choice("123456789") for _ in range(digits))


def micro(price: Mapping[str, str]) -> int:
    """A price of the API in micro-units."""
    whole, _, fraction = price["amount"].partition(".")
    return int(whole) * 1_000_000 + int(fraction.ljust(6, "0"))
