"""An example of everything an address can name: what the test of all routes puts into its placeholders.

A route with a new placeholder needs a line in ``EXAMPLES``: the name of the placeholder and a function that makes such
a thing in a workspace and gives its public id. ``shared`` marks what belongs to no workspace, so that strangers may
see it too.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django_otp_webauthn.models import WebAuthnCredential

from accounts import invitations, joining, keys, seconding
from accounts import tickets as support_tickets
from accounts.models import (
    Invitation,
    JoinRequest,
    Membership,
    PasskeyName,
    SupportEntry,
    SupportThread,
    User,
    Workspace,
)
from accounts.roles import Role
from messaging import calls, endpoints, exports
from messaging.api.suppressions import PREFIX
from messaging.exporting import Selection
from messaging.models import Call, Export, Suppression, Template, WebhookEndpoint
from privacy import archives, audit, ciphers, holds, keyring
from privacy.abuse import cases
from privacy.breaches import register
from privacy.disclosures import register as disclosures
from privacy.models import AbuseCase, Disclosure, DisclosureNotice, Incident, RequestTicket
from privacy.models.data_request import About, Kind
from privacy.people import Person
from privacy.requests import desk, tickets
from privacy.requests.proofs import Identity
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging, staff
from tests.factories.accounts import World, make_member, make_sender


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """Makes the thing anew for each request, because a request may use it up."""

    make: Callable[[World], str]
    shared: bool = False


def _message(world: World) -> str:
    return ids.encode(ids.MESSAGE, messaging.accept(world)[0].id)


def _template(world: World) -> str:
    with scope.workspace(world.id):
        made = Template.objects.create(workspace=world.workspace, name=f"t{ids.uuid7().hex[-8:]}", text="Hello")
    return ids.encode(ids.TEMPLATE, made.id)


def _suppression(world: World) -> str:
    index = keyring.key(world.id, keyring.Purpose.INDEX)
    number = ciphers.blind_index(index, "messaging.Message.to", ids.uuid7().hex)
    with scope.workspace(world.id):
        made = Suppression.objects.create(workspace=world.workspace, to_idx=number, reason=Suppression.Reason.OPT_OUT)
    return ids.encode(PREFIX, made.id)


def endpoint(world: World) -> WebhookEndpoint:
    """A webhook endpoint of test mode, the only one: a workspace may have few."""
    values = {"url": "https://example.org/hook"}
    with scope.workspace(world.id):
        WebhookEndpoint.objects.filter(workspace_id=world.id).delete()
        return endpoints.create(workspace=world.id, livemode=False, values=values, by=None, at=clock.now())


def _endpoint(world: World) -> str:
    return ids.encode(ids.WEBHOOK, endpoint(world).id)


def _delivery(world: World) -> str:
    of = endpoint(world)
    with scope.workspace(world.id):
        return ids.encode(ids.DELIVERY, endpoints.test(endpoint=of, by=None, at=clock.now()))


def _member(world: World) -> str:
    user, _ = make_member(world)
    with scope.workspace(world.id):
        return ids.encode("mbr", Membership.objects.get(workspace_id=world.id, user=user).pk)


def invitation(world: World, *, email: str = "") -> tuple[Invitation, str]:
    """An open invitation to an address that has no account, unless one is given, and its token."""
    with scope.workspace(world.id):
        Invitation.objects.filter(workspace_id=world.id).delete()
        return invitations.invite(
            workspace=world.id,
            email=email or f"{ids.uuid7().hex}@example.org",
            role=Role.VIEWER,
            by=world.owner.pk,
            by_role=Role.OWNER,
            at=clock.now(),
        )


def join_link(world: World) -> str:
    """The token of a fresh join link."""
    with scope.workspace(world.id):
        workspace = Workspace.objects.get(pk=world.id)
        joining.switch_on(workspace=workspace, by=world.owner.pk, at=clock.now())
        assert workspace.join_token
        return str(workspace.join_token)


def join_request(world: World, user: User | None = None) -> JoinRequest:
    """Somebody, or nobody, asks to be let in."""
    with scope.workspace(world.id):
        return JoinRequest.objects.create(workspace_id=world.id, user_id=user.pk if user else ids.uuid7())


def _export(world: World) -> str:
    with scope.workspace(world.id):
        Export.objects.filter(workspace_id=world.id).delete()
        made = exports.start(
            workspace=world.id, by=world.owner.id, kind="messages", chosen=Selection(livemode=False),
            file_format="csv", at=clock.now(),
        )  # fmt: skip
    return ids.encode(ids.EXPORT, made.id)


def _key(world: World) -> str:
    with scope.workspace(world.id):
        key, _ = keys.create(workspace=world.workspace, name="x", livemode=False, by=None, at=clock.now())
    return ids.encode(ids.KEY, key.id)


def _sender(world: World) -> str:
    with scope.workspace(world.id):
        return ids.encode(ids.SENDER, make_sender(world.id, f"S{ids.uuid7().hex[-9:]}").id)


def passkey(user: User) -> PasskeyName:
    """A passkey of somebody, whose private half nobody has."""
    made = WebAuthnCredential.objects.create(user=user, credential_id=ids.uuid7().bytes, public_key=b"none")
    return PasskeyName.objects.create(passkey=made, name="Laptop")


def _call(world: World) -> str:
    key = keys.find(keys.digest_of(f"Bearer {world.test_key}"))
    assert key is not None
    calls.note(key, "trace-example", "GET", "/v1/messages", 200, 0.01, b"{}")
    calls.recorder.flush()
    with scope.workspace(world.id):
        found = Call.objects.filter(workspace_id=world.id).order_by("-id").values_list("id", flat=True)[0]
    return ids.encode(calls.PREFIX, found)


def _activity(world: World) -> str:
    with scope.workspace(world.id):
        made = audit.record(
            action="user:workspace:changed", workspace=world.id, actor=world.owner.pk, at=clock.now(), details={}
        )
    return ids.encode("evt", made)


def _staff_proposal(world: World) -> str:
    user = staff.member()
    chosen = {"livemode": False, "wanted": {"since": "2026-01-01", "until": "2026-01-02"}, "format": "csv"}
    grant = staff.grant(world.id, user)
    made = seconding.ask(kind="export", grant=grant, by=user, at=clock.now(), chosen=chosen)
    return ids.encode(ids.PROPOSAL, made.pk)


def _staff_grant(world: World) -> str:
    return ids.encode(ids.GRANT, staff.grant(world.id, staff.member()).pk)


def ticket(world: World, *, kind: str = Kind.ERASURE) -> RequestTicket:
    """Somebody with a fresh number asks the workspace for something that it has to decide."""
    at, number = clock.now(), Identity(kind="phone", value=f"+49151{ids.uuid7().int % 10**8:08d}")
    request = desk.receive(kind=kind, about=About.RECIPIENT, identity=number, at=at)
    desk.await_proof(request, at=at)
    desk.prove(request, how="phone", at=at)
    tickets.forward(request, [world.id], at=at)
    with scope.workspace(world.id):
        return RequestTicket.objects.get(workspace_id=world.id, request_id=request.pk)


def incident() -> Incident:
    """An open drill."""
    facts = register.Facts(title="Drill", description="Practice.", aware_at=clock.now(), integrity=True, drill=True)
    return register.open_incident(facts, by=ids.uuid7(), at=clock.now())


def _hold(world: World) -> str:
    at = clock.now()
    values = {"basis": "investigation", "units": [holds.BODIES], "reason": "spam", "by": world.owner.pk}
    return str(holds.place(workspace=world.id, review_at=at + dt.timedelta(days=30), at=at, **values))  # type: ignore[arg-type]  # by name


def _support_thread(world: World) -> str:
    """A question of the owner, past the limits of a day."""
    at, number = clock.now(), support_tickets.number()
    made = SupportThread(workspace=world.workspace, user=world.owner, number=number, topic="other", subject="Help")
    made.opened_at = made.last_at = made.asked_at = at
    with scope.workspace(world.id):
        made.save(force_insert=True)
        SupportEntry.objects.create(workspace=world.workspace, user=world.owner, thread=made, text="Please.", at=at)
    return made.number


def _archive(person: Person) -> str:
    """A copy that was asked for."""
    made = ids.uuid7()
    archives.request(person, request_id=made, at=clock.now())
    return ids.encode(ids.ARCHIVE, made)


def abuse_case() -> AbuseCase:
    """A report that nobody has looked at."""
    return cases.report(cases.Report(kind="spam", sender="ACME", words="Buy!"), at=clock.now())


def disclosure(world: World) -> Disclosure:
    """A demand that nobody has assessed."""
    at = clock.now()
    demand = disclosures.Demand(
        workspace=world.id, ground="court", country="DE", authority="District court", law="StPO 100j",
        reference="7 Gs 1", received_at=at, records=("messaging.Message",), kinds=("delivery_meta",),
        since=at - dt.timedelta(days=1), until=at + dt.timedelta(days=1),
    )  # fmt: skip
    return disclosures.open_case(demand, by=ids.uuid7(), at=at)


def _disclosure_notice(world: World) -> str:
    at = clock.now()
    with scope.workspace(world.id):
        made = DisclosureNotice.objects.create(
            workspace_id=world.id, disclosure_id=ids.uuid7(), ground="court", authority="District court",
            law="StPO 100j", records=["messaging.Message"], kinds=["delivery_meta"], since=at, until=at, at=at,
        )  # fmt: skip
    return str(made)


EXAMPLES = {
    "disclosure_id": Example(make=lambda world: str(disclosure(world)), shared=True),
    "disclosure_notice_id": Example(make=_disclosure_notice),
    "abuse_case_id": Example(make=lambda _world: str(abuse_case()), shared=True),
    "archive_id": Example(make=lambda world: _archive(Person(subject="account_holder", user=world.owner.pk))),
    "workspace_archive_id": Example(make=lambda world: _archive(Person(subject="workspace", workspace=world.id))),
    "support_number": Example(make=_support_thread),
    "hold_id": Example(make=_hold, shared=True),
    "grant_id": Example(make=_staff_grant),
    "activity_id": Example(make=_activity),
    "proposal_id": Example(make=_staff_proposal),
    "user_id": Example(make=lambda world: ids.encode(ids.USER, make_member(world)[0].pk)),
    "document": Example(make=lambda _world: "policy", shared=True),
    "number": Example(make=lambda _world: "1", shared=True),  # of a version; without any it is not there
    "notice_id": Example(make=lambda _world: ids.encode("ntc", ids.uuid7()), shared=True),
    # Of nobody who asks: the page is the same 404 for all.
    "data_request_id": Example(make=lambda _world: ids.encode(ids.DATA_REQUEST, ids.uuid7()), shared=True),
    "staff_request_id": Example(make=lambda _world: ids.encode(ids.DATA_REQUEST, ids.uuid7()), shared=True),
    "ticket_id": Example(make=lambda world: ids.encode(ids.TICKET, ticket(world).pk)),
    "incident_id": Example(make=lambda _world: ids.encode(ids.INCIDENT, incident().pk), shared=True),
    "audience": Example(make=lambda _world: "users", shared=True),
    "passkey_id": Example(make=lambda world: ids.encode("pky", passkey(world.owner).pk)),
    "sender_id": Example(make=_sender),
    "call_id": Example(make=_call),
    "export_id": Example(make=_export),
    "key_id": Example(make=_key),
    "member_id": Example(make=_member),
    "invitation_id": Example(make=lambda world: ids.encode("inv", invitation(world)[0].pk)),
    "request_id": Example(make=lambda world: ids.encode("jnr", join_request(world).pk)),
    "invitation_token": Example(make=lambda world: invitation(world)[1], shared=True),
    "join_token": Example(make=join_link, shared=True),
    "message_id": Example(make=_message),
    "template_id": Example(make=_template),
    "suppression_id": Example(make=_suppression),
    "endpoint_id": Example(make=_endpoint),
    "delivery_id": Example(make=_delivery),
    "workspace_id": Example(make=lambda world: ids.encode(ids.WORKSPACE, world.id)),
    "promise": Example(make=lambda _world: "otp-46", shared=True),
    "file_format": Example(make=lambda _world: "csv", shared=True),
    "event_id": Example(make=lambda _world: "none", shared=True),  # pages of auditors, which customers do not have
    "subject": Example(make=lambda _world: "none", shared=True),  # of operators' pages, likewise
    "onoff": Example(make=lambda _world: "off", shared=True),
    "kind": Example(make=lambda _world: "queue", shared=True),
    "code": Example(make=lambda _world: "not_found", shared=True),
    "mail_id": Example(make=lambda _world: "none", shared=True),  # of the demo's outbox, which others do not have
    "template": Example(make=lambda _world: "accounts/invitation", shared=True),
    "token": Example(make=lambda _world: "none", shared=True),  # of a mail; a bad one is told that it is over
}
