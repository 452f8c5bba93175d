"""The report on the promises: signed, numbered, and chained, so that yesterday's cannot be written anew.

A report is canonical JSON (sorted keys, no spaces, UTF-8). It names the link of the one before it; its own link is
SHA-256 over that link and its SHA-256. Reports are kept for 90 days, their links for good.
"""

import base64
import datetime as dt
import hashlib
import json
from collections import Counter
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.utils import translation

from privacy import profiles
from privacy.models import PromiseReport, ReportSeal
from privacy.promises import evaluating, signature
from privacy.promises.evaluating import Standing
from privacy.promises.register import unclaimed
from privacy.promises.signature import Signed
from privacy.promises.wording import sentence
from smsplatform.lib import clock
from smsplatform.lib.tasks import task

VERSION = 1
EVERY = dt.timedelta(hours=1)
FIRST_LINK = bytes(32)
_LOCK = 0x70726F6D  # one writer at a time, or two would name the same predecessor


def canonical(document: dict[str, Any]) -> bytes:
    """The one way to write a document down."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def report(*, at: dt.datetime) -> ReportSeal:
    """Write down what is known of every published promise, sign it and add it to the chain."""
    with transaction.atomic(using="system"):
        with connections["system"].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        last = ReportSeal.objects.using("system").order_by("-number").first()
        return _append(last, at)


@task(name="privacy.promises.report", queue="privacy")
def report_now() -> None:
    """Scheduled every few minutes; writes a report when the last one is an hour old and something was looked at."""
    at = clock.now()
    last = ReportSeal.objects.using("system").order_by("-number").first()
    if evaluating.newest() and (last is None or at - last.at >= EVERY):
        report(at=at)


def latest(*, using: str = "system") -> dict[str, Any] | None:
    """The newest report with its signature, as it is served; None before the first."""
    row = PromiseReport.objects.using(using).order_by("-number").first()
    if row is None:
        return None
    seal = ReportSeal.objects.using(using).get(number=row.number)
    return {
        "report": json.loads(row.document),
        "sha256": bytes(seal.digest).hex(),
        "link": bytes(seal.link).hex(),
        "key": str(seal.key_id),
        "signature": base64.b64encode(bytes(seal.signature)).decode(),
    }


def keys(*, using: str = "system") -> list[UUID]:
    """The keys that signed reports, newest first."""
    rows = ReportSeal.objects.using(using).order_by("-number").values_list("key_id", flat=True)
    return list(dict.fromkeys(rows))


def faults() -> list[str]:
    """What is wrong with the chain: a missing number, a link that does not follow, a report that was changed."""
    found, link, number = [], FIRST_LINK, 0
    documents = dict(PromiseReport.objects.using("system").values_list("number", "document"))
    for seal in ReportSeal.objects.using("system").order_by("number").iterator():
        number, link = number + 1, _link(link, bytes(seal.digest))
        if seal.number != number or bytes(seal.link) != link:
            found.append(f"link {seal.number}")
            number, link = seal.number, bytes(seal.link)
        if seal.number in documents and not _is_genuine(seal, documents[seal.number].encode()):
            found.append(f"report {seal.number}")
    return found


def _append(last: ReportSeal | None, at: dt.datetime) -> ReportSeal:
    before = bytes(last.link) if last else FIRST_LINK
    number = last.number + 1 if last else 1
    written = canonical(_document(number, before, at))
    signed = signature.sign(written)
    digest = hashlib.sha256(written).digest()
    seal = ReportSeal(
        number=number,
        at=at,
        profile=profiles.active(),
        digest=digest,
        link=_link(before, digest),
        key_id=signed.key_id,
        signature=signed.signature,
    )
    seal.save(using="system", force_insert=True)
    PromiseReport.objects.using("system").create(number=number, at=at, document=written.decode())
    return seal


def _document(number: int, before: bytes, at: dt.datetime) -> dict[str, Any]:
    with translation.override("en"):
        found = evaluating.standings(at=at)
        rows = [_row(each) for each in found]
        not_claimed = [{"id": each.id, "clause": sentence(each)} for each in unclaimed()]
    return {
        "version": VERSION,
        "number": number,
        "previous": before.hex(),
        "profile": profiles.active(),
        "at": _text(at),
        "counts": dict(Counter(str(each.status) for each in found)),
        "promises": rows,
        "not_claimed": not_claimed,
    }


def _row(standing: Standing) -> dict[str, Any]:
    return {
        "id": standing.promise.id,
        "clause": sentence(standing.promise),
        "status": str(standing.status),
        "methods": list(standing.methods),
        "checked_at": _text(standing.at),
        "fresh_until": _text(standing.until),
    }


def _text(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds") if moment else None


def _link(before: bytes, digest: bytes) -> bytes:
    return hashlib.sha256(before + digest).digest()


def _is_genuine(seal: ReportSeal, document: bytes) -> bool:
    signed = Signed(key_id=seal.key_id, signature=bytes(seal.signature))
    return hashlib.sha256(document).digest() == bytes(seal.digest) and signature.verify(document, signed)
