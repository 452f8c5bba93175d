"""Looking for what should not be there: samples of the live tables against what was declared of them.

Columns declared to hold nothing personal are searched for numbers, addresses and keys; columns declared sealed must
hold sealed values whose key is alive. It reads as the roles of the platform do, workspace by workspace, and needs no
rights of its own. A sample proves presence, not absence: the newest rows of some workspaces, because that is what the
code in force writes. A finding names column and pattern, never the value.
"""

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connections
from django.db.models import Model, QuerySet

from privacy import registry
from privacy.ciphers import VERSION
from privacy.keystore.models import WorkspaceKey
from privacy.registry import Column, ModelPolicy
from smsplatform.lib.tenancy import scope

HEADER_BYTES, SEALED_MIN = 17, 45
ALIASES = ("system", "default", "owner")  # who may be able to read a table without rows of workspaces
_WORKSPACES = "accounts.Workspace"

PATTERNS: dict[str, re.Pattern[str]] = {
    "phone": re.compile(r"(?<![\w+])\+[1-9]\d{7,14}(?!\d)"),
    "digits": re.compile(r"(?<![\w.:+-])[1-9]\d{9,14}(?![\w.:-])"),
    "card": re.compile(r"(?<![\w.:+-])[3-6]\d{12,18}(?![\w.:-])"),
    "email": re.compile(r"[\w.+-]+@(?:[\w-]{2,}\.)+[^\W\d_]{2,}"),
    "ip": re.compile(
        r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}"
    ),
    "jwt": re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+"),
    "key": re.compile(r"(?<!\w)(?:sk_(?:live|test)_|wh(?:sec|sk)_)[\w+/=-]{8,}|-----BEGIN [A-Z ]+-----"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """In ``rows`` sampled rows, ``column`` holds what it should not."""

    column: str
    what: str
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was found, how much was read, and which models could not be read."""

    findings: tuple[Finding, ...]
    rows: int
    unread: tuple[str, ...]


def scan(*, rows_max: int = 200, workspaces_max: int = 50) -> Report:
    """Sample up to ``rows_max`` rows of each model, and of each of the newest ``workspaces_max`` workspaces."""
    found: Counter[tuple[str, str]] = Counter()
    unread: list[str] = []
    read = 0
    by_model = _columns_by_model()
    for label, rows in _samples(by_model, rows_max, workspaces_max):
        if rows is None:
            unread.append(label)
            continue
        read += len(rows)
        found.update(_faults(by_model[label], rows))
    findings = tuple(Finding(column=column, what=what, rows=count) for (column, what), count in sorted(found.items()))
    return Report(findings=findings, rows=read, unread=tuple(sorted(set(unread))))


def patterns_in(value: object) -> set[str]:
    """The names of the patterns that text, bytes or a structure of them contains."""
    text = _text(value)
    return {
        name for name, pattern in PATTERNS.items() if any(_real(name, hit.group()) for hit in pattern.finditer(text))
    }


def _columns_by_model() -> dict[str, list[Column]]:
    by_model: dict[str, list[Column]] = {}
    for column in (*registry.non_personal_columns(), *registry.encrypted_columns()):
        by_model.setdefault(column.policy.model, []).append(column)
    return by_model


_Rows = Sequence[tuple[Any, ...]]


def _samples(
    by_model: dict[str, list[Column]], rows_max: int, workspaces_max: int
) -> Iterator[tuple[str, _Rows | None]]:
    tenant = [label for label in by_model if registry.policy_of(label).scope == "tenant"]
    for label in by_model.keys() - set(tenant):
        yield label, _global_rows(registry.policy_of(label), by_model[label], rows_max)
    for workspace in _workspaces(workspaces_max):
        with scope.workspace(workspace):
            samples = [(label, _workspace_rows(by_model[label], rows_max)) for label in tenant]
        yield from samples


def _workspace_rows(columns: list[Column], limit: int) -> _Rows | None:
    """Of the workspace in scope as the web role sees it; a table kept from the web role is read as the system."""
    return _rows_by_any(columns, limit, ("default", "system"))


def _workspaces(limit: int) -> list[UUID]:
    known: QuerySet[Model] = QuerySet(apps.get_model(_WORKSPACES), using="system").order_by("-pk")
    return list(known.values_list("pk", flat=True)[:limit])


def _global_rows(policy: ModelPolicy, columns: list[Column], limit: int) -> _Rows | None:
    if policy.scope == "keystore":
        return _rows(columns, limit, using="keystore")
    return _rows_by_any(columns, limit, ALIASES)


def _rows_by_any(columns: list[Column], limit: int, aliases: Sequence[str]) -> _Rows | None:
    for alias in aliases:
        if alias in connections and _may_read(columns, alias):
            return _rows(columns, limit, using=alias)
    return None


def _may_read(columns: list[Column], alias: str) -> bool:
    table = connections[alias].ops.quote_name(columns[0].model._meta.db_table)
    names = {*(column.field.column for column in columns), *(key.column for key in _keys(columns[0].model))}
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(has_column_privilege(%s::regclass, name, 'SELECT')) FROM unnest(%s::text[]) AS name",
            [table, sorted(names)],
        )
        return bool(cursor.fetchone()[0])


def _rows(columns: list[Column], limit: int, *, using: str) -> _Rows:
    model = columns[0].model
    newest = [f"-{key.attname}" for key in _keys(model)]
    rows: QuerySet[Model] = QuerySet(model, using=using).order_by(*newest)
    return list(rows.values_list(*[column.field.attname for column in columns])[:limit])


def _keys(model: type[Model]) -> list[Any]:
    return list(model._meta.pk_fields)  # one field, or those of a composite key


def _faults(columns: list[Column], rows: _Rows) -> Iterator[tuple[str, str]]:
    """(column, what) for each fault of each row."""
    for column, values in zip(columns, zip(*rows, strict=True), strict=False):
        present = [value for value in values if value is not None]
        if column.form == "sealed":
            yield from ((column.label, what) for what in _unsound(column, present) if what not in _expected(column))
        else:
            for value in present:
                yield from ((column.label, what) for what in patterns_in(value) - _expected(column))


def _expected(column: Column) -> set[str]:
    """What values of this column look like without being it; long decimals may pass for cards, too."""
    named = set(column.declared.resembles)
    return named | {"card"} if "digits" in named else named


def _unsound(column: Column, values: Iterable[Any]) -> Iterator[str]:
    sealed = []
    for value in values:
        if not isinstance(value, bytes | memoryview) or len(value) < SEALED_MIN or bytes(value[:1]) != VERSION:
            yield "not sealed"
        else:
            sealed.append(UUID(bytes=bytes(value[1:HEADER_BYTES])))
    if any(unit.action == "shred" for unit in column.policy.units):
        return  # here a destroyed key is how values end
    alive = set(WorkspaceKey.objects.filter(id__in=set(sealed)).values_list("id", flat=True))
    yield from ("key gone" for key_id in sealed if key_id not in alive)


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("ascii", "replace")  # random bytes are full of Latin letters
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str) if isinstance(value, list | tuple | dict) else ""


def _real(name: str, hit: str) -> bool:
    if name == "card":
        return _luhn(hit)
    if name != "ip":
        return True
    try:
        return not ipaddress.ip_address(hit).is_unspecified
    except ValueError:
        return False


def _luhn(digits: str) -> bool:
    """The check digit of a card number (ISO/IEC 7812)."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
