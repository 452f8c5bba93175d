"""Whether the published documents are what applies, were told in time, and name everybody who is given data."""

import datetime as dt

from django.conf import settings
from django.db import connections
from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from privacy import profiles, registry
from privacy.documents import in_force, lint, providers, rendering, versions
from privacy.documents.texts import DOCUMENTS
from privacy.models import DocumentVersion
from privacy.promises import Check, Outcome, declare
from smsplatform.lib.http import egress

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
FLOOR = dt.timedelta(days=14)
MAILS_LATE = dt.timedelta(hours=6)
EFFECT_LATE = dt.timedelta(minutes=5)
State = DocumentVersion.State


def dated(at: dt.datetime) -> Outcome:
    """Each document has a version in effect whose date has come, and no setting promises less."""
    current = {version.document: version for version in _rows().filter(state=State.EFFECTIVE)}
    if not current:
        return Outcome(holds=None, why="nothing was published yet")
    missing = sorted(DOCUMENTS.keys() - current.keys())
    early = [key for key, version in current.items() if version.effective_at and version.effective_at > at]
    withheld = [key.name for key, _configured, _promised in in_force.withheld()]
    why = ", ".join([*(f"{key} has no version" for key in missing), *(f"{key} is too early" for key in early)])
    return Outcome(holds=not why, why=why, evidence={"documents": len(current), "settings_withheld": len(withheld)})


def one(at: dt.datetime) -> Outcome:
    """The database itself refuses a second version in effect."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_indexes WHERE indexname = 'document_one_of_a_state' AND indexdef LIKE %s",
                       ["CREATE UNIQUE INDEX%"])  # fmt: skip
        kept = cursor.fetchone() is not None
    counted = _rows().filter(state=State.EFFECTIVE).values_list("document", flat=True)
    double = len(counted) - len(set(counted))
    holds = kept and not double
    return Outcome(holds=holds, why="" if holds else "the index is missing", evidence={"in_effect": len(counted)})


def notice(at: dt.datetime) -> Outcome:
    """Nothing of weight applied before its notice was over; what is due applies; mails went out."""
    announced = _rows().exclude(state=State.DRAFT).filter(number__gt=1)
    short = [row for row in announced.filter(material=True) if row.effective_at - row.announced_at < FLOOR]  # type: ignore[operator]  # both are there once announced
    late = _rows().filter(state=State.ANNOUNCED, effective_at__lt=at - EFFECT_LATE).count()
    unsent = announced.filter(mailed_at=None, announced_at__lt=at - MAILS_LATE).count()
    faults = {"short": len(short), "not_applied": late, "not_mailed": unsent}
    why = ", ".join(f"{count} {name}" for name, count in faults.items() if count)
    return Outcome(holds=not why, why=why, evidence={"announced": announced.count(), **faults})


def subprocessors(at: dt.datetime) -> Outcome:
    """Every provider has a contract that has not run out."""
    listed = [one for one in registry.recipients() if one.evidence_until is not None]
    if not listed:
        return Outcome(holds=None, why="the operator has listed no providers (RECIPIENTS_FILE)")
    over = [one.key for one in providers.expired(at.date())]
    return Outcome(holds=not over, why=", ".join(over), evidence={"providers": len(listed), "run_out": len(over)})


def recipients(at: dt.datetime) -> Outcome:
    """Every host that we send to by ourselves belongs to a listed recipient."""
    known = {host for one in registry.recipients() for host in one.hosts}
    strangers = sorted(set(egress.recipients) - known)
    why = ", ".join(strangers)
    return Outcome(holds=not why, why=why, evidence={"hosts": len(egress.recipients), "unlisted": len(strangers)})


def claims(at: dt.datetime) -> Outcome:
    """No published text claims a certificate, and nothing beyond what the profile says is claimed."""
    found = 0
    for version in _rows().filter(state__in=[State.EFFECTIVE, State.ANNOUNCED]).prefetch_related("texts"):
        for text in version.texts.all():
            found += len(lint.claims_in("\n".join(rendering.lines(text.content))))
    evidence: dict[str, str | int | float] = {"found": found, "claimed": len(profiles.value("claims"))}
    return Outcome(holds=not found, why="a document claims a certificate" if found else "", evidence=evidence)


def archived(at: dt.datetime) -> Outcome:
    """No number is missing, and every text is the one that was announced."""
    rows = list(_rows().exclude(state=State.DRAFT).prefetch_related("texts"))
    for key in DOCUMENTS:
        numbers = {row.number for row in rows if row.document == key}
        if numbers and numbers != set(range(1, max(numbers) + 1)) - _dropped(key):
            return Outcome(holds=False, why=f"{key} lacks a version")
    changed = [text for row in rows for text in row.texts.all() if rendering.digest(text.content) != text.sha256]
    return Outcome(holds=not changed, why="a text was changed" if changed else "", evidence={"versions": len(rows)})


def _dropped(document: str) -> set[int]:
    """The number of the draft on its way, if any."""
    draft = versions.of_state(document, State.DRAFT)
    return {draft.number} if draft else set()


def linked(at: dt.datetime) -> Outcome:
    """The templates of pages, mails and sign-up link to the policy."""
    surfaces = {
        "pages": ("components/site_foot.html", "components/shell_foot.html", "accounts/sign_up.html"),
        "mails": ("email/layouts/base.html", "email/layouts/base.txt"),
    }
    root = settings.ROOT / "templates"
    missing = [
        name for names in surfaces.values() for name in names if not _links((root / name).read_text())
    ]  # fmt: skip
    return Outcome(holds=not missing, why=", ".join(missing), evidence={"surfaces": sum(map(len, surfaces.values()))})


def _links(template: str) -> bool:
    return "'policy'" in template or "/privacy/policy" in template


def _rows() -> QuerySet[DocumentVersion]:
    return DocumentVersion.objects.all()


declare(
    Check(name="privacy.policy_dated", method="database", run=dated, fresh=HOUR,
          what=_("Every document has a version in effect, with its date.")),
    Check(name="privacy.policy_one", method="database", run=one, fresh=HOUR,
          what=_("At most one version of a document is in effect, and the database sees to it.")),
    Check(name="privacy.policy_notice", method="database", run=notice, fresh=HOUR,
          what=_("Changes of weight were announced in time, applied on their day and mailed.")),
    Check(name="privacy.policy_archived", method="database", run=archived, fresh=DAY,
          what=_("Every version is in the archive as it was announced.")),
    Check(name="privacy.subprocessors", method="configuration", run=subprocessors, fresh=DAY,
          what=_("No provider's contract on data protection has run out.")),
    Check(name="privacy.hosts_listed", method="configuration", run=recipients, fresh=HOUR,
          what=_("Every host we send data to belongs to a listed recipient.")),
    Check(name="privacy.documents_claim", method="database", run=claims, fresh=DAY,
          what=_("No published document claims a certificate.")),
    Check(name="smsplatform.policy_linked", method="configuration", run=linked, fresh=DAY,
          what=_("Pages, mails and sign-up link to the policy.")),
)  # fmt: skip
