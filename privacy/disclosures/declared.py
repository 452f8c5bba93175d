"""What the register of disclosures holds, for the inventory."""

import datetime as dt

from django.utils.translation import gettext_noop as _

from privacy import profiles, upkeep
from privacy.models import Disclosure, DisclosureBar, DisclosureNotice
from privacy.registry import Activity, F, ModelPolicy, Recipient, Unit, each

BATCH = 100
ROW = F("none", reason="random id of this row")
FACT = F("none", reason="times, codes and names of records of a case")
WHY = "evidence of what was disclosed, to whom and on what ground"
TEXT = F("opaque", export="never", erase="keep", reason=WHY)
ACTOR = F("person_id", export="never", erase="keep", reason="evidence of who decided")


def purge(*, at: dt.datetime) -> int:
    """Delete a batch of cases past their retention, with what was told of them."""
    over = Disclosure.objects.using("system").filter(closed_at__lt=at - profiles.duration("retention.disclosures"))
    gone = list(over.values_list("pk", flat=True)[:BATCH])
    DisclosureNotice.objects.using("system").filter(disclosure_id__in=gone).delete()
    DisclosureBar.objects.using("system").filter(disclosure_id__in=gone).delete()
    return Disclosure.objects.using("system").filter(pk__in=gone).delete()[0]


def due() -> dt.datetime | None:
    """The end of the case that was closed first."""
    closed = Disclosure.objects.using("system").filter(closed_at__isnull=False)
    return upkeep.first(closed, "closed_at", profiles.duration("retention.disclosures"))


DISCLOSURES = Unit(
    name="disclosures",
    kept=_("{period} after they were closed"),
    keep="retention.disclosures",
    anchor="closed_at",
    action="delete",
    unguarded="our own evidence of what we did, shown to staff and to the workspace it is about",
    purge=purge,
    due=due,
    reason=_("What was disclosed, to whom and on what ground is evidence."),
)

DECLARED = (
    Activity(
        key="answer_authorities",
        purpose="Answer authorities with the least that a lawful order demands",
        role="controller",
        basis="Legal obligation",
        subjects=("recipient", "account_holder"),
        data_use="essential.legal_obligation",
        recipients=("authority",),
    ),
    Recipient(
        key="authority",
        name="Authorities, each with a lawful order of its own",
        role="controller",
        holds=("msisdn", "body", "sender", "email", "name"),
    ),
    ModelPolicy(
        model="privacy.Disclosure",
        scope="tenant",
        what=_("Disclosures to authorities"),
        activities=("answer_authorities",),
        units=(DISCLOSURES,),
        closing="keep",
        closing_reason=_("What was disclosed, to whom and on what ground is evidence."),
        fields={
            **each("id workspace_id package_id", ROW),
            **each("state ground country records kinds since until bar_until authentic effective narrow", FACT),
            **each("received_at opened_at assessed_at notice_ordered_at noticed_at release_at", FACT),
            **each("approved_at sha256 produced_at closed_at", FACT),
            **each("authority law reference bar_law reasons outcome", TEXT),
            "number": F("msisdn", export="never", erase="keep", reason=WHY),
            **each("opened_by assessed_by approved_by closed_by", ACTOR),
        },
    ),
    ModelPolicy(
        model="privacy.DisclosureBar",
        scope="tenant",
        what=_("How long a law forbade to tell of disclosures to authorities"),
        activities=("answer_authorities",),
        units=(DISCLOSURES,),
        closing="keep",
        closing_reason=_("What was disclosed, to whom and on what ground is evidence."),
        fields={
            **each("id workspace_id disclosure_id", ROW),
            **each("was_until until asked_at decided_at agreed", FACT),
            **each("law document", TEXT),
            **each("asked_by decided_by", ACTOR),
        },
    ),
    ModelPolicy(
        model="privacy.DisclosureNotice",
        scope="tenant",
        what=_("What you were told of disclosures to authorities"),
        activities=("answer_authorities",),
        units=(DISCLOSURES,),
        closing="keep",
        closing_reason=_("What was disclosed, to whom and on what ground is evidence."),
        fields={
            **each("id workspace_id disclosure_id", ROW),
            **each("ground records kinds since until barred_until at release_at", FACT),
            **each("handed_over_at dropped_at objected_at answered_at", FACT),
            **each("authority law objection answer", F("opaque", erase="keep", reason=WHY)),
            "objected_by": F("person_id", erase="keep", reason="evidence of who objected"),
        },
    ),
)
