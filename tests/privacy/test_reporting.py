"""Reports on the promises: signed, chained, and not to be written anew."""

import base64
import datetime as dt
import hashlib
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import Error, connections

from privacy.models import PromiseReport, ReportSeal
from privacy.promises import reporting, signature
from privacy.promises.reporting import canonical
from smsplatform.lib import clock


def public_key(key_id: str) -> Ed25519PublicKey:
    """As somebody outside reads it from the published key."""
    published = next(key for key in map(signature.jwk, reporting.keys()) if key["kid"] == key_id)
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(published["x"] + "="))


@pytest.mark.promise("fleet-03")
def test_a_report_can_be_verified_by_anybody_and_a_changed_one_cannot() -> None:
    reporting.report(at=clock.now())

    served = json.loads(json.dumps(reporting.latest()))
    key = public_key(served["key"])
    signed = base64.b64decode(served["signature"])

    key.verify(signed, canonical(served["report"]))
    assert hashlib.sha256(canonical(served["report"])).hexdigest() == served["sha256"]
    served["report"]["promises"][0]["status"] = "proven!"
    with pytest.raises(InvalidSignature):
        key.verify(signed, canonical(served["report"]))


def test_a_report_says_status_time_and_method_of_each_sentence_and_no_evidence() -> None:
    reporting.report(at=clock.now())

    report = reporting.latest()["report"]  # type: ignore[index]  # there is one now

    assert {"id", "clause", "status", "methods", "checked_at", "fresh_until"} == set(report["promises"][0])
    assert sum(report["counts"].values()) == len(report["promises"])


def test_each_report_names_the_one_before() -> None:
    first = reporting.report(at=clock.now())
    second = reporting.report(at=clock.now())

    document = json.loads(PromiseReport.objects.using("system").get(number=second.number).document)
    assert second.number == first.number + 1
    assert document["previous"] == bytes(first.link).hex()
    assert reporting.faults() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE privacy_report_seal SET digest = digest WHERE number = %s",
        "DELETE FROM privacy_report_seal WHERE number = %s",
        "UPDATE privacy_promise_report SET document = '{}' WHERE number = %s",
    ],
)
def test_yesterdays_report_cannot_be_rewritten_even_by_the_owner(statement: str) -> None:
    seal = reporting.report(at=clock.now() - dt.timedelta(days=1))

    with pytest.raises(Error), connections["owner"].cursor() as cursor:
        cursor.execute(statement, [seal.number])


def test_a_report_that_was_changed_past_all_guards_is_found() -> None:
    seal = reporting.report(at=clock.now())
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE privacy_promise_report DISABLE TRIGGER refuse_change")
        cursor.execute(
            "UPDATE privacy_promise_report SET document = replace(document, 'gap', 'proven') WHERE number = %s",
            [seal.number],
        )
        found = reporting.faults()
        cursor.execute("DELETE FROM privacy_promise_report WHERE number = %s", [seal.number])
        cursor.execute("ALTER TABLE privacy_promise_report ENABLE TRIGGER refuse_change")

    assert found == [f"report {seal.number}"]
    assert ReportSeal.objects.using("system").filter(number=seal.number).exists()
