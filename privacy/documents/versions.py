"""The life of a version: drafted, announced, in effect, archived. Each step is one conditional update and one record.

The caller holds no workspace: documents belong to the platform, and so do the records of what was done to them. All
writing is the system role's; the web role reads.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from privacy import audit, keyring, profiles
from privacy.documents import changes, rendering, snapshot
from privacy.documents.clauses import LANGUAGES
from privacy.documents.texts import DOCUMENTS
from privacy.models import DocumentText, DocumentVersion
from smsplatform.lib import clock
from smsplatform.lib.tasks import task

State = DocumentVersion.State
SYSTEM = "system"


class TooEarly(ValueError):
    """The date leaves less notice than the change needs. ``earliest`` is the first possible moment."""

    def __init__(self, earliest: dt.datetime) -> None:
        super().__init__("too early")
        self.earliest = earliest


class NotPossible(ValueError):
    """The version is not in the state that this step begins with, or another one is on its way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A version in one language."""

    version: DocumentVersion
    language: str
    content: dict[str, Any]
    languages: tuple[str, ...]


def of_state(document: str, state: str) -> DocumentVersion | None:
    """The version in ``state``, of which there is at most one unless it is archived."""
    return DocumentVersion.objects.filter(document=document, state=state).first()


def in_effect(document: str) -> DocumentVersion | None:
    """The version people can rely on now; None before the first start was finished."""
    return of_state(document, State.EFFECTIVE)


def published(document: str) -> QuerySet[DocumentVersion]:
    """Everything that was ever announced, newest first."""
    return DocumentVersion.objects.filter(document=document).exclude(state=State.DRAFT).order_by("-number")


def announced() -> list[DocumentVersion]:
    """What will apply, soonest first."""
    return list(DocumentVersion.objects.filter(state=State.ANNOUNCED).order_by("effective_at"))


def shown(version: DocumentVersion, language: str) -> Shown:
    """A version in a language, or in English where it was not written in that."""
    texts = {text.language: text.content for text in version.texts.all()}
    chosen = language if language in texts else LANGUAGES[0]
    return Shown(version=version, language=chosen, content=texts[chosen], languages=tuple(sorted(texts, reverse=True)))


def draft(*, document: str, by: UUID | None, at: dt.datetime) -> DocumentVersion:
    """Make a draft of what is configured and declared now; it replaces an older draft."""
    with transaction.atomic(using=SYSTEM):
        drafts = DocumentVersion.objects.using(SYSTEM).filter(document=document, state=State.DRAFT)
        DocumentText.objects.using(SYSTEM).filter(version__in=drafts).delete()
        drafts.delete()
        made = _made(document, at)
        _record("drafted", made, by, at)
    return made


def unchanged(document: str) -> bool:
    """Whether a draft made now would say what the version in effect says."""
    now = in_effect(document)
    return now is not None and now.digest == _digest(*_sources(document))


def raise_to_material(*, version: DocumentVersion, by: UUID, at: dt.datetime) -> None:
    """Call a draft material. There is no way back: weight is computed, and people can only add to it."""
    with transaction.atomic(using=SYSTEM):
        _step(version, State.DRAFT, State.DRAFT, material=True, raised_by=by)
        _record("raised", version, by, at)


def announce(*, version: DocumentVersion, effective_at: dt.datetime, by: UUID | None, at: dt.datetime) -> None:
    """Tell everybody what will apply from ``effective_at``. Raises ``TooEarly``, ``NotPossible``."""
    first = changes.earliest(material=version.material and version.number > 1, at=at)
    if effective_at < first:
        raise TooEarly(first)
    with transaction.atomic(using=SYSTEM):
        _step(version, State.DRAFT, State.ANNOUNCED, announced_at=at, effective_at=effective_at)
        _record("announced", version, by, at)


def take_effect(*, at: dt.datetime) -> list[DocumentVersion]:
    """Put announced versions whose time has come into effect and archive those they replace. Safe to repeat."""
    due = DocumentVersion.objects.using(SYSTEM).filter(state=State.ANNOUNCED, effective_at__lte=at)
    return [version for version in due.order_by("effective_at") if _take_effect(version, at)]


def _take_effect(version: DocumentVersion, at: dt.datetime) -> bool:
    with transaction.atomic(using=SYSTEM):
        replaced = DocumentVersion.objects.using(SYSTEM).filter(document=version.document, state=State.EFFECTIVE)
        replaced.update(state=State.ARCHIVED, archived_at=at)
        try:
            _step(version, State.ANNOUNCED, State.EFFECTIVE)
        except NotPossible:  # another worker was faster
            transaction.set_rollback(True, using=SYSTEM)
            return False
        _record("effective", version, None, at)
    return True


def publish_first(*, at: dt.datetime) -> list[DocumentVersion]:
    """Put version 1 of each document into effect, where there is none yet: the first start."""
    missing = [key for key in DOCUMENTS if not DocumentVersion.objects.using(SYSTEM).filter(document=key).exists()]
    made = [draft(document=key, by=None, at=at) for key in missing]
    for version in made:
        announce(version=version, effective_at=at, by=None, at=at)
        DocumentVersion.objects.using(SYSTEM).filter(pk=version.pk).update(mailed_at=at)  # there is nobody to tell
    return take_effect(at=at) if made else []


def _sources(document: str) -> tuple[dict[str, Any], dict[str, Any]]:
    declared = DOCUMENTS[document]
    texts = {language: rendering.rendered(declared, language) for language in LANGUAGES}
    return snapshot.taken(declared), texts


def _digest(taken: dict[str, Any], texts: dict[str, Any]) -> str:
    return rendering.digest([taken, texts])


def _made(document: str, at: dt.datetime) -> DocumentVersion:
    taken, texts = _sources(document)
    versions = DocumentVersion.objects.using(SYSTEM).filter(document=document)
    base = versions.filter(state=State.EFFECTIVE).first()
    found = changes.between(base.snapshot, taken) if base else []
    made = DocumentVersion(
        document=document, number=(versions.aggregate(Max("number"))["number__max"] or 0) + 1,
        profile=profiles.active(), snapshot=taken, digest=_digest(taken, texts), drafted_at=at,
        changes=[change.as_json() for change in found], material=any(change.material for change in found),
    )  # fmt: skip
    try:
        made.save(using=SYSTEM, force_insert=True)
    except IntegrityError:  # somebody else drafts at the same moment
        raise NotPossible(document) from None
    DocumentText.objects.using(SYSTEM).bulk_create(
        DocumentText(version=made, language=language, content=content, sha256=rendering.digest(content))
        for language, content in texts.items()
    )
    return made


def _step(version: DocumentVersion, before: str, after: str, **fields: Any) -> None:
    """One conditional update; the row in memory follows. Raises ``NotPossible``."""
    rows = DocumentVersion.objects.using(SYSTEM).filter(pk=version.pk, state=before)
    try:
        with transaction.atomic(using=SYSTEM):
            moved = rows.update(state=after, **fields)
    except IntegrityError:
        raise NotPossible(after) from None
    if not moved:
        raise NotPossible(before)
    for name, value in {"state": after, **fields}.items():
        setattr(version, name, value)


def _record(what: str, version: DocumentVersion, by: UUID | None, at: dt.datetime) -> None:
    action = f"{'staff' if by else 'system'}:policy:{what}"
    details = {"document": version.document, "version": str(version.number), "digest": version.digest}
    audit.record(action=action, workspace=keyring.PLATFORM, actor=by, at=at, using=SYSTEM, details=details)


@task(name="privacy.documents.take_effect", queue="privacy")
def take_effect_now() -> None:
    """Scheduled; safe to run twice. On the first start it publishes version 1 of each document."""
    at = clock.now()
    try:
        publish_first(at=at)
    except NotPossible:  # another worker is at it
        return
    take_effect(at=at)
