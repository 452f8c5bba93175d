"""A workspace as the pages see it: people with roles, a sender, money, a carrier, and messages."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY

from accounts import provisioning
from accounts.models import Membership, TotpDevice, User, Workspace
from accounts.reauth import CONFIRMED
from accounts.roles import Role
from billing import ledger, rates
from messaging import routing, sources
from messaging.acceptance import Order, accept_now
from messaging.drafting import SendRequest, plan, seal
from messaging.models import Carrier, Route, Sender
from messaging.provisioning import sender_index
from privacy import keyring
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope
from tests.factories.accounts import PASSWORD as PASSWORD
from tests.factories.accounts import make_user

TO = "+4915123456789"
SENDER = "ACME"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """A workspace with one person of each kind that tests need."""

    workspace: Workspace
    owner: User
    viewer: User
    email: str


def person(*, staff_role: str = "") -> tuple[User, str]:
    """Somebody who can sign in with PASSWORD, and their address."""
    return make_user(staff_role=staff_role)


def shop() -> Shop:
    """A new workspace that can send to anywhere in test mode."""
    at = clock.now()
    owner, email = person()
    viewer, _ = person()
    workspace = provisioning.create_workspace(
        name=f"Acme {uuid4().hex[:6]}", owner=owner, price_plan_id=rates.install_default(at=at), at=at
    )
    _carrier()
    with scope.workspace(workspace.id):
        Membership.objects.create(workspace=workspace, user=viewer, role=Role.VIEWER)
        index = keyring.key(workspace.id, keyring.Purpose.INDEX)
        Sender.objects.create(
            workspace=workspace,
            address=SENDER,
            address_idx=sender_index(index, SENDER),
            kind=Sender.Kind.ALPHANUMERIC,
            state=Sender.State.APPROVED,
            is_default=True,
        )
    wallet = ledger.open_wallet(workspace=workspace.id, currency=workspace.currency, livemode=False)
    ledger.top_up(id=ids.uuid7(), wallet=wallet, amount=100_000_000, source=ledger.Source.TEST_FUNDS, at=at)
    return Shop(workspace=workspace, owner=owner, viewer=viewer, email=email)


def client(user: User) -> Client:
    """A browser in which this person has signed in and works in test mode."""
    browser = Client()
    browser.force_login(user)
    session = browser.session
    session["livemode"] = False
    session.save()
    return browser


def authenticator(user: User) -> TotpDevice:
    """A confirmed authenticator app of somebody."""
    device: TotpDevice = TotpDevice.objects.create(user=user, secret=TotpDevice.make_secret(), confirmed=True)
    user.second_factor = True
    user.save(update_fields=["second_factor"])
    return device


def verified(user: User) -> Client:
    """A browser in which this person has signed in and passed the second step."""
    device = TotpDevice.objects.filter(user=user, confirmed=True).first() or authenticator(user)
    browser = client(user)
    session = browser.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return browser


def unconfirmed(browser: Client) -> Client:
    """The same browser, after longer than anybody is believed to be who they said: see ``accounts.reauth``."""
    session = browser.session
    session.pop(CONFIRMED, None)
    session.save()
    return browser


def message(of: Shop, *, to: str = TO, text: str = "Your parcel is here.", reference: str | None = None) -> str:
    """The public id of a message just accepted in test mode."""
    return messages(of, count=1, to=to, text=text, reference=reference)[0]


def messages(
    of: Shop, *, count: int, to: str = TO, text: str = "Your parcel is here.", reference: str | None = None
) -> list[str]:
    """Public ids of messages just accepted, oldest first."""
    at = clock.now()
    with scope.workspace(of.workspace.id):
        source = sources.for_user(of.workspace.id, of.owner.id, livemode=False)
        request = SendRequest(to=to, from_=SENDER, body=text, reference=reference)
        made = plan(request, source, at=at)
        key = keyring.body_key(of.workspace.id, made.body_expires_at.date())
        drafts = [seal(made, source, key) for _ in range(count)]
        assert set(accept_now(Order(source=source, drafts=drafts, at=at))) == {"ok"}
    return [ids.encode(ids.MESSAGE, draft.id) for draft in drafts]


def _carrier() -> UUID:
    """The carrier of test mode; made once for all tests of a database."""
    found = Route.objects.filter(livemode=False, prefix="").values_list("carrier_id", flat=True).first()
    if found:
        return found
    carrier = Carrier(
        name=f"pages-{uuid4().hex[:8]}", host="127.0.0.1", port=1, system_id="t", password="t", sandbox=True
    )
    carrier.save(using="owner", force_insert=True)
    Route.objects.using("owner").create(prefix="", livemode=False, carrier_id=carrier.id)
    routing.refresh()
    return carrier.id
