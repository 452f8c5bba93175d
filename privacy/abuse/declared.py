"""What reports of unwanted texts hold, for the inventory."""

import datetime as dt

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_noop as _

from privacy import profiles, upkeep
from privacy.models import AbuseCase, AbuseStep, Hold
from privacy.registry import Activity, F, ModelPolicy, Unit, each

BATCH = 1000
ROW = F("none", reason="random id of this row")
FACT = F("none", reason="times and codes of a case")


def free() -> "QuerySet[AbuseCase]":
    """Cases that no standing hold keeps."""
    holds = Hold.objects.using("system").filter(pk=OuterRef("hold_id"), released_at=None)
    return AbuseCase.objects.using("system").exclude(Exists(holds))


def clear(*, at: dt.datetime) -> int:
    """Forget numbers, addresses and words of cases closed long enough; how many."""
    over = free().filter(closed_at__lt=at - profiles.duration("retention.abuse_words"))
    some = over.filter(number__isnull=False) | over.filter(email__isnull=False) | over.filter(words__isnull=False)
    batch = list(some.values_list("pk", flat=True)[:BATCH])
    AbuseStep.objects.using("system").filter(case_id__in=batch).update(reason=None)
    gone = AbuseCase.objects.using("system").filter(pk__in=batch)
    return gone.update(number=None, number_idx=None, email=None, words=None)


def purge(*, at: dt.datetime) -> int:
    """Delete a batch of cases past their retention, with their histories."""
    over = free().filter(closed_at__lt=at - profiles.duration("retention.abuse"))
    batch = list(over.values_list("pk", flat=True)[:BATCH])
    AbuseStep.objects.using("system").filter(case_id__in=batch).delete()
    return AbuseCase.objects.using("system").filter(pk__in=batch).delete()[0]


def words_due() -> dt.datetime | None:
    """The end of the words of the case that was closed first of those that still have some."""
    closed = free().filter(closed_at__isnull=False)
    some = closed.filter(number__isnull=False) | closed.filter(email__isnull=False) | closed.filter(words__isnull=False)
    return upkeep.first(some, "closed_at", profiles.duration("retention.abuse_words"))


def due() -> dt.datetime | None:
    """The end of the case that was closed first."""
    closed = free().filter(closed_at__isnull=False)
    return upkeep.first(closed, "closed_at", profiles.duration("retention.abuse"))


WORDS = Unit(
    name="words of abuse reports",
    kept=_("{period} after the case is closed"),
    keep="retention.abuse_words",
    anchor="closed_at",
    action="clear",
    unguarded="read by the staff who decide the case, and by nobody else",
    purge=clear,
    due=words_due,
)
CASES = Unit(
    name="abuse reports",
    kept=_("{period} after they are closed, without number, address and words"),
    keep="retention.abuse",
    anchor="closed_at",
    action="delete",
    unguarded="kind, sender as it was shown, and what was decided; about nobody who received it",
    purge=purge,
    due=due,
)

DECLARED = (
    Activity(
        key="follow_up_abuse",
        purpose="Follow up on reports of unwanted texts",
        role="controller",
        basis="Legitimate interest",
        subjects=("recipient", "account_holder"),
        data_use="essential.service.security",
    ),
    ModelPolicy(
        model="privacy.AbuseCase",
        scope="global",
        what=_("Your reports of unwanted texts"),
        paths={"recipient": "number_idx"},
        activities=("follow_up_abuse",),
        units=(WORDS, CASES),
        fields={
            **each("id suspect_id hold_id", ROW),
            **each("kind state source text_at reported_at closed_at", FACT),
            "sender": F("opaque", export="subject"),
            "words": F("opaque", export="subject"),
            "number": F("msisdn", export="subject"),
            "number_idx": F("msisdn", form="index", export="never", indexed_as="privacy.AbuseCase.number"),
            "email": F("email"),
        },
    ),
    ModelPolicy(
        model="privacy.AbuseStep",
        scope="global",
        what=_("What was done about reports of unwanted texts"),
        paths={"staff": "by_id"},
        activities=("follow_up_abuse",),
        units=(WORDS, CASES),
        fields={
            **each("id case_id", ROW),
            **each("state at", FACT),
            "reason": F("opaque", export="never", erase="keep", reason="evidence of why somebody decided so"),
            "by_id": F("person_id", export="never", erase="keep", reason="evidence of who decided"),
        },
    ),
)
