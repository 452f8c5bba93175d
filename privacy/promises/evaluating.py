"""Looking at the live system, and saying of each promise what is known of it now.

Results are stored, because a check may cost seconds and a page must not; how long a result counts its check says. A
check that fails itself has told nothing: that is a gap with the error's name, never a crash and never a proof.
"""

import datetime as dt
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from privacy import audit, profiles
from privacy.audit import PLATFORM
from privacy.models import CheckResult, PromiseAttestation
from privacy.promises import tested
from privacy.promises.model import Check, Outcome, Promise, Status, check, checks
from privacy.promises.register import published
from smsplatform.lib import clock
from smsplatform.lib.tasks import task

WHY_MAX = 200
# The weakest part decides: what is attested is not called proven because a machine saw another part of it.
WEAKEST_FIRST = (Status.FAILING, Status.GAP, Status.STALE, Status.ATTESTED, Status.PROVEN)

_NEWEST: LiteralString = """
    SELECT newest.* FROM unnest(%s::text[]) AS wanted, LATERAL (
        SELECT * FROM privacy_check_result WHERE name = wanted ORDER BY id DESC LIMIT 1) AS newest
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One of the things that show a promise, and what it says now."""

    method: str  # test, attestation, or the method of a check
    name: str
    status: Status
    why: str = ""
    at: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is known of a promise. ``at`` is the oldest look that counts, ``until`` when the first one runs out."""

    promise: Promise
    status: Status
    parts: tuple[Part, ...]
    at: dt.datetime | None
    until: dt.datetime | None

    @property
    def why(self) -> str:
        """Why it is not proven, from the parts that say so."""
        return " · ".join(part.why for part in self.parts if part.status == self.status and part.why)

    @property
    def methods(self) -> tuple[str, ...]:
        """How it is shown."""
        return tuple(dict.fromkeys(part.method for part in self.parts))


def look(looked: Check, *, at: dt.datetime) -> CheckResult:
    """What one check finds; not kept."""
    began = time.monotonic()
    outcome = _outcome(looked, at)
    return CheckResult(
        name=looked.name,
        at=at,
        holds=outcome.holds,
        why=outcome.why[:WHY_MAX],
        evidence=outcome.evidence,
        took_ms=int((time.monotonic() - began) * 1000),
    )


def run(looked: Check, *, at: dt.datetime) -> CheckResult:
    """Run one check and keep what it found."""
    found = look(looked, at=at)
    found.save(using="system", force_insert=True)
    return found


def tried(*, profile: str, at: dt.datetime) -> list["Standing"]:
    """What would be known if ``profile`` were in force here. Keeps nothing."""
    with profiles.trying(profile):
        results = {each.name: look(each, at=at) for each in checks()}
        attested = _attestations("system")
        return [standing(each, results, attested, at=at) for each in published(profile=profile)]


def run_all(*, at: dt.datetime) -> list[CheckResult]:
    """Run every check."""
    return [run(each, at=at) for each in checks()]


def run_due(*, at: dt.datetime) -> list[CheckResult]:
    """Run the checks whose last answer is half way to being too old."""
    last = newest()
    return [run(each, at=at) for each in checks() if _is_due(each, last.get(each.name), at)]


@task(name="privacy.promises.run_due", queue="privacy")
def run_due_now() -> None:
    """Scheduled; safe to run twice."""
    run_due(at=clock.now())


def newest(*, using: str = "system") -> dict[str, CheckResult]:
    """The last result of each check: one look into the index for each, however long the history is."""
    rows = CheckResult.objects.using(using).raw(_NEWEST, [[each.name for each in checks()]])
    return {row.name: row for row in rows}


def history(name: str, *, limit: int = 20, using: str = "system") -> list[CheckResult]:
    """The last results of one check, newest first."""
    return list(CheckResult.objects.using(using).filter(name=name).order_by("-id")[:limit])


def attestations(promise: Promise, *, using: str = "system") -> list[PromiseAttestation]:
    """Who vouched for a promise, newest first."""
    return list(PromiseAttestation.objects.using(using).filter(promise=promise.id).order_by("-id"))


def standings(*, at: dt.datetime, profile: str = "", using: str = "system") -> list[Standing]:
    """What is known of every published promise, in the words of the reader's language."""
    results = newest(using=using)
    attested = _attestations(using)
    return [standing(each, results, attested, at=at) for each in published(profile=profile)]


def standing(
    promise: Promise, results: dict[str, CheckResult], attested: dict[str, PromiseAttestation], *, at: dt.datetime
) -> Standing:
    """What is known of one promise."""
    parts = tuple(_parts(promise, results, attested, at))
    looked = [part.at for part in parts if part.at]
    ends = [part.until for part in parts if part.until]
    return Standing(
        promise=promise,
        status=min((part.status for part in parts), key=WEAKEST_FIRST.index),
        parts=parts,
        at=min(looked, default=None),
        until=min(ends, default=None),
    )


def attest(
    *, promise: Promise, by: UUID | None, evidence: str, document: str, expires_on: dt.date, at: dt.datetime
) -> PromiseAttestation:
    """Record that somebody saw the evidence for a promise."""
    with transaction.atomic(using="system"):
        audit.record(
            action="staff:promise:attested",
            workspace=PLATFORM,
            actor=by,
            at=at,
            details={"promise": promise.id, "until": expires_on.isoformat()},
            using="system",
        )
        return PromiseAttestation.objects.using("system").create(
            promise=promise.id, by_id=by, at=at, evidence=evidence, document=document, expires_on=expires_on
        )


def _outcome(looked: Check, at: dt.datetime) -> Outcome:
    try:
        return looked.run(at)
    except Exception as error:
        logger.exception("promise_check_failed", extra={"check": looked.name})
        return Outcome(holds=None, why=type(error).__name__)


def _is_due(looked: Check, last: CheckResult | None, at: dt.datetime) -> bool:
    return last is None or at - last.at >= looked.fresh / 2


def _attestations(using: str) -> dict[str, PromiseAttestation]:
    rows = PromiseAttestation.objects.using(using).order_by("promise", "-id").distinct("promise")
    return {row.promise: row for row in rows}


def _parts(
    promise: Promise, results: dict[str, CheckResult], attested: dict[str, PromiseAttestation], at: dt.datetime
) -> Iterable[Part]:
    if promise.gap:
        yield Part(method="none", name="", status=Status.GAP, why=gettext(promise.gap))
    for name in promise.checks:
        yield _of_check(name, results.get(name), at)
    if promise.tested:
        yield _of_tests(promise)
    if promise.attested:
        yield _of_attestation(promise, attested.get(promise.id), at)


def _of_check(name: str, result: CheckResult | None, at: dt.datetime) -> Part:
    declared = check(name)
    if declared is None:
        why = gettext("Nothing looks at this yet (%(name)s).") % {"name": name}
        return Part(method="none", name=name, status=Status.GAP, why=why)
    if result is None:
        return Part(method=declared.method, name=name, status=Status.GAP, why=gettext("It was not looked at yet."))
    until = result.at + declared.fresh
    return Part(
        method=declared.method,
        name=name,
        status=_status(result, until, at),
        why=_why(result, until, at),
        at=result.at,
        until=until,
    )


def _status(result: CheckResult, until: dt.datetime, at: dt.datetime) -> Status:
    if result.holds is False:
        return Status.FAILING
    if result.holds is None:
        return Status.GAP
    return Status.STALE if at > until else Status.PROVEN


def _why(result: CheckResult, until: dt.datetime, at: dt.datetime) -> str:
    if not result.holds:
        return result.why or gettext("It does not hold.")
    return gettext("It was looked at too long ago.") if at > until else ""


def _of_tests(promise: Promise) -> Part:
    known = tested.entries().get(promise.id, [])
    if not known:
        return Part(method="test", name="", status=Status.GAP, why=gettext("No test shows this yet."))
    return Part(method="test", name=", ".join(known), status=Status.PROVEN)


def _of_attestation(promise: Promise, row: PromiseAttestation | None, at: dt.datetime) -> Part:
    assert promise.attested is not None
    wanted = gettext(promise.attested.evidence)
    if row is None:
        why = gettext("Nobody attested it yet: %(wanted)s.") % {"wanted": wanted}
        return Part(method="attestation", name="", status=Status.GAP, why=why)
    until = dt.datetime.combine(row.expires_on, dt.time(), dt.UTC) + dt.timedelta(days=1)
    over = at >= until
    return Part(
        method="attestation",
        name=row.document,
        status=Status.GAP if over else Status.ATTESTED,
        why=gettext("The attestation ran out.") if over else "",
        at=row.at,
        until=until,
    )
