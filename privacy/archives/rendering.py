"""A row as its person may see it: which of its fields go into the copy, and their values as JSON.

What a field's class says decides. Secrets never leave; in somebody's copy of their account, numbers and texts of other
people stay out, because the copy of one person must not harm another (Art. 15(4)).
"""

import base64
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Model

from privacy import ciphers, holdings
from privacy.ciphers import CipherError, EncryptedField
from privacy.holdings import USERS, WORKSPACE, Section
from privacy.keyring import PLATFORM, KeyDestroyed
from privacy.people import Person
from privacy.registry import Column, ModelPolicy
from smsplatform.lib import ids

OTHERS_FROM = 2  # the sensitivity from which a field about somebody else stays out
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """The columns of a model in one kind of copy: what goes in, and what stays out."""

    policy: ModelPolicy
    included: tuple[Column, ...]
    left_out: tuple[Column, ...]


def shape(policy: ModelPolicy, person: Person) -> Shape:
    """What of a model this person's copy holds."""
    columns = list(holdings.columns_of(policy))
    included = tuple(column for column in columns if _goes_in(column, person))
    personal = (column for column in columns if column.category.key != "none" and column not in included)
    return Shape(policy=policy, included=included, left_out=tuple(personal))


def values(row: Model, made: Shape, section: Section) -> Row:
    """One row as JSON. What can no longer be opened is null."""
    found: Row = {"id": _name(row, made.policy)}
    if isinstance(row.pk, UUID) and row.pk.version == 7:
        found["recorded_at"] = _plain(ids.time_of(row.pk))
    return found | {column.field.attname: value_of(row, column, section.workspace) for column in made.included}


def value_of(row: Model, column: Column, workspace: UUID | None) -> Any:
    """The value of one field, opened. None when its key is gone."""
    name = column.field.attname
    if column.form != "sealed" or isinstance(column.field, EncryptedField):
        try:
            return _plain(getattr(row, name))
        except (KeyDestroyed, CipherError):
            return None
    raw = row.__dict__.get(name)
    return None if raw is None else _opened(bytes(raw), column, row, workspace)


def _opened(raw: bytes, column: Column, row: Model, workspace: UUID | None) -> str | None:
    """A sealed value of a binary column: bound to ``app.Model.field`` without its ``_ct``, and to the id of its row or
    of the message it belongs to."""
    label = f"{column.model._meta.label}.{column.field.attname.removesuffix('_ct')}"
    for bound in (row.pk, getattr(row, "message_id", None)):
        try:
            if isinstance(bound, UUID):
                return ciphers.unseal(raw, ciphers.aad(label, workspace or PLATFORM, bound)).decode()
        except CipherError:
            continue
        except KeyDestroyed:
            return None
    return None


def _goes_in(column: Column, person: Person) -> bool:
    export = column.declared.export or column.category.export
    if column.category.key == "secret" or column.form in ("index", "digest"):
        return False
    if person.subject == WORKSPACE:
        return export in ("tenant", "both")
    about_others = person.subject in USERS and "recipient" in column.policy.paths
    if about_others and (column.category.sensitivity >= OTHERS_FROM or column.category.key == "opaque"):
        return False
    return export in ("subject", "both") or column.field.attname == holdings.path_of(column.policy, person)


def _name(row: Model, policy: ModelPolicy) -> str | None:
    """The row's id, unless it gives access, as that of a session does."""
    key = next(column for column in holdings.columns_of(policy) if column.field in row._meta.pk_fields)
    if key.form in ("index", "digest"):
        return None
    parts = row.pk if isinstance(row.pk, tuple) else (row.pk,)
    return ".".join(str(part) for part in parts)


def _plain(value: Any) -> Any:
    match value:
        case dt.datetime() | dt.date():
            return value.isoformat()
        case UUID() | Decimal():
            return str(value)
        case bytes() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case list() | tuple():
            return [_plain(item) for item in value]
        case None | bool() | int() | float() | str() | dict():
            return value
        case _:
            return str(value)


def json_schema(made: Shape) -> dict[str, Any]:
    """The JSON Schema of one model's file, from its declared columns."""
    properties: dict[str, Any] = {
        "id": {"type": ["string", "null"]},
        "recorded_at": {"type": "string", "format": "date-time"},
    }
    properties |= {column.field.attname: _schema_of(column) for column in made.included}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": made.policy.model,
        "description": made.policy.name,
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": ["id", *(column.field.attname for column in made.included)],
            "additionalProperties": False,
        },
    }


_TYPES: tuple[tuple[type, dict[str, Any]], ...] = (
    (models.BooleanField, {"type": ["boolean", "null"]}),
    (models.DateTimeField, {"type": ["string", "null"], "format": "date-time"}),
    (models.DateField, {"type": ["string", "null"], "format": "date"}),
    (models.UUIDField, {"type": ["string", "null"], "format": "uuid"}),
    (models.DecimalField, {"type": ["string", "null"]}),
    (models.IntegerField, {"type": ["integer", "null"]}),
    (models.FloatField, {"type": ["number", "null"]}),
    (models.JSONField, {}),
    (models.CharField, {"type": ["string", "null"]}),
    (models.TextField, {"type": ["string", "null"]}),
    (models.BinaryField, {"type": ["string", "null"]}),
)


def _schema_of(column: Column) -> dict[str, Any]:
    field: Any = column.field
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    known = next((dict(schema) for kind, schema in _TYPES if isinstance(field, kind)), {})
    return {**known, "description": column.category.label}


def batches(section: Section, person: Person, *, at: dt.datetime, size: int) -> Iterator[list[Model]]:
    """The rows of a section that may still be read, each batch in a scope of its own."""
    after: Any = None
    while True:
        with section.scope():
            query = holdings.rows(section, person, at=at).order_by("pk")
            rows = list(query.filter(pk__gt=after)[:size] if after is not None else query[:size])
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = rows[-1].pk
