"""The platform's own table: nothing about people."""

from privacy.registry import F, ModelPolicy, Unit, declare, each
from smsplatform import announcements, status

PROBES = Unit(
    name="probes",
    period=status.KEPT,
    anchor="at",
    action="delete",
    unguarded="how our own parts did, about nobody",
    purge=status.purge,
    due=status.due,
)
ANNOUNCEMENTS = Unit(
    name="announcements",
    kept="365 days after their end",
    anchor="ends_at",
    action="delete",
    purge=announcements.purge,
    due=announcements.due,
)

declare(
    ModelPolicy(
        model="smsplatform.Announcement",
        scope="system",
        paths={"staff": "created_by"},
        activities=("secure_platform",),
        units=(ANNOUNCEMENTS,),
        fields={
            **each("id tone starts_at ends_at created_at", F("none", reason="when something is told to everybody")),
            **each("title text title_de text_de", F("none", reason="published by the operator")),
            "created_by": F("person_id", erase="keep", reason="evidence of who told customers"),
        },
    ),
    ModelPolicy(
        model="smsplatform.Probe",
        scope="system",
        units=(PROBES,),
        fields=each("id at part ok value", F("none", reason="how parts of the platform answer")),
    ),
)
