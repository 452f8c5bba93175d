import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.validation import validate_schema

from accounts.roles import Scope

METHODS = ("get", "post", "patch", "delete")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    response = Client().get("/v1/openapi.json")
    assert response.status_code == 200
    document: dict[str, Any] = json.loads(response.content)
    return document


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    validate_schema(document)  # type: ignore[no-untyped-call]  # the framework has no types

    assert document["openapi"].startswith("3.1")


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(document)))

    assert named <= set(document["components"]["schemas"])


def test_every_operation_is_named_described_and_has_its_refusals(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        if "messag" in path or "webhook" in path:
            assert operation["summary"], (path, method)
            assert "401" in operation["responses"], (path, method)
            refused = operation["responses"]["401"]["content"]
            assert list(refused) == ["application/problem+json"], (path, method)


def test_every_view_of_the_api_says_which_scope_each_method_needs() -> None:
    views = [
        pattern.callback.view_class
        for resolver in get_resolver().url_patterns
        for pattern in _patterns(resolver)
        if str(pattern.pattern).startswith("v1/") and not str(pattern.pattern).endswith("openapi.json")
    ]

    views = [view for view in views if view.authentication_classes]  # the others hand out what stands for a key
    assert len(views) >= 20
    for view in views:
        methods = {method.upper() for method in METHODS if hasattr(view, method)}
        scopes = view.scopes if isinstance(view.scopes, dict) else dict.fromkeys(methods, view.scopes)
        assert methods <= set(scopes), view
        assert set(scopes.values()) <= set(Scope), view


def test_the_explorer_relaxes_its_policy_by_styles_and_data_images_only() -> None:
    response = Client().get("/api/explorer")

    policy = response["Content-Security-Policy"]
    assert response.status_code == 200
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src 'self';" in policy + ";"
    assert "default-src 'none'" in policy
    assert b"<script>" not in response.content
    script = Client().get("/api/explorer", {"script": ""})
    assert script.status_code == 200
    assert b"/v1/openapi.json" in script.content


def _patterns(found: Any) -> list[Any]:
    inner = getattr(found, "url_patterns", None)
    return [found] if inner is None else [leaf for one in inner for leaf in _patterns(one)]
