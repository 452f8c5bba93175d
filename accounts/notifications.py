"""What people of a workspace are told: on the page of notifications, by mail, as each has chosen for each category.

A notification is a row for each person, written in the transaction of what it tells. Its mail is sent from the row by a
sweep: whatever dies in between, the row says what is owed. A mail server that takes a mail and then a worker that dies
costs a second mail, never a lost one.
"""

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils.functional import Promise

from accounts import upkeep
from accounts.models import Notification, NotificationChoice, User
from accounts.models.notification import Category
from smsplatform.lib import clock, ids, mail
from smsplatform.lib.tasks import task
from smsplatform.lib.tenancy import scope

logger = logging.getLogger(__name__)
PAGE = 25
BATCH = 50
LEASE = dt.timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of notification: its category, its words with the ``params`` put in, the page it leads to, its mail.

    ``context`` is asked in the scope of the workspace; None means that there is nothing to tell any more.
    """

    category: Category
    title: str | Promise
    icon: str
    url: Callable[[Mapping[str, str]], str]
    template: str
    context: Callable[[Notification], Mapping[str, Any] | None]


_kinds: dict[str, Kind] = {}


def register(code: str, kind: Kind) -> None:
    """Make a kind known; each app does so for its own when it starts."""
    _kinds[code] = kind


def kind_of(row: Notification) -> Kind | None:
    """What a row is; None for one of a release that knew more."""
    return _kinds.get(row.kind)


def notify(*, workspace: UUID, kind: str, people: Sequence[User], params: Mapping[str, str], at: dt.datetime) -> int:
    """Tell ``people`` in the open scope, each as they have chosen; how many rows that made."""
    wanted = choices(people, _kinds[kind].category)
    rows = [
        Notification(
            id=ids.uuid7(at),
            workspace_id=workspace,
            user_id=user.pk,
            kind=kind,
            params=dict(params),
            shown=on_page,
            at=at,
            mail_due_at=at if by_mail else None,
        )
        for user in people
        for by_mail, on_page in [wanted[user.pk]]
        if by_mail or on_page
    ]
    return len(Notification.objects.bulk_create(rows))


def choices(people: Sequence[User], category: Category) -> dict[UUID, tuple[bool, bool]]:
    """By person: whether by mail, whether on the page. Nobody chooses not to hear of security."""
    made = {user.pk: default(category) for user in people}
    if category != Category.SECURITY:
        rows = NotificationChoice.objects.filter(user__in=people, category=category)
        made.update({row.user_id: (row.by_mail, row.on_page) for row in rows})
    return made


def default(category: str) -> tuple[bool, bool]:
    """What holds until somebody chooses."""
    return (category != Category.PRODUCT, category != Category.PRODUCT)


@transaction.atomic
def choose(*, user: User, wanted: Mapping[str, tuple[bool, bool]]) -> None:
    """Replace the choices of ``user``; by category whether by mail and whether on the page."""
    NotificationChoice.objects.filter(user=user).delete()
    NotificationChoice.objects.bulk_create(
        NotificationChoice(user=user, category=category, by_mail=by_mail, on_page=on_page)
        for category, (by_mail, on_page) in wanted.items()
        if category != Category.SECURITY
    )


def readable(at: dt.datetime) -> QuerySet[Notification]:
    """Those within retention, even when the purge is late."""
    return Notification.objects.filter(id__gte=ids.floor(at - upkeep.NOTICES_KEPT))


def page(*, workspace: UUID, user: UUID, before: UUID | None) -> list[Notification]:
    """One page and one row more, newest first."""
    rows = readable(clock.now()).filter(workspace_id=workspace, user_id=user, shown=True)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-id")[: PAGE + 1])


def mark_read(*, workspace: UUID, user: UUID, one: UUID | None, at: dt.datetime) -> int:
    """Mark one, or all, as read; how many were not."""
    rows = Notification.objects.filter(workspace_id=workspace, user_id=user, read_at=None)
    if one is not None:
        rows = rows.filter(pk=one)
    return rows.update(read_at=at)


def send(*, at: dt.datetime) -> int:
    """Send the mails that are due; how many went out. Each is leased first, so that two workers do not send it."""
    sent = 0
    while leased := _leased(at):
        sent += sum(_send(workspace, row) for workspace, row in leased)
    return sent


def _leased(at: dt.datetime) -> list[tuple[UUID, UUID]]:
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT * FROM access.lease_notices(%s, %s, %s)", [at, at + LEASE, BATCH])
        leased: list[tuple[UUID, UUID]] = cursor.fetchall()
    return leased


@task(name="accounts.notifications.send_due", queue="default")
def send_due() -> None:
    """The sweep; also a wake-up, right after something was told."""
    send(at=clock.now())


def _send(workspace: UUID, row_id: UUID) -> bool:
    with scope.workspace(workspace):
        row = Notification.objects.filter(pk=row_id).first()
        kind = kind_of(row) if row else None
        context = kind.context(row) if row and kind else None
        reader = User.objects.filter(pk=row.user_id, is_active=True).first() if row else None
    sent = False
    if kind and reader and context is not None:
        try:
            sent = mail.send(kind.template, to=[reader], context=context) > 0
        except mail.Undelivered as error:
            logger.warning("mail_undelivered", extra={"error": error.code})
            return False  # due again when the lease is over
    with scope.workspace(workspace):
        Notification.objects.filter(pk=row_id).update(mail_due_at=None)
    return sent
