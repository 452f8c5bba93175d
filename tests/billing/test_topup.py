import io
import uuid

import pytest
from django.core.management import CommandError, call_command

from accounts import provisioning
from billing import ledger, rates
from smsplatform.lib import clock, ids


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("topup", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def workspace() -> uuid.UUID:
    at = clock.now()
    owner = provisioning.create_user(email=f"{uuid.uuid4().hex}@example.org", password="correct horse battery", at=at)
    return provisioning.create_workspace(name="Acme", owner=owner, price_plan_id=rates.DEFAULT_PLAN, at=at).id


def test_money_received_by_hand_is_credited(workspace: uuid.UUID) -> None:
    run(ids.encode(ids.WORKSPACE, workspace), "12.50")
    answer = run(ids.encode(ids.WORKSPACE, workspace), "0.5", "--promo")
    run(ids.encode(ids.WORKSPACE, workspace), "3", "--test")

    assert "13.00" in answer
    assert ledger.balance(workspace=workspace, currency="EUR", livemode=True).posted == 13_000_000
    assert ledger.balance(workspace=workspace, currency="EUR", livemode=False).posted == 3_000_000


@pytest.mark.parametrize("amount", ["0", "1e3", "a lot", "0.0000001"])
def test_what_is_no_amount_is_refused(workspace: uuid.UUID, amount: str) -> None:
    with pytest.raises(CommandError):
        run(ids.encode(ids.WORKSPACE, workspace), amount)


def test_only_workspaces_that_exist_are_credited() -> None:
    with pytest.raises(CommandError, match="no such workspace"):
        run(ids.encode(ids.WORKSPACE, uuid.uuid4()), "1")
    with pytest.raises(CommandError):
        run("acme", "1")
