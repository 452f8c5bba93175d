"""Schemathesis on the served OpenAPI document, against the running web process.

It generates requests that the document allows and requests that it does not; whatever comes in, no answer is a 500, and
each has a status, headers, content type and body that the document promises.
"""

import json
import os
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.flows.conftest import Customer, make_customer, number
from tests.flows.stack import Stack

EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "8"))  # of each operation
SEED = int(os.environ.get("OPENAPI_SEED", "20260101"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NEGATIVE = [*CHECKS, negative_data_rejection]
MODES = {"allowed": schemathesis.GenerationMode.POSITIVE, "not allowed": schemathesis.GenerationMode.NEGATIVE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """The document, the caller, and ids that exist, by the name of their path parameter."""

    customer: Customer
    schema: Any
    known: dict[str, list[str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.customer.stack.ports['web']}"


@pytest.fixture(scope="module")
def subject(stack: Stack) -> Subject:
    customer = make_customer(stack, keys={"main": {"rate_max": 100_000}})
    document = customer.get("/v1/openapi.json")
    return Subject(customer=customer, schema=schemathesis.openapi.from_dict(document), known=known(customer))


def known(customer: Customer) -> dict[str, list[str]]:
    """One of everything, so that not each generated request ends in 404."""
    messages = [customer.send(f"text {n}", to=number())["id"] for n in range(4)]
    endpoint = customer.post("/v1/webhook_endpoints", {"url": "https://hooks.example.org/a"}).json["id"]
    delivery = customer.post(f"/v1/webhook_endpoints/{endpoint}/test", None).json["id"]
    template = customer.post("/v1/templates", {"name": "t", "text": "Hello {{name}}"}).json["id"]
    suppression = customer.post("/v1/suppressions", {"to": number(), "reason": "opt_out"}).json["id"]
    customer.final(messages[0])
    return {
        "message_id": messages,
        "endpoint_id": [endpoint],
        "delivery_id": [delivery],
        "template_id": [template],
        "suppression_id": [suppression],
    }


@pytest.mark.timeout(180)
@pytest.mark.parametrize("mode", MODES)
def test_every_operation_keeps_the_document(subject: Subject, mode: str) -> None:
    found: dict[str, str] = {}

    for result in subject.schema.get_all_operations():
        operation = result.ok()
        try:
            explore(subject, operation, mode)
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  # all findings in one report, not the first
            found[f"{operation.method.upper()} {operation.path}"] = summary(error)

    assert found == {}, json.dumps(found, indent=1)


def explore(subject: Subject, operation: Any, mode: str) -> None:
    """Try one operation; raises what schemathesis finds."""
    generated = operation.as_strategy(generation_mode=MODES[mode])
    key = subject.customer.key

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=generated, pick=st.integers(0, 3))
    def attempt(case: Any, pick: int) -> None:
        if mode == "allowed" and pick:
            for name, ids in subject.known.items():
                if name in case.path_parameters:
                    case.path_parameters[name] = ids[pick % len(ids)]
        case.call_and_validate(
            base_url=subject.url,
            headers={"Authorization": f"Bearer {key}"},
            checks=NEGATIVE if mode == "not allowed" else CHECKS,
        )

    attempt()


def summary(error: BaseException) -> str:
    """The findings without the advice around them."""
    parts = getattr(error, "exceptions", None)
    return " | ".join(map(summary, parts)) if parts else f"{type(error).__name__}: {error}"[:900]


def test_the_document_names_every_address_of_the_api(subject: Subject) -> None:
    named = {result.ok().path for result in subject.schema.get_all_operations()}

    assert {"/v1/messages", "/v1/messages/batch", "/v1/messages/{message_id}", "/v1/webhook_endpoints"} <= named
    assert len(named) >= 15
