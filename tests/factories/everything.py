"""One row of every model that may hold anything about a person, with a word of its own in every field that can.

Rows are made from the models' fields and the inventory, so a new field joins by itself. Where the tables refuse such a
row, ``PARTICULAR`` says what a field must be; a model that cannot be made fails the test that asks for it.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth import get_user_model
from django.db import connections, models
from django.db.models import Model
from psycopg import sql

from privacy import ciphers, finding, holdings, keyring
from privacy.ciphers import EncryptedField
from privacy.keyring import PLATFORM, Purpose
from privacy.registry import Column, ModelPolicy
from smsplatform.lib import clock, ids
from tests.factories.accounts import World
from tests.factories.superuser import superuser
from tests.factories.words import word

HOUR = dt.timedelta(hours=1)
# model: what its fields must be for the tables to take the row
PARTICULAR: dict[str, dict[str, Any]] = {
    "privacy.AbuseCase": {"closed_at": None},
    "accounts.SupportThread": {"resolved_at": None},
    "accounts.StaffProposal": {"decided_by": None, "decided_at": None, "agreed": None},
    "messaging.KeptBody": {"hold_id": None, "window_id": ids.uuid7()},
    "messaging.Template": {"code_digits": 6},
    "privacy.ConsentRecord": {"groups": {}},
    "privacy.DocumentReader": {"version_id": ids.uuid7()},
    "privacy.Restriction": {"number_idx": None},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A word in a field; ``sealed`` and ``bound`` are its ciphertext and what that is bound to."""

    column: Column
    text: str
    sealed: bytes = b""
    bound: bytes = b""

    @property
    def kept(self) -> bool:
        """Whether an erasure leaves it, for a declared reason."""
        policy = self.column.policy
        erase = self.column.declared.erase or self.column.category.erase
        return erase == "keep" or (policy.scope == "tenant" and policy.closing == "keep")


@dataclass(kw_only=True, slots=True)
class Everything:
    """What was made, and for whom."""

    world: World
    user: UUID
    msisdn: str
    email: str
    made: dict[str, Any] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left: list[Mark] = field(default_factory=list)  # after the first of several erasures

    def make(self) -> "Everything":
        """One row of each model, what is referred to before what refers."""
        self.made[get_user_model()._meta.label] = self.user
        self.made["accounts.Workspace"] = self.world.id
        waiting = [policy for policy in reversed(holdings.ordered()) if _is_personal(policy)]
        for _ in range(3):  # what refers to something that comes later is tried again
            waiting = [policy for policy in waiting if policy.model not in self.made and not self._make(policy)]
        return self

    def _make(self, policy: ModelPolicy) -> bool:
        before = len(self.marks)
        columns = list(holdings.columns_of(policy))
        if wanting := [upper for column in columns for upper in _upper(column) if upper not in self.made]:
            self.failed[policy.model] = f"refers to {', '.join(wanting)}, which is not made"
            return False
        model = columns[0].model
        row = model()
        for column in sorted(
            columns, key=lambda column: column.form == "sealed"
        ):  # keys and ids before what binds them
            self._fill(row, column)
        names, values = _stored(row, self)
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING {}").format(
            sql.Identifier(model._meta.db_table),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(sql.Placeholder() * len(names)),
            sql.Identifier(str(model._meta.pk_fields[-1].column)),
        )
        try:
            with superuser() as connection:
                connection.execute("SET session_replication_role = replica")
                key = connection.execute(statement, values).fetchone()
        except Exception as error:  # noqa: BLE001  # whatever the table has against it, the test tells
            self.failed[policy.model] = str(error)[:200]
            del self.marks[before:]
            return False
        self.failed.pop(policy.model, None)
        self.made[policy.model] = key[0] if key else None
        return True

    def _fill(self, row: Model, column: Column) -> None:
        name = column.field.attname
        given = PARTICULAR.get(column.policy.model, {})
        setattr(row, name, given[name] if name in given else self._value(row, column))

    def _value(self, row: Model, column: Column) -> Any:
        if column.field.attname == "workspace_id":
            return self.world.id
        if column.form == "sealed":
            return self._sealed(row, column)
        if column.form == "index" and column.declared.indexed_as:
            return self._index(column)
        if column.category.key == "person_id":
            return self.user if column.field.attname in _paths(column) or not column.field.null else None
        return self._reference(column) or self._plain(column)

    def _index(self, column: Column) -> bytes:
        if column.category.key == "email":
            return ciphers.platform_index(column.declared.indexed_as, self.email.casefold())
        if column.policy.scope != "tenant":
            return ciphers.platform_index(column.declared.indexed_as, self.msisdn)
        return finding.index_of(column, self.world.id, self.msisdn)

    def _reference(self, column: Column) -> Any:
        field_: Any = column.field
        if isinstance(field_, models.ForeignKey):
            return self.made.get(field_.related_model._meta.label)
        if field_.attname in _paths(column) and not field_.primary_key:
            return self.made.get(holdings.above(column).model)
        if field_.attname == "message_id":
            return self.made.get("messaging.Message")
        return None

    def _sealed(self, row: Model, column: Column) -> str | bytes:
        text = self.msisdn if column.category.key == "msisdn" else word()
        if isinstance(column.field, EncryptedField):
            self.marks.append(Mark(column=column, text=text))
            return text
        place = self.world.id if column.policy.scope == "tenant" else PLATFORM
        bound = getattr(row, "message_id", None) or row.pk
        associated = ciphers.aad(f"{column.model._meta.label}.{column.field.attname.removesuffix('_ct')}", place, bound)
        expires = getattr(row, "expires_on", None)
        key = keyring.body_key(place, expires) if expires else keyring.key(place, Purpose.CONTACTS)
        sealed = ciphers.seal(key, text.encode(), associated)
        self.marks.append(Mark(column=column, text=text, sealed=sealed, bound=associated))
        return sealed

    def _plain(self, column: Column) -> Any:
        field_: Any = column.field
        markable = column.category.key != "none" and column.form == "plain"
        match field_:
            case models.ForeignKey():
                return None
            case models.CharField() | models.TextField():
                return self._text(column, markable)
            case models.JSONField():
                default = field_.get_default()
                return self._marked(column, default) if markable and isinstance(default, dict) else default
            case models.UUIDField():
                return ids.uuid7() if field_.primary_key or not field_.null else None
            case models.DateTimeField():
                return clock.now() + (HOUR if "expire" in field_.attname else dt.timedelta(0))
            case models.DateField():
                return clock.now().date()
            case models.BooleanField():
                return False
            case models.BinaryField():
                return uuid4().bytes
            case models.IntegerField():
                return 1
        return None if field_.null else field_.get_default() if field_.has_default() else []

    def _text(self, column: Column, markable: bool) -> str:
        field_: Any = column.field
        if field_.choices:
            return str(field_.flatchoices[0][0])
        if not markable or (field_.max_length or 99) < len(word()):
            return {2: "NL", 3: "EUR"}.get(field_.max_length, uuid4().hex[: min(field_.max_length or 8, 8)])
        text = word()
        self.marks.append(Mark(column=column, text=text))
        return text

    def _marked(self, column: Column, default: dict[str, Any]) -> dict[str, Any]:
        text = word()
        self.marks.append(Mark(column=column, text=text))
        return {**default, "example": text}


def _paths(column: Column) -> set[str]:
    return set(column.policy.paths.values())


def _upper(column: Column) -> list[str]:
    """The model of the row that this one hangs on, by a path of its people."""
    hangs = column.field.attname in _paths(column) and column.category.key == "none" and not column.field.primary_key
    return [holdings.above(column).model] if hangs else []


def _is_personal(policy: ModelPolicy) -> bool:
    """Whether its rows are about anybody; the books are written by their own functions only and hold ids."""
    if policy.scope not in ("tenant", "global") or policy.model.startswith("billing."):
        return False
    sealed = any(column.form == "sealed" for column in holdings.columns_of(policy))
    return bool(policy.paths) or (policy.scope == "tenant" and sealed)


def _stored(row: Model, everything: Everything) -> tuple[list[str], list[Any]]:
    """Columns and values as Django would write them."""
    names, values = [], []
    for each in row._meta.concrete_fields:
        if isinstance(each, models.AutoField | models.BigAutoField):
            continue
        value = each.pre_save(row, True) if isinstance(each, EncryptedField) else getattr(row, each.attname)
        if isinstance(each, EncryptedField):
            _remember(everything, row, each, value)
        names.append(str(each.column))
        values.append(each.get_db_prep_save(value, connections["default"]))
    return names, values


def _remember(everything: Everything, row: Model, field_: EncryptedField, value: bytes | None) -> None:
    for position, mark in enumerate(everything.marks):
        if mark.column.field is field_ and value:
            everything.marks[position] = Mark(
                column=mark.column, text=mark.text, sealed=value, bound=field_.bound_to(row)
            )
