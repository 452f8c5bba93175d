"""Questions of customers to support, from the first letter to the last answer.

    open ──(staff answers)──▶ waiting ──(resolved, or nobody writes for two weeks)──▶ resolved
      ▲───────(customer writes)──┘                                                       │
      └──────────────────────────(customer writes within a month)────────────────────────┘

Everything here runs in the open scope of the workspace, except the queue, which staff read without any: it holds no
word of a customer. Threads are gone a while after they were resolved (``retention.support``).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, connections, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import activity, notifications, tickets
from accounts.models import Membership, Notification, SupportEntry, SupportThread, User, Workspace
from accounts.models.notification import Category
from accounts.models.support import SupportThreadQuerySet, Topic
from privacy import audit, profiles
from smsplatform.lib import clock, ids, mail
from smsplatform.lib.tasks import task
from smsplatform.lib.tenancy import scope, staff

THREADS_MAX, LETTERS_MAX = 20, 200  # of one workspace in a day
SUBJECT_MAX, TEXT_MAX = 120, 5000
REOPENED_WITHIN = dt.timedelta(days=30)
IDLE = dt.timedelta(days=14)
DAY = dt.timedelta(days=1)
QUEUE_MAX = 100
TRIES = 3
State = SupportThread.State


class SupportRefused(ValueError):
    """This cannot be done with a thread: ``code`` is ``threads``, ``letters``, ``over`` or ``resolved``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What somebody asks. ``about`` is the public id of a message, or empty."""

    topic: str
    subject: str
    text: str
    about: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One entry as it is shown."""

    author: str
    by_staff: bool
    text: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Queued:
    """A thread as staff see it without a grant: whose it is and what kind, and no word of it."""

    workspace: UUID
    name: str
    number: str
    topic: str
    state: str
    opened_at: dt.datetime
    asked_at: dt.datetime | None
    last_at: dt.datetime
    assigned_to: UUID | None

    @property
    def workspace_id(self) -> str:
        """As it stands in addresses."""
        return ids.encode(ids.WORKSPACE, self.workspace)

    @property
    def kind(self) -> str:
        """The topic in words."""
        return str(dict(Topic.choices).get(self.topic, self.topic))

    @property
    def due_at(self) -> dt.datetime | None:
        """Until when an answer was promised."""
        return due(self.asked_at)


def due(asked_at: dt.datetime | None) -> dt.datetime | None:
    """Until when support answers what was asked at that time."""
    promised: dt.timedelta = profiles.duration("sla.inquiry")
    return asked_at + promised if asked_at else None


# What customers do


def open(*, workspace: UUID, by: User, question: Question, at: dt.datetime) -> SupportThread:
    """A new thread with its first letter. Raises ``SupportRefused``."""
    _check_day(workspace, at, opening=True)
    thread = SupportThread(
        workspace_id=workspace, user=by, topic=question.topic, subject=question.subject, about=question.about,
        opened_at=at, last_at=at, asked_at=at,
    )  # fmt: skip
    _number(thread)
    _enter(thread, question.text, at, user=by)
    _record("opened", thread, by.pk, at)
    return thread


def write(*, thread: SupportThread, by: User, text: str, at: dt.datetime) -> None:
    """Another letter of the customer; it opens again what was resolved. Raises ``SupportRefused``."""
    row = _locked(thread)
    if not reopens(row, at=at):
        raise SupportRefused("over")
    _check_day(row.workspace_id, at)
    _enter(row, text, at, user=by)
    _record("reopened" if row.state == State.RESOLVED else "asked", row, by.pk, at)
    _move(row, State.OPEN, at)


def settle(*, thread: SupportThread, by: User, at: dt.datetime) -> None:
    """The customer needs no more. Raises ``SupportRefused`` when it was resolved before."""
    row = _unresolved(thread)
    _move(row, State.RESOLVED, at)
    _record("resolved", row, by.pk, at)


def reopens(thread: SupportThread, *, at: dt.datetime) -> bool:
    """Whether a letter may still be written in a thread; after that a new one is the way."""
    return thread.resolved_at is None or at < thread.resolved_at + REOPENED_WITHIN


def readable(*, workspace: UUID, reader: UUID, everything: bool, at: dt.datetime) -> SupportThreadQuerySet:
    """The threads somebody may read: their own, or all of the workspace."""
    rows = SupportThread.objects.readable(at=at).filter(workspace_id=workspace)
    return rows if everything else rows.filter(user_id=reader)


def letters(thread: SupportThread) -> list[Letter]:
    """All entries, oldest first, as the customer reads them: staff by a pseudonym."""
    entries = list(thread.entries.order_by("id"))
    names = activity.named({_author(entry) for entry in entries}, thread.workspace_id)
    return _shown(entries, names)


# What staff do


def answer(*, thread: SupportThread, by: User, text: str, resolves: bool, at: dt.datetime) -> None:
    """A letter of staff; the people of the thread are told that there is one. Raises ``SupportRefused``."""
    row = _unresolved(thread)
    _enter(row, text, at, staff_id=by.pk)
    row.assigned_to = row.assigned_to or by.pk
    _move(row, State.RESOLVED if resolves else State.WAITING, at)
    _record("answered", row, by.pk, at, source="staff")
    if resolves:
        _record("resolved", row, by.pk, at, source="staff")
    _tell("support_answered", row, at)


def resolve(*, thread: SupportThread, by: User, at: dt.datetime) -> None:
    """Staff settle it without another word. Raises ``SupportRefused``."""
    row = _unresolved(thread)
    _move(row, State.RESOLVED, at)
    _record("resolved", row, by.pk, at, source="staff")
    _tell("support_resolved", row, at)


def take(*, thread: SupportThread, by: User, at: dt.datetime) -> None:
    """From now on it is this member of the staff who answers. Raises ``SupportRefused``."""
    row = _unresolved(thread)
    if row.assigned_to != by.pk:
        row.assigned_to = by.pk
        row.save(update_fields=["assigned_to"], using="default")
        _record("taken", row, by.pk, at, source="staff")


def queue(*, state: str, at: dt.datetime) -> list[Queued]:
    """Threads of all workspaces in a state, the longest waiting first. Asked on staff pages."""
    since = at - profiles.duration("retention.support")
    with connections[staff.ALIAS].cursor() as cursor:
        cursor.execute("SELECT * FROM access.support_queue(%s, %s, %s)", [state, since, QUEUE_MAX])
        return [Queued(**dict(zip(Queued.__slots__, row, strict=True))) for row in cursor.fetchall()]


def letters_for_staff(thread: SupportThread) -> list[Letter]:
    """All entries, oldest first, with names: under a grant."""
    entries = list(thread.entries.order_by("id"))
    people = User.objects.in_bulk({_author(entry) for entry in entries})
    return _shown(entries, {key: user.name or user.email for key, user in people.items()})


# What time does


def settle_idle(*, at: dt.datetime) -> int:
    """Resolve what was answered two weeks ago and nobody wrote about since; how many. Without this, what a customer
    forgets would be kept for ever."""
    idle = SupportThread.objects.using("system").filter(state=State.WAITING, last_at__lt=at - IDLE)
    found = list(idle.order_by("last_at").values_list("workspace_id", "id")[:QUEUE_MAX])
    return sum(_settle_one(workspace, thread, at) for workspace, thread in found)


@task(name="accounts.support.settle_idle", queue="default")
def settle_idle_now() -> None:
    """Scheduled; safe to run twice."""
    settle_idle(at=clock.now())


def _settle_one(workspace: UUID, thread: UUID, at: dt.datetime) -> bool:
    with scope.workspace(workspace):
        row = SupportThread.objects.select_for_update().filter(pk=thread, state=State.WAITING).first()
        if row is None or row.last_at >= at - IDLE:
            return False
        _move(row, State.RESOLVED, at)
        _record("resolved", row, None, at, source="system")
        return True


# Shared


def _locked(thread: SupportThread) -> SupportThread:
    return SupportThread.objects.using("default").select_for_update().get(pk=thread.pk)


def _unresolved(thread: SupportThread) -> SupportThread:
    row = _locked(thread)
    if row.state == State.RESOLVED:
        raise SupportRefused("resolved")
    return row


def _number(thread: SupportThread) -> None:
    """Save under a number that nobody has."""
    for left in reversed(range(TRIES)):
        thread.number = tickets.number()
        try:
            with transaction.atomic():
                thread.save(force_insert=True)
        except IntegrityError:
            if not left:
                raise
        else:
            return


def _enter(
    thread: SupportThread, text: str, at: dt.datetime, *, user: User | None = None, staff_id: UUID | None = None
) -> None:
    entry = SupportEntry(
        workspace_id=thread.workspace_id, thread_id=thread.pk, user=user, staff_id=staff_id, text=text, at=at
    )
    entry.save(force_insert=True, using="default")


def _move(row: SupportThread, state: State, at: dt.datetime) -> None:
    """To another state. Support's turn began with the first letter that was not answered."""
    row.state, row.last_at = state, at
    row.asked_at = (row.asked_at or at) if state == State.OPEN else None
    row.resolved_at = at if state == State.RESOLVED else None
    row.save(update_fields=["state", "last_at", "asked_at", "resolved_at", "assigned_to"], using="default")


def _check_day(workspace: UUID, at: dt.datetime, *, opening: bool = False) -> None:
    """Refuse what is more than a day's worth. Locks the workspace's row, so that two at once are counted."""
    Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace)
    since = ids.floor(at - DAY)
    if opening and SupportThread.objects.filter(workspace_id=workspace, id__gte=since).count() >= THREADS_MAX:
        raise SupportRefused("threads")
    own = SupportEntry.objects.filter(workspace_id=workspace, id__gte=since, user__isnull=False)
    if own.count() >= LETTERS_MAX:
        raise SupportRefused("letters")


def _author(entry: SupportEntry) -> UUID:
    author = entry.user_id or entry.staff_id
    assert author is not None
    return author


def _shown(entries: Sequence[SupportEntry], names: dict[UUID, str]) -> list[Letter]:
    return [
        Letter(author=names.get(_author(entry), ""), by_staff=entry.user_id is None, text=str(entry.text), at=entry.at)
        for entry in entries
    ]


def _record(what: str, thread: SupportThread, by: UUID | None, at: dt.datetime, *, source: str = "user") -> None:
    details = {"ticket": thread.number, "topic": thread.topic}
    audit.record(action=f"{source}:support:{what}", workspace=thread.workspace_id, actor=by, at=at, details=details)


def _tell(kind: str, thread: SupportThread, at: dt.datetime) -> None:
    """Whoever wrote in the thread and still belongs to the workspace."""
    entries = thread.entries.using("default").only("user_id")
    writers = {entry.user_id for entry in entries if entry.user_id}
    found = Membership.objects.filter(
        workspace_id=thread.workspace_id, user_id__in=writers | {thread.user_id}, user__is_active=True
    )
    people = [membership.user for membership in found.select_related("user").order_by("id")]
    params = {"ticket": thread.number}
    notifications.notify(workspace=thread.workspace_id, kind=kind, people=people, params=params, at=at)


def _letter(row: Notification) -> dict[str, str] | None:
    """What the mail says: the number and where to read, no word of either side. Nothing once the thread is gone."""
    thread = SupportThread.objects.readable(at=clock.now()).filter(number=row.params["ticket"]).first()
    if thread is None:
        return None
    name = Workspace.objects.values_list("name", flat=True).get(pk=row.workspace_id)
    return {
        "workspace": name, "number": thread.number, "resolved": "yes" if row.kind == "support_resolved" else "",
        "url": mail.link(reverse("support_thread", args=[thread.number])),
    }  # fmt: skip


for _kind, _title in (
    ("support_answered", _("Support answered you")),
    ("support_resolved", _("Support closed a case")),
):
    notifications.register(
        _kind,
        notifications.Kind(
            category=Category.SUPPORT,
            title=_title,
            icon="chat-bubble-left-right",
            url=lambda params: reverse("support_thread", args=[params["ticket"]]),
            template="accounts/support_answered",
            context=_letter,
        ),
    )
