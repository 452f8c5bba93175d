"""The mail to everybody when a version was announced: batch after batch, each person once, whatever restarts between.

A lease keeps two workers from the same batch. A mail server that is away stops the batch until the next sweep; an
address it refuses does not.
"""

import datetime as dt
import logging
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.functional import lazy

from accounts.models import User
from privacy.documents import readers, telling
from privacy.documents.texts import DOCUMENTS
from privacy.models import DocumentVersion
from smsplatform.lib import clock, mail
from smsplatform.lib.tasks import task

logger = logging.getLogger(__name__)
BATCH = 100
BATCHES_MAX = 50  # of one run; what is left waits for the next sweep
LEASE = dt.timedelta(minutes=10)
REFUSED = ("SMTPRecipientsRefused", "SMTPDataError")  # of one address, not of the server
TEMPLATE = "accounts/policy_announced"


@task(name="accounts.policy_letters.send_due", queue="default")
def send_due() -> None:
    """Scheduled; safe to run twice and at the same time."""
    for version in due():
        if _lease(version.pk, at=clock.now()):
            _send(version)


def due() -> list[DocumentVersion]:
    """Versions of which somebody was not told yet."""
    rows = DocumentVersion.objects.using("system").filter(mailed_at=None)
    return list(rows.filter(state__in=["announced", "effective"]).order_by("announced_at"))


def _lease(version: UUID, *, at: dt.datetime) -> bool:
    rows = DocumentVersion.objects.using("system").filter(pk=version, mailed_at=None)
    free = Q(mails_leased_until=None) | Q(mails_leased_until__lte=at)
    return bool(rows.filter(free).update(mails_leased_until=at + LEASE))


def _send(version: DocumentVersion) -> None:
    rows = DocumentVersion.objects.using("system").filter(pk=version.pk)
    after = rows.values_list("mailed_up_to", flat=True).get()
    try:
        for _ in range(BATCHES_MAX):
            people = _batch(after)
            if not people:
                rows.update(mailed_at=clock.now())
                return
            _mail(version, people)
            after = people[-1].pk
            rows.update(mailed_up_to=after, mails_leased_until=clock.now() + LEASE)
    except mail.Undelivered as error:
        logger.warning("mail_undelivered", extra={"template": TEMPLATE, "error": error.code})
    finally:
        rows.update(mails_leased_until=None)


def _batch(after: UUID | None) -> list[User]:
    people = User.objects.filter(is_active=True, email_confirmed_at__isnull=False)
    return list((people.filter(pk__gt=after) if after else people).order_by("pk")[:BATCH])


def _mail(version: DocumentVersion, people: list[User]) -> None:
    context = told(version)
    reached = [person.pk for person in people if _reached(person, context)]
    readers.note_mailed(version=version.pk, users=reached, at=clock.now())


def _reached(person: User, context: dict[str, object]) -> bool:
    try:
        return bool(mail.send(TEMPLATE, to=[person], context=context))
    except mail.Refused:
        return False
    except mail.Undelivered as error:
        if error.code not in REFUSED:
            raise
        return False


def told(version: DocumentVersion) -> dict[str, object]:
    """What the mail says; words are chosen in the language of each reader."""
    address = [version.document, version.number]
    return {
        "document": lazy(lambda: _title(version.document), str)(),
        "number": version.number,
        "effective_at": version.effective_at,
        "changes": lazy(lambda: telling.texts(version.changes), list)(),
        "url": mail.link(reverse("document_changes" if version.number > 1 else "document_version", args=address)),
    }


def _title(document: str) -> str:
    return DOCUMENTS[document].title(telling.language())
