"""Makes what a run needs in the database named by the environment and prints it as JSON.

``python -m bench.seed '{"workspaces": 1, "smpp_port": 2775, "sink_port": 8080}'``: workspaces with a sender, plenty of
test money, one API key of the highest rate and one webhook endpoint, and the carrier that all numbers lead to.
"""

import json
import os
import sys
from typing import Any
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsplatform.settings")
django.setup()

from accounts import keys, provisioning  # noqa: E402  # models can be imported only once Django is set up
from accounts.models import User  # noqa: E402
from billing import ledger, rates  # noqa: E402
from messaging import endpoints  # noqa: E402
from messaging.models import Route  # noqa: E402
from messaging.provisioning import put_carrier, register_sender  # noqa: E402
from smsplatform.lib import clock, ids  # noqa: E402
from smsplatform.lib.tenancy import scope  # noqa: E402

PLENTY = 10**15
RATE_MAX = 1_000_000


def main() -> None:
    """See the module."""
    wanted = json.loads(sys.argv[1])
    at = clock.now()
    plan = rates.install_default(at=at)
    carrier = put_carrier(
        name="bench", host="127.0.0.1", port=wanted["smpp_port"], system_id="bench", password="bench", sandbox=True,
        window=wanted.get("window", 1000),
    )  # fmt: skip
    Route.objects.using("owner").get_or_create(prefix="", livemode=False, position=0, carrier=carrier)
    owner = provisioning.create_user(email=f"{uuid4().hex}@example.org", password=uuid4().hex, at=at)
    print(json.dumps([workspace(owner, plan, wanted["sink_port"]) for _ in range(wanted["workspaces"])]))


def workspace(owner: User, plan: Any, sink_port: int) -> dict[str, str]:
    """One customer who may send as fast as the machine allows."""
    at = clock.now()
    made = provisioning.create_workspace(name="Bench", owner=owner, price_plan_id=plan, at=at)
    wallet = ledger.open_wallet(workspace=made.id, currency=made.currency, livemode=False)
    ledger.top_up(id=ids.uuid7(), wallet=wallet, amount=PLENTY, source=ledger.Source.TEST_FUNDS, at=at)
    with scope.workspace(made.id):
        register_sender(workspace=made.id, address="BENCH", approved=True, default=True, by=owner.id, at=at)
        key, secret = keys.create(workspace=made, name="bench", livemode=False, by=owner.id, at=at)
        type(key).objects.filter(pk=key.pk).update(rate_max=RATE_MAX)
        if sink_port:
            url = {"url": f"http://127.0.0.1:{sink_port}/hook"}
            endpoints.create(workspace=made.id, livemode=False, values=url, by=owner.id, at=at)
    return {"workspace": str(made.id), "wallet": str(wallet), "key": secret}


if __name__ == "__main__":
    main()
