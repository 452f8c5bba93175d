"""Each policy kept from end to end: load its profile, send, let the time pass, purge, and look at every promise.

The traffic is made with the clock set back, so that the looks are taken at the true present: the database and this
process agree on the time, as they do in production.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.test import override_settings

from billing import rates
from billing.models import PricePlan
from messaging import bounds, presenting
from messaging.models import Message
from privacy import profiles, retention, vault
from privacy.promises import Promise, Status, check, evaluating, promises, tested
from smsplatform import status
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import installation, messaging
from tests.factories.accounts import World, make_workspace
from tests.factories.superuser import superuser
from tests.privacy.documents.conftest import no_versions

__all__ = ["no_versions"]
DAY = dt.timedelta(days=1)
GAPS = Path(__file__).with_name("gaps.txt")
TEXT = "kept as long as the policy says"


@pytest.fixture(scope="module", autouse=True)
def _past() -> Iterator[None]:
    """Tables and prices of the time the traffic is from."""
    oldest = clock.now() - 2 * 366 * DAY
    with superuser() as connection:
        connection.execute("SELECT ledger.ensure_partitions(%s, 26)", [oldest.date()])
    plan = PricePlan.objects.using("owner").filter(pk=rates.DEFAULT_PLAN).first()
    with time_machine.travel(oldest):
        if plan is None:
            rates.install_default(at=oldest)
        else:
            items = rates.sample_items()
            rates.publish(plan=plan, items=items, effective_at=oldest, by=None, at=oldest, using="owner")
    yield
    bounds.install()
    retention.extend(at=clock.now())


def traffic(at: dt.datetime) -> tuple[World, list[Message]]:
    """A workspace and its messages of that time: delivered, failed, and one request in the log."""
    with superuser() as connection:
        connection.execute("SELECT pipeline.ensure_partitions(%s)", [at])
    with time_machine.travel(at):
        world = make_workspace()
        drafts = messaging.accept(world, count=3, live=True, at=clock.now(), body=TEXT)
        messaging.finish(world, drafts[:2], at=clock.now())
        messaging.finish(world, drafts[2:3], "undelivered", at=clock.now())
    with scope.workspace(world.id):
        return world, list(Message.objects.with_state().filter(id__in=[draft.id for draft in drafts]))


def readable(world: World, messages: list[Message], *, at: dt.datetime) -> set[str | None]:
    """The texts that the workspace is shown."""
    with scope.workspace(world.id):
        return {presenting.of_row(message, at=at)["body"] for message in messages}


def _begin_anew() -> None:
    """An installation that has sent nothing: whoever tightens a policy keeps what was sent before until it ends."""
    with superuser() as connection:
        for table in (
            "messaging_body",
            "messaging_outbox",
            "messaging_attempt",
            "messaging_event",
            "messaging_message",
        ):
            connection.execute(f"DELETE FROM {table}".encode())


def looks() -> list[evaluating.Standing]:
    """Every promise of the profile in force, after the platform purged and measured itself."""
    status.probe()
    retention.extend(at=clock.now())
    while retention.beat():
        pass
    at = clock.now()
    evaluating.run_all(at=at)
    return evaluating.standings(at=at)


@pytest.mark.promise("fleet-03", "transit-22", "fleet-32", "team-12", "fleet-09")
@pytest.mark.parametrize("profile", profiles.PROFILES)
@pytest.mark.usefixtures("no_versions")
def test_a_policy_is_kept_from_sending_to_the_end_of_its_retention(profile: str, tmp_path: Path) -> None:
    # Policy transit wants its first keys in hardware: tests/privacy/test_vault.py has such a vault, this run says so.
    vault.current()  # opened once per process: by the settings that are true here
    kind = "pkcs11" if profiles.value("vault.hardware", profile=profile) else "file"
    with override_settings(POLICY_PROFILE=profile, VAULT=kind):
        bounds.install()
        _begin_anew()
        now = clock.now()
        young = traffic(now - dt.timedelta(minutes=5))
        grown = traffic(now - profiles.duration("retention.body_cap") - 2 * DAY)
        old_world, old = traffic(now - profiles.duration("retention.delivery_meta") - 2 * DAY)

        with installation.operated(tmp_path):
            found = looks()

        assert readable(*young, at=clock.now()) == {TEXT}
        assert readable(*grown, at=clock.now()) == {None}
        with scope.workspace(old_world.id):
            assert not Message.objects.filter(id__in=[message.id for message in old], final_at__isnull=False).exists()
        assert {each.promise.id: each.why for each in found if each.status == Status.FAILING} == {}
        gaps = {each.promise.id for each in found if each.status in (Status.GAP, Status.STALE)}
        assert gaps - known_gaps() == set(), "new gaps: say in tests/promises/gaps.txt that they are known"


def test_a_gap_that_was_closed_is_struck_off_the_list() -> None:
    listed = [promise for promise in promises() if promise.id in known_gaps()]

    assert [promise.id for promise in listed if not is_open(promise)] == []
    assert len(listed) == len(known_gaps())


def is_open(promise: Promise) -> bool:
    """Whether something that shows a promise is missing."""
    untested = promise.tested and not tested.entries().get(promise.id)
    undeclared = any(check(name) is None for name in promise.checks)
    return bool(promise.gap or untested or undeclared)


def known_gaps() -> set[str]:
    """The promises of which nothing in these tests can tell, one to a line."""
    return set(GAPS.read_text().split())
