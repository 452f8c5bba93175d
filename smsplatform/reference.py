"""The API reference as values, read from the OpenAPI document: document, explorer and page have one source."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from smsplatform.lib.api import versions

METHODS = ("post", "get", "patch", "put", "delete")  # in the order of a life
PROBLEM = "application/problem+json"
_CODE = re.compile(r"`([a-z_]+)`")
_DEPTH = 4  # of nested objects in an example
_WORDS = {"string": "text", "integer": "number", "boolean": True}


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of a body or one parameter. ``kind`` is in words: ``text``, ``one of a, b``, ``list of text``."""

    name: str
    kind: str
    required: bool
    description: str
    default: str
    place: str  # body, path, query or header


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    tag: str
    method: str
    path: str
    summary: str
    description: str
    fields: tuple[Field, ...]
    example: dict[str, Any] | None  # of the body
    answer_status: str
    answer: Any  # an example, None when there is no body
    codes: tuple[str, ...]  # refusals, keys of the error dictionary

    @property
    def answer_json(self) -> str:
        """The example of an answer as a person reads it."""
        return "" if self.answer is None else json.dumps(self.answer, indent=2, ensure_ascii=False)


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation, those on one thing together, in the order a newcomer meets them."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    document = Document(schema)
    found = [
        document.operation(path, method, about)
        for path, methods in schema["paths"].items()
        for method, about in methods.items()
        if method in METHODS
    ]
    tags = list(dict.fromkeys(operation.tag for operation in sorted(found, key=lambda one: one.tag != "Messages")))
    return tuple(sorted(found, key=lambda one: (tags.index(one.tag), one.path, METHODS.index(one.method))))


class Document:
    """An OpenAPI document, read for people."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._kinds: Mapping[str, Any] = schema["components"]["schemas"]

    def operation(self, path: str, method: str, about: Mapping[str, Any]) -> Operation:
        """One method of ``path``."""
        body = about.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        status, answer = self._answer(about["responses"])
        return Operation(
            id=about["operationId"],
            tag=str(about["tags"][0]).capitalize(),
            method=method,
            path=path,
            summary=about.get("summary") or about["operationId"].replace("_", " ").capitalize(),
            description=about.get("description", ""),
            fields=(*self._parameters(about.get("parameters", ())), *self._body(body)),
            example=self.example(body, required_only=True) if body else None,
            answer_status=status,
            answer=answer,
            codes=_codes(about["responses"]),
        )

    def example(self, schema: Mapping[str, Any], *, required_only: bool = False, depth: int = _DEPTH) -> Any:
        """A value that fits ``schema``, of its own examples where it has some."""
        schema = self._resolved(schema)
        for given in ("examples", "example"):
            if schema.get(given):
                return schema[given][0] if isinstance(schema[given], list) else schema[given]
        if "default" in schema:
            return schema["default"]
        if "enum" in schema:
            return schema["enum"][-1]
        if schema.get("type") == "object":
            return self._object(schema, required_only=required_only, depth=depth)
        if schema.get("type") == "array":
            return [self.example(schema.get("items", {}), required_only=required_only, depth=depth - 1)]
        if schema.get("format") == "date-time":
            return "2026-11-21T09:30:00Z"
        return schema.get("minimum", 1) if schema.get("type") == "integer" else _WORDS.get(schema.get("type", ""))

    def _object(self, schema: Mapping[str, Any], *, required_only: bool, depth: int) -> dict[str, Any]:
        if depth <= 0:
            return {}
        needed = schema.get("required", ())
        return {
            name: self.example(inner, required_only=required_only, depth=depth - 1)
            for name, inner in schema.get("properties", {}).items()
            if not required_only or name in needed or inner.get("examples")
        }

    def _body(self, schema: Mapping[str, Any] | None) -> Iterable[Field]:
        resolved = self._resolved(schema or {})
        for name, inner in resolved.get("properties", {}).items():
            yield self._field(name, inner, required=name in resolved.get("required", ()), place="body")

    def _parameters(self, parameters: Iterable[Mapping[str, Any]]) -> Iterable[Field]:
        for one in parameters:
            if one["name"] == versions.HEADER:
                continue  # of every operation alike: the guide says it once
            schema = {**one.get("schema", {}), "description": one.get("description", "")}
            yield self._field(one["name"], schema, required=bool(one.get("required")), place=one["in"])

    def _field(self, name: str, schema: Mapping[str, Any], *, required: bool, place: str) -> Field:
        resolved = self._resolved(schema)
        default = schema.get("default")
        return Field(
            name=name,
            kind=self._words(schema),
            required=required,
            description=str(schema.get("description") or resolved.get("description") or ""),
            default="" if default in (None, "", [], {}) else json.dumps(default).strip('"'),
            place=place,
        )

    def _words(self, schema: Mapping[str, Any]) -> str:
        schema = self._resolved(schema)
        if "enum" in schema:
            return "one of " + ", ".join(map(str, schema["enum"]))
        if schema.get("type") == "array":
            return f"list of {self._words(schema.get('items', {}))}"
        if schema.get("format") == "date-time":
            return "time (RFC 3339)"
        if "anyOf" in schema:
            return " or ".join(self._words(inner) for inner in schema["anyOf"])
        words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
        return words.get(schema.get("type", ""), str(schema.get("type", "any")))

    def _answer(self, responses: Mapping[str, Any]) -> tuple[str, Any]:
        status = min((code for code in responses if code.startswith("2")), default="200")
        content = responses.get(status, {}).get("content", {}).get("application/json")
        return status, self.example(content["schema"]) if content else None

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without references and without "or null"."""
        while True:
            if "$ref" in schema:
                schema = self._kinds[schema["$ref"].rpartition("/")[2]]
                continue
            kinds = [inner for inner in schema.get("anyOf", ()) if inner.get("type") != "null"]
            if len(kinds) != 1:
                return _without_null(schema)
            schema = kinds[0]


def _without_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """``{"type": ["string", "null"]}`` is read as text."""
    kinds = schema.get("type")
    return {**schema, "type": next(kind for kind in kinds if kind != "null")} if isinstance(kinds, list) else schema


def _codes(responses: Mapping[str, Any]) -> tuple[str, ...]:
    told = (
        _CODE.findall(one.get("description", "")) for one in responses.values() if PROBLEM in one.get("content", {})
    )
    return tuple(code for codes in told for code in codes)
