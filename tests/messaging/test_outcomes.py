"""Whatever ends a message has words for it."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from messaging import outcomes, presenting
from messaging.carriers.smpp.errors import TABLE, Outcome
from messaging.carriers.smpp.receipts import FINAL_STATES, ReceiptState
from smsplatform.lib.api.codes import CODES

WRITTEN = re.compile(r"Refused\(\"(\w+)\"|\"failed\", \"(\w+)\"|THEN '(no_receipt)' ELSE '(validity_over)'")


def test_every_code_that_the_pipeline_writes_is_explained() -> None:
    sources = [settings.ROOT / "messaging" / "submission.py", *Path(settings.ROOT / "messaging" / "sql").glob("*.sql")]
    written = {code for path in sources for found in WRITTEN.findall(path.read_text()) for code in found if code}
    written |= {verdict.code for verdict in TABLE.values() if verdict.outcome is Outcome.FINAL}

    assert {"retries_exhausted", "no_receipt", "body_gone"} <= written
    assert [code for code in sorted(written) if outcomes.meaning(code) is None and code not in CODES] == []


@pytest.mark.parametrize("state", sorted(FINAL_STATES - {ReceiptState.DELIVERED}))
def test_every_final_state_of_a_receipt_is_explained(state: ReceiptState) -> None:
    """By the spelling of ``pipeline.error_of``, which makes the code of the receipt's state."""
    assert outcomes.meaning(f"carrier_{state}") is not None
    assert outcomes.meaning(f"carrier_{state}_27") is not None
    assert f"carrier_{state}" in dict(outcomes.described())


@pytest.mark.parametrize("code", ["carrier_undelivered", "carrier_undelivered_045", "carrier_expired_1"])
def test_a_receipt_is_explained_whatever_its_number(code: str) -> None:
    told = presenting.error_of(code)

    assert told is not None
    assert told["code"] == code
    assert told["detail"]


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert presenting.error_of("carrier_dreaming") == {"code": "carrier_dreaming", "detail": None}


def test_the_dictionary_lists_them() -> None:
    page = Client().get("/docs/errors").content.decode()

    assert all(f"<code>{code}</code>" in page for code, _told in outcomes.described())
