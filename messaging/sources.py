"""Loading a ``Source``: everything the drafting of a workspace's messages needs, read once and kept for seconds."""

from functools import lru_cache
from uuid import UUID

from accounts.keys import KeyInfo
from accounts.models import Workspace
from billing import ledger, rates
from messaging import endpoints, routing
from messaging.bounds import HOUR, RETRIES
from messaging.drafting import BodyKept, SenderInfo, Source, TemplateInfo
from messaging.models import Sender, Template
from privacy import keyring, profiles
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope


def for_key(info: KeyInfo) -> Source:
    """The source behind an API key, or behind the person whose access token it is. Blocks on the database."""
    return _load(
        info.workspace_id, livemode=info.livemode, currency=info.currency, body_hours=info.body_hours,
        plan=info.price_plan_id, key_id=None if info.user_id else info.id, user_id=info.user_id, info=info,
    )  # fmt: skip


def for_user(workspace_id: UUID, user_id: UUID, *, livemode: bool) -> Source:
    """The source of what a person sends from a page. Blocks on the database."""
    with scope.workspace(workspace_id):
        workspace = Workspace.objects.get(pk=workspace_id)
    return _load(
        workspace_id, livemode=livemode, currency=workspace.currency, body_hours=workspace.body_hours,
        plan=workspace.price_plan_id, key_id=None, user_id=user_id,
    )  # fmt: skip


def for_platform(workspace_id: UUID, *, livemode: bool) -> Source:
    """The source of what the platform itself sends, from the operator's own workspace. Blocks on the database."""
    with scope.workspace(workspace_id):
        workspace = Workspace.objects.get(pk=workspace_id)
    return _load(
        workspace_id, livemode=livemode, currency=workspace.currency, body_hours=workspace.body_hours,
        plan=workspace.price_plan_id, key_id=None, user_id=None,
    )  # fmt: skip


def callback(source: Source, url: str) -> UUID:
    """The endpoint behind a message's ``status_callback``, made on first use. Blocks; raises ``Problem``.

    It appears among the workspace's endpoints, where its secret can be rotated and it can be turned off.
    """
    if (known := source.callbacks.get(url)) is None:
        with scope.workspace(source.workspace_id):
            known = endpoints.for_callback(
                workspace=source.workspace_id, livemode=source.livemode, url=url, index=source.index, at=clock.now()
            )
        source.callbacks[url] = known
    return known


def body_kept(hours: int | None) -> BodyKept:
    """How long texts are kept where a workspace set ``hours``, which only ever shortens what the policy says."""
    policy = profiles.duration("retention.body") // HOUR
    return BodyKept(
        hours=min(hours or policy, policy),
        retries=RETRIES // HOUR if profiles.value("retention.body_anchor") == "final" else 0,
        discard=profiles.value("retention.body_drop_on_final"),
        redacts=profiles.value("redact.recipient_with_body"),
    )


@lru_cache(maxsize=20_000)
def _wallet(workspace_id: UUID, currency: str, livemode: bool) -> UUID:
    """Opened once per process: an account is never deleted."""
    return ledger.open_wallet(workspace=workspace_id, currency=currency, livemode=livemode)


def _load(
    workspace_id: UUID,
    *,
    livemode: bool,
    currency: str,
    body_hours: int | None,
    plan: UUID,
    key_id: UUID | None,
    user_id: UUID | None,
    info: KeyInfo | None = None,
) -> Source:
    wallet = _wallet(workspace_id, currency, livemode)
    with scope.workspace(workspace_id):
        senders = list(Sender.objects.exclude(state=Sender.State.WITHDRAWN))
        templates = list(Template.objects.all())
    known = {
        s.address: SenderInfo(id=s.id, address=s.address, approved=s.is_usable(livemode=livemode)) for s in senders
    }
    default = next((known[s.address] for s in senders if s.is_default), None)
    return Source(
        workspace_id=workspace_id,
        livemode=livemode,
        wallet=wallet,
        currency=currency,
        body=body_kept(body_hours),
        key_id=key_id,
        user_id=user_id,
        senders=known,
        default_sender=default,
        templates={t.id: TemplateInfo(id=t.id, text=t.text, code_digits=t.code_digits) for t in templates},
        prices=rates.book(plan, clock.now()),
        routes=routing.book(livemode=livemode),
        contacts=keyring.key(workspace_id, keyring.Purpose.CONTACTS),
        index=keyring.key(workspace_id, keyring.Purpose.INDEX),
        callbacks={},
        senders_allowed=frozenset(info.sender_ids) if info and info.sender_ids else None,
        countries_allowed=frozenset(info.countries) if info and info.countries else None,
    )
