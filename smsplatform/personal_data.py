"""The platform's own table: nothing about people."""

from privacy.registry import F, ModelPolicy, Unit, declare, each
from smsplatform import status

PROBES = Unit(name="probes", kept="7 days", anchor="at", action="delete", purge=status.purge)

declare(
    ModelPolicy(
        model="smsplatform.Probe",
        scope="system",
        units=(PROBES,),
        fields=each("id at part ok value", F("none", reason="how parts of the platform answer")),
    )
)
