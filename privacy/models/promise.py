"""What was found of the published promises: checks, attestations, and the reports that cannot be rewritten."""

from typing import Any, NoReturn

from django.db import models

from smsplatform.lib import ids


class CheckResult(models.Model):
    """A live check was run. ``evidence`` holds counts, codes and times."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    name = models.CharField(max_length=60)  # of the check
    at = models.DateTimeField()
    holds = models.BooleanField(null=True)  # null: it could not be told
    why = models.CharField(max_length=200, default="", blank=True)
    evidence = models.JSONField(default=dict)
    took_ms = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "privacy_check_result"
        indexes = [models.Index("name", models.F("id").desc(), name="check_result_newest")]

    def __str__(self) -> str:
        return f"{self.name} {self.holds}"


class PromiseAttestation(models.Model):
    """A member of staff says that a promise holds which no machine can look at. The newest one counts."""

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    promise = models.CharField(max_length=20)
    by_id = models.UUIDField(null=True)  # null: from the command line
    at = models.DateTimeField()
    evidence = models.CharField(max_length=300)  # what was seen
    document = models.CharField(max_length=300)  # its SHA-256, or where it is
    expires_on = models.DateField()

    class Meta:
        db_table = "privacy_attestation"
        indexes = [models.Index("promise", models.F("id").desc(), name="attestation_newest")]

    def __str__(self) -> str:
        return f"{self.promise} until {self.expires_on}"


class AppendOnly(TypeError):
    """Seals of reports are never changed."""


class ReportSeal(models.Model):
    """The place of a report in the chain: stays when the report itself is over.

    ``link`` is SHA-256 over the link before it and the report's own SHA-256, so no report can be put in the place of
    another without changing every later link; each report names the link before it and is signed.
    """

    number = models.BigIntegerField(primary_key=True)  # 1, 2, 3 …
    at = models.DateTimeField()
    profile = models.CharField(max_length=10)
    digest = models.BinaryField(max_length=32)
    link = models.BinaryField(max_length=32)
    key_id = models.UUIDField()
    signature = models.BinaryField(max_length=64)

    class Meta:
        db_table = "privacy_report_seal"

    def __str__(self) -> str:
        return f"report {self.number}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused, as the database refuses it too."""
        raise AppendOnly


class PromiseReport(models.Model):
    """A report on the promises, byte for byte as it was signed."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    document = models.TextField()

    class Meta:
        db_table = "privacy_promise_report"

    def __str__(self) -> str:
        return f"report {self.number}"
