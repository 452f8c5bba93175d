"""Objection to something done with data (Art. 21): which activities can be objected to, who did, and what listens.

Where the inventory says ``stop``, a word is enough: whoever runs the activity asks ``stands`` first. Where it says
``weigh``, the data is restricted until the desk has weighed the grounds (Art. 18(1)(d)).
"""

import datetime as dt
from uuid import UUID

from privacy import registry
from privacy.models import Objection
from privacy.registry import Activity

STOP, WEIGH = "stop", "weigh"


def open_to(*subjects: str) -> list[Activity]:
    """The activities that these kinds of people may object to."""
    return [one for one in registry.activities() if one.objection and set(one.subjects) & set(subjects)]


def effect(activity: str) -> str:
    """``stop`` or ``weigh``; empty for what nobody can object to."""
    return next((one.objection for one in registry.activities() if one.key == activity), "")


def put(*, person: UUID, activity: str, request_id: UUID, at: dt.datetime) -> None:
    """From this commit on the objection stands; again changes nothing."""
    if not stands(person=person, activity=activity):
        Objection.objects.get_or_create(
            id=request_id, defaults={"person_id": person, "activity": activity, "since": at}
        )


def lift(*, request_id: UUID, at: dt.datetime) -> bool:
    """Take back the objection of one request; whether there was one."""
    return Objection.objects.filter(pk=request_id, lifted_at=None).update(lifted_at=at) == 1


def stands(*, person: UUID, activity: str) -> bool:
    """Whether somebody objects to an activity now."""
    return Objection.objects.filter(person_id=person, activity=activity, lifted_at=None).exists()
