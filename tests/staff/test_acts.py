"""What staff do under a grant: stopping and letting go, refunds, reviews of senders, ending sessions."""

from dataclasses import dataclass

import pytest
from django.test import Client

from accounts import keys
from accounts.models import ApiKey, Session, User, Workspace
from messaging import sources
from messaging.acceptance import Order, accept_now
from messaging.drafting import SendRequest, plan, seal
from messaging.models import Sender
from privacy import keyring
from privacy.models import AuditEvent
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories import messaging, pages, staff
from tests.factories.accounts import World, make_member, make_sender, make_workspace

REQUEST = SendRequest(to="+4915123456789", body="Hello")


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """An admin with a grant."""

    user: User
    browser: Client
    world: World

    @property
    def path(self) -> str:
        """Of the workspace in the console."""
        return f"/staff/workspaces/{ids.encode(ids.WORKSPACE, self.world.id)}"

    def told(self) -> list[str]:
        """What the workspace's log says that staff did."""
        with scope.workspace(self.world.id):
            rows = AuditEvent.objects.filter(workspace_id=self.world.id, actor_id=self.user.pk).order_by("id")
            return [row.action for row in rows if row.action not in ("staff:grant:opened", "staff:data:viewed")]


@pytest.fixture
def desk() -> Desk:
    user, world = staff.member("admin"), make_workspace()
    staff.grant(world.id, user)
    return Desk(user=user, browser=pages.verified(user), world=world)


def accepted(world: World) -> list[str]:
    """The word of the accept statement itself, past every cache."""
    at = clock.now()
    source = sources.for_user(world.id, world.owner.id, livemode=False)
    made = plan(REQUEST, source, at=at)
    draft = seal(made, source, keyring.body_key(world.id, made.body_expires_at.date()))
    with scope.workspace(world.id):
        return accept_now(Order(source=source, drafts=[draft], at=at))


@pytest.mark.promise("otp-17", "team-21")
def test_a_suspended_workspace_sends_nothing_until_it_is_lifted(desk: Desk) -> None:
    api = desk.world.api()
    assert desk.browser.post(f"{desk.path}/suspend", {"for": "abuse"}).status_code == 302

    answer = api.get("/v1/messages")
    assert (answer.status_code, answer.json()["code"]) == (403, "workspace_suspended")
    assert accepted(desk.world) == ["workspace_suspended"]

    desk.browser.post(f"{desk.path}/reinstate")
    assert api.get("/v1/messages").status_code == 200
    assert accepted(desk.world) == ["ok"]
    assert desk.told() == ["staff:workspace:suspended", "staff:workspace:reinstated"]


def test_a_suspension_says_why(desk: Desk) -> None:
    desk.browser.post(f"{desk.path}/suspend", {"for": "because"})

    with scope.workspace(desk.world.id):
        assert Workspace.objects.get().suspended_at is None


@pytest.mark.promise("otp-17", "team-21")
def test_a_suspended_key_is_refused_and_its_neighbour_is_not(desk: Desk) -> None:
    with scope.workspace(desk.world.id):
        key = ApiKey.objects.filter(livemode=False).get()
    path = f"{desk.path}/keys/{ids.encode(ids.KEY, key.pk)}"

    desk.browser.post(path, {"act": "suspend"})
    assert desk.world.api().get("/v1/messages").json()["code"] == "workspace_suspended"
    assert desk.world.api(live=True).get("/v1/messages").status_code == 200
    info = keys.find(keys.digest_of(f"Bearer {desk.world.test_key}"))
    assert info is not None
    assert info.suspended_at is not None

    desk.browser.post(path, {"act": "reinstate"})
    assert desk.world.api().get("/v1/messages").status_code == 200
    assert desk.told() == ["staff:api_key:suspended", "staff:api_key:reinstated"]


def test_the_key_of_another_workspace_is_not_touched(desk: Desk) -> None:
    other = make_workspace()
    with scope.workspace(other.id):
        key = ApiKey.objects.filter(livemode=False).get()

    desk.browser.post(f"{desk.path}/keys/{ids.encode(ids.KEY, key.pk)}", {"act": "suspend"})

    assert other.api().get("/v1/messages").status_code == 200


def test_a_message_on_its_way_is_not_refunded(desk: Desk) -> None:
    message = messaging.accept(desk.world)[0]

    desk.browser.post(f"{desk.path}/messages/{ids.encode(ids.MESSAGE, message.id)}/refund")

    assert desk.told() == []


def test_a_member_is_signed_out_everywhere_and_a_stranger_is_not(desk: Desk) -> None:
    member, stranger = make_member(desk.world)[0], pages.person()[0]
    pages.client(member)
    pages.client(stranger)

    desk.browser.post(f"{desk.path}/team/{ids.encode(ids.USER, member.pk)}/sign-out")
    refused = desk.browser.post(f"{desk.path}/team/{ids.encode(ids.USER, stranger.pk)}/sign-out")

    assert refused.status_code == 404
    assert not Session.objects.filter(user=member).exists()
    assert Session.objects.filter(user=stranger).exists()
    assert desk.told() == ["staff:session:revoked"]


def test_a_sender_is_rejected_with_a_reason_only(desk: Desk) -> None:
    with scope.workspace(desk.world.id):
        sender = make_sender(desk.world.id, "Parcels", state=Sender.State.REVIEW)
    path = f"{desk.path}/senders/{ids.encode(ids.SENDER, sender.pk)}"
    assert "Parcels" in desk.browser.get(f"{desk.path}/senders").content.decode()

    refused = desk.browser.post(path, {"decision": "reject", "reason": " "})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    assert desk.browser.post(path, {"decision": "reject", "reason": "A protected name."}).status_code == 302

    with scope.workspace(desk.world.id):
        row = Sender.objects.get(pk=sender.pk)
        assert (row.state, row.reason) == (Sender.State.REJECTED, "A protected name.")
    assert desk.browser.post(path, {"decision": "approve"}).status_code == 404


def test_the_queue_of_reviews_names_no_sender(desk: Desk) -> None:
    with scope.workspace(desk.world.id):
        make_sender(desk.world.id, "SecretName", state=Sender.State.REVIEW)

    page = desk.browser.get("/staff/senders").content.decode()

    assert "SecretName" not in page


def test_finance_sees_money_and_suspends_nobody(desk: Desk) -> None:
    user = staff.member("finance")
    staff.grant(desk.world.id, user)
    browser = pages.verified(user)

    assert browser.get(f"{desk.path}/ledger").status_code == 200
    assert browser.post(f"{desk.path}/suspend", {"for": "abuse"}).status_code == 403
