"""A decision as a document its maker can keep: the fields of ISO/IEC TS 27560, in JSON."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings

from privacy.consent import cookies
from privacy.models import ConsentRecord

SCHEMA_VERSION = "ISO-TS-27560:2023"


def records_of(consent: UUID) -> list[ConsentRecord]:
    """What was decided under one id, oldest first."""
    return list(ConsentRecord.objects.filter(consent_id=consent).order_by("id"))


def receipt(records: Iterable[ConsentRecord]) -> dict[str, Any]:
    """The record of one id: who asks, for what, and each event of giving and withdrawing."""
    kept = list(records)
    return {
        "header": {
            "record_id": str(kept[0].consent_id),
            "schema_version": SCHEMA_VERSION,
            "pii_principal_id": "none: known by the random id of the record only",
        },
        "processing": {
            "privacy_notice": f"{settings.BASE_URL}/privacy/policy",
            "pii_controllers": [{"contact": settings.PRIVACY_EMAIL, "url": settings.BASE_URL}],
            "purposes": [_purpose(group) for group in cookies.OPTIONAL],
            "lawful_basis": "consent",
            "withdrawal": f"{settings.BASE_URL}/privacy/cookies",
        },
        "events": [_event(record) for record in kept],
    }


def _purpose(group: cookies.Group) -> dict[str, Any]:
    used = [cookie for cookie in cookies.in_use() if cookie.group == group]
    return {
        "purpose": group.value,
        "cookies": [
            {"name": cookie.name, "seconds": int(cookie.lifetime.total_seconds()) if cookie.lifetime else None}
            for cookie in used
        ],
    }


def _event(record: ConsentRecord) -> dict[str, Any]:
    return {
        "event_id": str(record.pk),
        "event_time": record.decided_at.isoformat(),
        "event_type": record.decision,
        "groups": record.groups,
        "text_version": record.text_version,
        "language": record.language,
        "global_privacy_control": record.gpc,
        "method": record.method,
    }
