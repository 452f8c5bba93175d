"""Carriers, routes and workspaces for the flows, as an operator's commands would make them.

``python -m tests.flows.seeding`` reads a list of orders from standard input and prints what was made: the databases
of the processes under test are not those of the test's own process.
"""

import datetime as dt
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

PASSWORD = "correct horse battery"


SHORT_CODE = "46400"  # a sender that phones can answer


def workspace(
    *, keys: Mapping[str, Mapping[str, Any]] | None = None, credit: int = 100_000_000, email: str = "", name: str = ""
) -> dict[str, Any]:
    """A workspace with an approved sender "ACME", one rejected "REFUSED", test money, and test keys by name."""
    from accounts import provisioning
    from billing import ledger, rates
    from messaging.provisioning import decide_sender, register_sender
    from smsplatform.lib import clock, ids
    from smsplatform.lib.tenancy import scope

    at = clock.now()
    owner = provisioning.create_user(email=email or f"{uuid4().hex}@example.org", password=PASSWORD, name="Jo", at=at)
    made = provisioning.create_workspace(
        name=name or f"Acme {uuid4().hex[:6]}", owner=owner, price_plan_id=rates.install_default(at=at), at=at
    )
    with scope.workspace(made.id):
        register_sender(workspace=made.id, address="ACME", approved=True, default=True, by=owner.id, at=at)
        register_sender(workspace=made.id, address=SHORT_CODE, approved=True, by=owner.id, at=at)
        refused = register_sender(workspace=made.id, address="REFUSED", by=owner.id, at=at)
        decide_sender(sender=refused, approved=False, reason="somebody else's name", by=None, at=at)
        secrets = {word: _key(made, options, owner.id, at) for word, options in (keys or {"main": {}}).items()}
    wallet = ledger.open_wallet(workspace=made.id, currency=made.currency, livemode=False)
    if credit:
        ledger.top_up(id=ids.uuid7(), wallet=wallet, amount=credit, source=ledger.Source.TEST_FUNDS, at=at)
    return {"id": str(made.id), "wallet": str(wallet), "owner": str(owner.id), "keys": secrets}


def _key(workspace: Any, options: Mapping[str, Any], by: Any, at: dt.datetime) -> str:
    """``options``: scopes, ip_ranges, and the columns rate_max, day_max; revoked and expired as true."""
    from accounts import keys
    from accounts.models import ApiKey

    given = {name: options[name] for name in ("scopes", "ip_ranges") if name in options}
    key, secret = keys.create(workspace=workspace, name="flows", livemode=False, by=by, at=at, **given)
    columns = {name: options[name] for name in ("rate_max", "day_max") if name in options}
    if options.get("expired"):
        columns["expires_at"] = at - dt.timedelta(seconds=1)
    if options.get("revoked"):
        columns["revoked_at"] = at - dt.timedelta(seconds=1)
    if columns:
        ApiKey.objects.filter(pk=key.pk).update(**columns)
    return secret


def carrier(*, name: str, port: int, **fields: Any) -> dict[str, Any]:
    """A carrier account on this port."""
    from messaging.provisioning import put_carrier

    made = put_carrier(
        name=name, host="127.0.0.1", port=port, system_id="flows", password="flows", sandbox=True, **fields
    )
    return {"id": str(made.id)}


def route(*, prefix: str, carriers: list[str]) -> dict[str, Any]:
    """Numbers in test mode with this prefix go to these carriers, by name."""
    from messaging.models import Carrier
    from messaging.provisioning import put_routes

    named = {made.name: made for made in Carrier.objects.using("owner").filter(name__in=carriers)}
    put_routes(prefix=prefix, livemode=False, carriers=[named[name] for name in carriers])
    return {}


ORDERS: dict[str, Callable[..., dict[str, Any]]] = {"workspace": workspace, "carrier": carrier, "route": route}


def main() -> None:
    import django

    django.setup()
    made = [ORDERS[order.pop("make")](**order) for order in json.load(sys.stdin)]
    sys.stdout.write(json.dumps(made))


if __name__ == "__main__":
    main()
