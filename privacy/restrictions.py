"""Restriction of processing (Art. 18): data is stored, and nothing else is done with it until that is lifted.

A restricted number is refused on acceptance and given up by the claim, in every workspace that knew it when it was
restricted, by the same table that suppression and objection use (``messaging.stopping`` listens). Staff pages leave out
what is restricted. Whoever asked is told before it is lifted; so are account holders here, by mail.
"""

import datetime as dt
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.dispatch import Signal

from privacy import ciphers, finding
from privacy.models import Restriction
from privacy.people import Person
from smsplatform.lib import mail

# Sending to a number is to stop, or may go on; arguments: workspace, msisdn, at.
number_restricted = Signal()
number_released = Signal()


class NotRestricted(LookupError):
    """Nothing is restricted for this person."""


def restrict(person: Person, *, request_id: UUID, at: dt.datetime) -> None:
    """Restrict the use of somebody's data; again changes nothing. Not in a transaction for a number everywhere."""
    Restriction.objects.get_or_create(
        id=request_id,
        defaults={
            "person_id": None if person.msisdn else person.user,
            "number_idx": _number(person.msisdn) if person.msisdn else None,
            "place_id": person.workspace,
            "since": at,
        },
    )
    for workspace in _places(person):
        number_restricted.send(sender=Restriction, workspace=workspace, msisdn=person.msisdn, at=at)


def lift(person: Person, *, at: dt.datetime) -> None:
    """Lift every restriction of a person here, after telling who signs in. Raises ``NotRestricted``."""
    mine = of(person)
    if not mine.exists():
        raise NotRestricted
    if person.user and not person.msisdn:
        _tell(person.user)
    mine.update(lifted_at=at)
    for workspace in _places(person):
        number_released.send(sender=Restriction, workspace=workspace, msisdn=person.msisdn, at=at)


def end(request_id: UUID, *, at: dt.datetime) -> bool:
    """End the restriction of one request about somebody who signs in; whether there was one."""
    mine = Restriction.objects.filter(pk=request_id, person_id__isnull=False, lifted_at=None)
    return mine.update(lifted_at=at) == 1


def of(person: Person) -> "QuerySet[Restriction]":
    """The restrictions in force for a person; those of one workspace only there."""
    who = Q(number_idx=_number(person.msisdn)) if person.msisdn else Q(person_id=person.user)
    where = Q() if person.workspace is None else Q(place_id=person.workspace) | Q(place_id=None)
    return Restriction.objects.filter(who & where, lifted_at=None)


def is_restricted(person: Person) -> bool:
    """Whether nothing but storing is allowed."""
    return of(person).exists()


def restricted_people() -> set[UUID]:
    """Ids of people who sign in and whose data is restricted: staff pages leave them out."""
    found = Restriction.objects.filter(lifted_at=None, person_id__isnull=False)
    return {each for each in found.values_list("person_id", flat=True) if each}


def _places(person: Person) -> list[UUID]:
    if not person.msisdn:
        return []
    return [person.workspace] if person.workspace else finding.workspaces_of(person.msisdn)


def _number(msisdn: str) -> bytes:
    return ciphers.platform_index("privacy.Restriction.number", msisdn)


def _tell(user: UUID) -> None:
    reader = get_user_model().objects.filter(pk=user).first()
    if reader is not None:
        mail.send("privacy/restriction_lifted", to=[reader], context={"url": mail.link("/account/data")})
