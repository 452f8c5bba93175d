"""The breach desk: clocks, whom an incident concerns, telling them with proof, and drills that tell nobody."""

import datetime as dt
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail as outbox
from django.db import DatabaseError, ProgrammingError, connections, transaction
from django.test import Client, override_settings

from accounts import keys, notifications
from accounts.models import ApiKey, Notification, Session
from messaging import endpoints
from messaging.models import Delivery, WebhookEndpoint
from privacy import profiles
from privacy.breaches import clocks, notices, register, scoping, security_txt
from privacy.breaches.register import Facts
from privacy.breaches.scoping import Scope
from privacy.live import breaches as live
from privacy.models import AuditEvent, Incident, IncidentEntry, IncidentNotice
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import pages

HOUR = dt.timedelta(hours=1)
MESSAGES = "messaging.Message"
BY = uuid4()


@pytest.fixture(scope="module")
def shop() -> pages.Shop:
    made = pages.shop()
    pages.messages(made, count=3)
    pages.message(made, to="+4915199988877")
    return made


def open_one(*, hours_ago: float = 1, drill: bool = False) -> Incident:
    at = clock.now()
    facts = Facts(
        title="A copy was readable", description="A backup lay open.", aware_at=at - hours_ago * HOUR,
        confidentiality=True, drill=drill,
    )  # fmt: skip
    return register.open_incident(facts, by=BY, at=at)


def ready(of: pages.Shop, *, hours_ago: float = 1, drill: bool = False, risk: str = "risk") -> Incident:
    """An incident that is scoped to one workspace and assessed."""
    incident, at = open_one(hours_ago=hours_ago, drill=drill), clock.now()
    register.set_scope(incident, Scope(models=(MESSAGES,), workspaces=(of.workspace.id,)), by=BY, at=at)
    register.assess(incident, risk=risk, reasons="Numbers.", sealed_only=False, by=BY, at=at)
    incident.refresh_from_db(using="system")
    return incident


def tell(incident: Incident, *, audience: str = "controllers", late_reason: str = "") -> IncidentEntry:
    return register.tell(
        incident, audience=audience, title="Incident", text="First.\n\nSecond.", late_reason=late_reason, by=BY,
        at=clock.now(),
    )  # fmt: skip


def state_of(incident: Incident, audience: str) -> str:
    entries = incident.entries.using("system").all()
    return next(one.state for one in clocks.of(incident, entries, at=clock.now()) if one.audience == audience)


@pytest.mark.promise("transit-103", "team-42", "otp-45")
def test_clocks_run_from_awareness_as_the_policy_says() -> None:
    incident = open_one(hours_ago=30)

    assert clocks.due(incident, "authority") == incident.aware_at + 72 * HOUR
    assert clocks.due(incident, "controllers") == incident.aware_at + 24 * HOUR
    assert clocks.due(incident, "users") == incident.aware_at + profiles.duration("breach.users")
    assert [state_of(incident, one) for one in ("authority", "controllers", "users")] == [
        "running", "overdue", "running",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"aware_at": clock.now() + HOUR}, register.InTheFuture),
        ({"confidentiality": False}, register.NothingHarmed),
        ({"description": "Seen: +4915123456789"}, register.NamesSomebody),
        ({"title": "jo@example.org"}, register.NamesSomebody),
    ],
)
def test_an_incident_needs_sound_facts(changed: dict[str, object], refusal: type[ValueError]) -> None:
    facts = {"title": "T", "description": "D", "aware_at": clock.now() - HOUR, "confidentiality": True} | changed

    with pytest.raises(refusal):
        register.open_incident(Facts(**facts), by=BY, at=clock.now())  # type: ignore[arg-type]  # built from a table


def test_whom_it_concerns_is_counted_from_the_rows(shop: pages.Shop) -> None:
    other = pages.shop()
    pages.message(other)
    scope_of_both = Scope(models=(MESSAGES, "accounts.Membership"), workspaces=(shop.workspace.id, other.workspace.id))

    answer = scoping.compute(scope_of_both, at=clock.now())

    assert answer.rows == {MESSAGES: 5, "accounts.Membership": 4}
    assert answer.workspaces[shop.workspace.id].subjects["recipient"] == 2
    assert answer.workspaces[other.workspace.id].subjects["recipient"] == 1
    assert answer.subjects["recipient"] == 3


def test_only_rows_of_the_time_in_question_count(shop: pages.Shop) -> None:
    at = clock.now()
    before = Scope(models=(MESSAGES,), workspaces=(shop.workspace.id,), until=at - 24 * HOUR)
    during = Scope(models=(MESSAGES,), workspaces=(shop.workspace.id,), since=at - HOUR, until=at + HOUR)

    assert scoping.compute(before, at=at).workspaces == {}
    assert scoping.compute(during, at=at).rows[MESSAGES] == 4


def test_an_actor_limits_it_to_the_workspaces_they_touched(shop: pages.Shop) -> None:
    other, at = pages.shop(), clock.now()
    pages.message(other)
    question = Scope(models=(MESSAGES,), workspaces=(shop.workspace.id, other.workspace.id), actor=other.owner.pk)

    assert set(scoping.compute(question, at=at).workspaces) <= {other.workspace.id}
    assert scoping.compute(Scope(models=(MESSAGES,), actor=uuid4()), at=at).workspaces == {}


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        (Scope(models=()), scoping.EmptyScope),
        (Scope(models=("messaging.Nothing",)), scoping.UnknownModel),
        (Scope(models=("accounts.User",)), scoping.UnknownModel),
        (Scope(models=("pg_authid",)), scoping.UnknownModel),
        (
            Scope(models=(MESSAGES,), since=clock.now(), until=clock.now() - HOUR),
            scoping.BackwardsWindow,
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(question: Scope, refusal: type[ValueError]) -> None:
    with pytest.raises(refusal):
        scoping.compute(question, at=clock.now())


def test_the_database_counts_only_tables_of_workspaces_and_only_for_the_system() -> None:
    call = "SELECT * FROM privacy.affected(%s::text[], %s::text[], %s, %s, NULL)"
    bounds = [UUID(int=0), UUID(int=2**128 - 1)]

    for table in ("accounts_user", "privacy_incident", "pg_authid"):
        with (
            pytest.raises(DatabaseError, match="not a table"),
            transaction.atomic("system"),
            connections["system"].cursor() as cursor,
        ):
            cursor.execute(call, [[table], [""], *bounds])
    with pytest.raises(ProgrammingError), transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(call, [["messaging_message"], [""], *bounds])


def test_the_web_role_cannot_read_the_register() -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        Incident.objects.exists()


def test_nobody_is_told_before_scope_and_risk_are_known(shop: pages.Shop) -> None:
    incident = open_one()

    with pytest.raises(register.NotScoped):
        tell(incident)
    register.set_scope(incident, Scope(models=(MESSAGES,), workspaces=(shop.workspace.id,)), by=BY, at=clock.now())
    incident.refresh_from_db(using="system")
    with pytest.raises(register.NotAssessed):
        tell(incident)


@pytest.mark.promise("transit-102", "transit-104", "otp-45")
def test_workspaces_are_told_on_their_pages_by_mail_and_by_webhook_with_proof() -> None:
    shop = pages.shop()
    pages.message(shop)
    hook = listening(shop)
    incident = ready(shop)

    entry = tell(incident)
    notices.publish(at=clock.now())
    notices.publish(at=clock.now())

    (notice,) = notices.proofs([entry])
    entry.refresh_from_db(using="system")
    assert (notice.workspace_id, notice.title, entry.sent_at is not None) == (shop.workspace.id, "Incident", True)
    assert state_of(incident, "controllers") == "met"
    with scope.workspace(shop.workspace.id):
        deliveries = list(Delivery.objects.filter(event_id=notice.pk).values_list("endpoint_id", "type"))
        owed = list(Notification.objects.filter(kind="security_incident").values_list("user_id", flat=True))
    assert deliveries == [(hook, "security.incident")]
    assert (owed, notice.mails) == ([shop.owner.pk], 1)
    shown = pages.client(shop.owner).get("/messages").content.decode()
    assert "Read what happened" in shown


def test_the_mail_tells_the_whole_text_to_everybody_with_an_account() -> None:
    shop = pages.shop()
    pages.message(shop)
    incident = ready(shop)
    tell(incident, audience="users")
    notices.publish(at=clock.now())

    notifications.send(at=clock.now())

    sent = [letter for letter in outbox.outbox if letter.to == [shop.email]]
    assert "First." in sent[-1].body
    assert "Second." in sent[-1].body
    with scope.workspace(shop.workspace.id):
        assert Notification.objects.filter(kind="security_incident").count() == 2


def test_reading_a_notice_is_said_once_and_takes_the_banner_away() -> None:
    shop, other = pages.shop(), pages.shop()
    pages.message(shop)
    entry = tell(ready(shop))
    notices.publish(at=clock.now())
    (notice,) = notices.proofs([entry])
    browser, public_id = pages.client(shop.owner), ids.encode(ids.NOTICE, notice.pk)

    pages.client(other.owner).post("/security-notices", {"notice": public_id})
    assert notices.proofs([entry])[0].seen_at is None
    for _ in range(2):
        assert browser.post("/security-notices", {"notice": public_id}).status_code == 302
    assert browser.post("/security-notices", {"notice": "ntc_nonsense"}).status_code == 302

    assert notices.proofs([entry])[0].seen_by == shop.owner.pk
    assert "Read what happened" not in browser.get("/messages").content.decode()
    assert "Second." in browser.get("/security-notices").content.decode()
    assert "Second." not in pages.client(other.owner).get("/security-notices").content.decode()
    with scope.workspace(shop.workspace.id):
        assert AuditEvent.objects.filter(action="user:incident:seen").count() == 1
        assert AuditEvent.objects.filter(action="system:incident:notified").count() == 1


def test_programs_read_the_notices_of_their_own_workspace() -> None:
    shop, other = pages.shop(), pages.shop()
    pages.message(shop)
    tell(ready(shop))
    notices.publish(at=clock.now())

    (told,) = listed(shop)
    assert (told["object"], told["title"], told["seen_at"]) == ("security_notice", "Incident", None)
    assert told["incident"].startswith("inc_")
    assert listed(other) == []


@pytest.mark.promise("otp-44", "otp-46")
def test_a_drill_goes_the_whole_way_and_reaches_nobody() -> None:
    shop = pages.shop()
    pages.message(shop)
    listening(shop)
    incident = ready(shop, drill=True)
    staff, _ = pages.person(staff_role="admin")
    browser = pages.verified(staff)

    tell(incident)
    notices.publish(at=clock.now())
    browser.post(f"/staff/breaches/{incident}/revoke", {"what": "keys"})

    assert state_of(incident, "controllers") == "met"
    assert not IncidentNotice.objects.using("system").filter(incident_id=incident.pk).exists()
    with scope.workspace(shop.workspace.id):
        assert not Delivery.objects.filter(type="security.incident").exists()
        assert not Notification.objects.filter(kind="security_incident").exists()


@pytest.mark.promise("otp-44")
def test_accesses_are_taken_away_at_once_and_it_is_kept() -> None:
    shop = pages.shop()
    pages.message(shop)
    with scope.workspace(shop.workspace.id):
        keys.create(workspace=shop.workspace, name="k", livemode=False, by=None, at=clock.now())
    member = pages.client(shop.owner)
    incident = ready(shop)
    staff, _ = pages.person(staff_role="admin")
    browser = pages.verified(staff)

    for what in ("keys", "sessions"):
        assert browser.post(f"/staff/breaches/{incident}/revoke", {"what": what}).status_code == 302

    with scope.workspace(shop.workspace.id):
        assert not ApiKey.objects.filter(revoked_at=None).exists()
    assert not Session.objects.filter(user=shop.owner).exists()
    assert member.get("/messages").status_code == 302
    kept = incident.entries.using("system").filter(kind="revoked").values_list("facts", flat=True)
    assert [fact["what"] for fact in kept] == ["keys", "sessions"]
    assert browser.post(f"/staff/breaches/{incident}/revoke", {"what": "everything"}).status_code == 404


def test_late_needs_a_reason(shop: pages.Shop) -> None:
    incident = ready(shop, hours_ago=25)

    with pytest.raises(register.LateNeedsReason):
        tell(incident)
    tell(incident, late_reason="Found out who was concerned only today.")

    assert state_of(incident, "controllers") == "late"


def test_reports_to_the_authority_are_numbered_phases(shop: pages.Shop) -> None:
    incident = ready(shop)
    for phase in ("First facts.", "All facts."):
        register.report(
            incident, title="Report", text=phase, reference="LfD-1", late_reason="", by=BY, at=clock.now()
        )  # fmt: skip

    sent = incident.entries.using("system").filter(kind="reported").order_by("id")
    assert [(one.number, one.text) for one in sent] == [(1, "First facts."), (2, "All facts.")]


@pytest.mark.promise("transit-104")
def test_at_a_high_risk_nobody_decides_not_to_tell(shop: pages.Shop) -> None:
    incident = ready(shop, risk="high")
    decide = partial(register.waive, incident, audience="users", late_reason="", by=BY, at=clock.now())

    with pytest.raises(register.HighRisk):
        decide(reasons="Too much work.")
    register.assess(incident, risk="low", reasons="Encrypted.", sealed_only=True, by=BY, at=clock.now())
    incident.refresh_from_db(using="system")
    with pytest.raises(register.NeedsReason):
        decide(reasons="  ")
    decide(reasons="Encrypted, keys elsewhere.")

    assert state_of(incident, "users") == "waived"


def test_an_incident_closes_when_no_clock_runs_and_then_stays_as_it_is(shop: pages.Shop) -> None:
    incident = ready(shop, risk="low")
    with pytest.raises(register.ClocksOpen):
        register.close(incident, by=BY, at=clock.now())
    for audience in ("authority", "controllers", "users"):
        register.waive(incident, audience=audience, reasons="No risk.", late_reason="", by=BY, at=clock.now())

    register.close(incident, by=BY, at=clock.now())

    with pytest.raises(register.AlreadyClosed):
        register.add_measure(incident, text="More.", by=BY, at=clock.now())


def test_the_live_check_names_an_overdue_clock_and_not_one_of_a_drill() -> None:
    before = live._clocks(clock.now()).evidence["overdue"]
    open_one(hours_ago=30, drill=True)
    assert live._clocks(clock.now()).evidence["overdue"] == before

    open_one(hours_ago=30)

    told = live._clocks(clock.now())
    assert (told.holds, told.evidence["overdue"], "controllers" in told.why) == (False, int(before) + 1, True)


def test_security_txt_says_where_to_report_and_the_check_sees_when_it_expired() -> None:
    shown = Client().get("/.well-known/security.txt")

    assert shown.headers["Content-Type"].startswith("text/plain")
    lines = dict(line.split(": ", 1) for line in shown.content.decode().splitlines())
    assert lines["Contact"].startswith("mailto:security@")
    assert dt.datetime.fromisoformat(lines["Expires"]) == security_txt.expires()
    assert live._contact(clock.now()).holds
    with override_settings(SECURITY_TXT_EXPIRES="2026-01-01T00:00:00+00:00"):
        assert not live._contact(clock.now()).holds


def listed(of: pages.Shop) -> list[dict[str, Any]]:
    """What ``/v1/security_notices`` answers a key of the workspace."""
    with scope.workspace(of.workspace.id):
        _key, secret = keys.create(
            workspace=of.workspace, name="k", livemode=False, scopes=["privacy:read"], by=None, at=clock.now()
        )
    answer = Client().get("/v1/security_notices", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


def listening(of: pages.Shop) -> UUID:
    """An endpoint that asked for incidents."""
    with scope.workspace(of.workspace.id):
        made = endpoints.create(
            workspace=of.workspace.id, livemode=True, by=None, at=clock.now(),
            values={"url": "https://example.org/hook", "types": ["security.incident"]},
        )  # fmt: skip
        assert WebhookEndpoint.objects.filter(pk=made.pk, enabled=True).exists()
        key: UUID = made.pk
        return key
