"""What every page and every answer of the API says of versions: those to come and those in effect."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from privacy.documents.remembered import Remembered
from privacy.models import DocumentVersion
from smsplatform.lib import ids

HEADER = "Policy-Notice"
PREFIX = "ntc"
FRESH_SECONDS = 15.0
State = DocumentVersion.State


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A version as far as it is told everywhere."""

    version_id: UUID
    document: str
    number: int
    effective_at: dt.datetime
    material: bool
    announced: bool  # to come; otherwise in effect

    @property
    def id(self) -> str:
        """Its public id."""
        return ids.encode(PREFIX, self.version_id)

    @property
    def path(self) -> str:
        """Where it can be read."""
        return reverse("document_version", args=[self.document, self.number])

    @property
    def changes_path(self) -> str:
        """Where its changes can be read."""
        return reverse("document_changes", args=[self.document, self.number])


def coming() -> list[Notice]:
    """Announced versions, soonest first."""
    return [notice for notice in _known.get() if notice.announced]


def current(document: str) -> Notice | None:
    """The version in effect."""
    return next((notice for notice in _known.get() if notice.document == document and not notice.announced), None)


def number_in_effect(document: str) -> str:
    """The number of the version in effect; empty before the first."""
    found = current(document)
    return str(found.number) if found else ""


def header() -> str:
    """The header's value, without waiting for anything; empty when nothing was announced."""
    return ", ".join(_item(notice) for notice in _known.at_hand() if notice.announced)


def of(version: DocumentVersion) -> Notice:
    """The notice of a version that was announced."""
    assert version.effective_at is not None
    return Notice(
        version_id=version.pk, document=version.document, number=version.number, effective_at=version.effective_at,
        material=version.material, announced=version.state == State.ANNOUNCED,
    )  # fmt: skip


def forget() -> None:
    """Ask the database next time."""
    _known.forget()


def _item(notice: Notice) -> str:
    """As a structured field (RFC 9651): a token with parameters."""
    url = f"{settings.BASE_URL.rstrip('/')}{notice.path}"
    day = notice.effective_at.astimezone(dt.UTC).date().isoformat()
    return f'{notice.document};version={notice.number};effective="{day}";url="{url}"'


def _load() -> list[Notice]:
    rows = DocumentVersion.objects.filter(state__in=[State.ANNOUNCED, State.EFFECTIVE]).order_by("effective_at")
    fields = rows.only("document", "number", "effective_at", "material", "state")
    return [of(version) for version in fields]


_known: Remembered[list[Notice]] = Remembered(_load, unknown=list, fresh=FRESH_SECONDS)
