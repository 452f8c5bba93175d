"""What the breach desk holds, for the inventory. Its texts name nobody, which is checked when they are written."""

import datetime as dt

from django.utils.translation import gettext_noop as _

from privacy.models import AffectedWorkspace, Incident, IncidentNotice
from privacy.registry import F, ModelPolicy, Unit, each

KEPT = 5 * dt.timedelta(days=365)
ROW = F("none", reason="random id of this row")
TEXT = F("none", reason="about the incident; names, numbers and addresses are refused when it is written")
COUNT = F("none", reason="times, counts and codes")
ACTOR = F("person_id", erase="keep", reason="who led or decided is evidence")
EVIDENCE = _("The law asks for the record of an incident: counts and what was told, no names.")


def purge(*, at: dt.datetime) -> int:
    """Delete incidents that were closed longer ago than the register is kept, with all that belongs to them."""
    over = list(
        Incident.objects.using("system").filter(closed_at__lt=at - KEPT).values_list("pk", flat=True)[:100]
    )  # fmt: skip
    IncidentNotice.objects.using("system").filter(incident_id__in=over).delete()
    AffectedWorkspace.objects.using("system").filter(incident_id__in=over).delete()
    Incident.objects.using("system").filter(pk__in=over).delete()
    return len(over)


def due() -> dt.datetime | None:
    """The end of the incident that was closed first."""
    closed = Incident.objects.using("system").filter(closed_at__isnull=False).order_by("closed_at")
    found = closed.values_list("closed_at", flat=True).first()
    return found + KEPT if found else None


INCIDENTS = Unit(
    name="incidents",
    kept=_("5 years after they were closed"),
    anchor="closed_at",
    action="delete",
    purge=purge,
    due=due,
)

DECLARED = (
    ModelPolicy(
        model="privacy.Incident",
        scope="system",
        what=_("The register of incidents"),
        activities=("secure_platform",),
        units=(INCIDENTS,),
        fields={
            "id": ROW,
            **each("title description risk_reasons measures drafts", TEXT),
            **each("confidentiality integrity availability drill aware_at opened_at closed_at risk sealed_only", COUNT),
            **each("scope scoped_at rows subjects", COUNT),
            "owner_id": ACTOR,
        },
    ),
    ModelPolicy(
        model="privacy.IncidentEntry",
        scope="system",
        what=_("What was done about incidents"),
        activities=("secure_platform",),
        units=(INCIDENTS,),
        fields={
            **each("id incident_id", ROW),
            **each("title text late_reason", TEXT),
            **each("kind audience number facts at sent_at", COUNT),
            "actor_id": ACTOR,
        },
    ),
    ModelPolicy(
        model="privacy.AffectedWorkspace",
        scope="tenant",
        what=_("Which incidents concerned the workspace"),
        activities=("secure_platform",),
        units=(INCIDENTS,),
        closing="keep",
        closing_reason=EVIDENCE,
        fields={**each("id workspace_id incident_id", ROW), **each("rows subjects", COUNT)},
    ),
    ModelPolicy(
        model="privacy.IncidentNotice",
        scope="tenant",
        what=_("What the workspace was told of incidents"),
        activities=("secure_platform",),
        units=(INCIDENTS,),
        closing="keep",
        closing_reason=EVIDENCE,
        fields={
            **each("id workspace_id entry_id incident_id", ROW),
            **each("title text", TEXT),
            **each("at mails seen_at", COUNT),
            "seen_by": ACTOR,
        },
    ),
)
