"""Silence that has to last longer than a case began with, or ends earlier.

Longer: one person names the law and the document that demand it, another agrees, within a year of the day it is asked
for, and never once the holder was told. Earlier: one person is enough, because it only ends a secret. Events that were
sealed with the former day follow the day in force (``privacy.silent`` in the database).
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from privacy import audit
from privacy.disclosures.register import DATABASE, NotNow, SamePerson, SilenceNotBounded, State
from privacy.models import Disclosure, DisclosureBar, DisclosureNotice
from privacy.models.disclosure import SILENCE_MAX


class NotLonger(ValueError):
    """The day is not after the one in force."""


class NotShorter(ValueError):
    """The day is not before the one in force, or is past."""


class Over(ValueError):
    """There is no silence any more, or the holder was told."""


def ask(case: Disclosure, *, law: str, document: str, until: dt.datetime, by: UUID, at: dt.datetime) -> DisclosureBar:
    """Ask a second person for a longer silence.

    Raises ``SilenceNotBounded``, ``NotLonger``, ``Over``, and ``NotNow`` while another wish waits.
    """
    if not (law.strip() and document.strip()) or until > at + SILENCE_MAX:
        raise SilenceNotBounded
    with _silent(case, at) as row:
        if until <= _end(row):
            raise NotLonger
        if waiting(row) is not None:
            raise NotNow
        made = DisclosureBar(
            disclosure_id=row.pk, workspace_id=row.workspace_id, was_until=_end(row), until=until, law=law.strip(),
            document=document.strip(), asked_by=by, asked_at=at,
        )  # fmt: skip
        made.save(using=DATABASE, force_insert=True)
        _record("bar_asked", row, until, by, at)
    return made


def agree(wish: DisclosureBar, *, by: UUID, at: dt.datetime) -> None:
    """Lengthen it as the second person. Raises ``SamePerson``, ``Over``, and ``NotNow`` when it was decided."""
    if by == wish.asked_by:
        raise SamePerson
    with _silent(_case(wish), at) as row:
        asked = _decide(wish, agreed=True, by=by, at=at)
        if asked.was_until != row.bar_until:
            raise NotNow
        row.bar_law, row.bar_until = asked.law, asked.until
        row.save(using=DATABASE, update_fields=["bar_law", "bar_until"])
        _record("bar_lengthened", row, asked.until, by, at)


def decline(wish: DisclosureBar, *, by: UUID, at: dt.datetime) -> None:
    """Leave the silence as it is; whoever asked may do so too. Raises ``NotNow``."""
    with transaction.atomic(using=DATABASE):
        asked = _decide(wish, agreed=False, by=by, at=at)
        _record("bar_declined", _case(wish), asked.until, by, at)


def shorten(case: Disclosure, *, until: dt.datetime, by: UUID, at: dt.datetime) -> None:
    """End the silence earlier, or now; a wish to lengthen it ends with it. Raises ``NotShorter`` and ``Over``."""
    with _silent(case, at) as row:
        if not at <= until < _end(row):
            raise NotShorter
        if wish := waiting(row):
            _decide(wish, agreed=False, by=by, at=at)
        DisclosureBar.objects.using(DATABASE).create(
            disclosure_id=row.pk, workspace_id=row.workspace_id, was_until=_end(row), until=until, asked_by=by,
            asked_at=at, decided_by=by, decided_at=at, agreed=True,
        )  # fmt: skip
        row.bar_until = until
        row.save(using=DATABASE, update_fields=["bar_until"])
        _record("bar_shortened", row, until, by, at)


def waiting(case: Disclosure) -> DisclosureBar | None:
    """The wish that nobody has decided."""
    return DisclosureBar.objects.using(DATABASE).filter(disclosure_id=case.pk, decided_at=None).first()


def of_case(case: Disclosure) -> list[DisclosureBar]:
    """Every wish and every change, oldest first."""
    return list(DisclosureBar.objects.using(DATABASE).filter(disclosure_id=case.pk).order_by("id"))


@contextmanager
def _silent(case: Disclosure, at: dt.datetime) -> Iterator[Disclosure]:
    """The case, locked, while it is silent. Raises ``Over``."""
    with transaction.atomic(using=DATABASE):
        row = Disclosure.objects.using(DATABASE).select_for_update().get(pk=case.pk)
        told = DisclosureNotice.objects.using(DATABASE).filter(disclosure_id=row.pk).exists()
        if told or not row.barred(at) or row.state in (State.REFUSED, State.WITHDRAWN):
            raise Over
        yield row


def _decide(wish: DisclosureBar, *, agreed: bool, by: UUID, at: dt.datetime) -> DisclosureBar:
    row = DisclosureBar.objects.using(DATABASE).select_for_update().get(pk=wish.pk)
    if row.decided_at is not None:
        raise NotNow
    row.agreed, row.decided_by, row.decided_at = agreed, by, at
    row.save(using=DATABASE, update_fields=["agreed", "decided_by", "decided_at"])
    return row


def _case(wish: DisclosureBar) -> Disclosure:
    return Disclosure.objects.using(DATABASE).get(pk=wish.disclosure_id)


def _end(case: Disclosure) -> dt.datetime:
    assert case.bar_until is not None  # it is silent
    return case.bar_until


def _record(what: str, case: Disclosure, until: dt.datetime, by: UUID, at: dt.datetime) -> None:
    """In the log of the platform, which the workspace does not see."""
    told = {"disclosure": str(case.pk), "subject": str(case.workspace_id), "until": f"{until:%Y-%m-%d}"}
    action = f"staff:disclosure:{what}"
    audit.record(action=action, workspace=audit.PLATFORM, actor=by, at=at, details=told, using=DATABASE)
