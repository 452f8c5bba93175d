"""What can be asked for: records and kinds of data, both from the inventory, a period, and perhaps one number.

A field is disclosed when its record **and** its kind are named, never otherwise; secrets, sessions and keyed hashes
never. Rows that come and go (they have a retention) are those of the period; rows that stand, such as an account, are
those that stood before its end.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Model, QuerySet

from privacy import finding, holdings, holds, registry
from privacy.keyring import KeyDestroyed
from privacy.models import Disclosure
from privacy.registry import Category, Column, ModelPolicy
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy.staff import Level

PERIOD_MAX = dt.timedelta(days=366)
NEVER = frozenset({"none", "secret", "session"})
# Registers of our own work: what was held, disclosed or reported is no data that an authority asks a workspace for.
OURS = frozenset(
    f"privacy.{name}"
    for name in (
        "Hold",
        "StoppedErasure",
        "Disclosure",
        "DisclosureBar",
        "DisclosureNotice",
        "AffectedWorkspace",
        "IncidentNotice",
        "RequestSettings",
    )
)
CONTENT = frozenset({"body", "opaque"})
IDENTIFIERS = frozenset({"msisdn", "email", "name", "address", "sender"})
MESSAGE = "message_id"

People = Callable[[UUID], Sequence[UUID]]
_people: list[People] = []


class NothingNamed(ValueError):
    """Records and kinds of data have to be named, and fit each other."""


class BadPeriod(ValueError):
    """The period must have a beginning before its end, and be a year at most."""


def people_by(find: People) -> None:
    """Who belongs to a workspace is known further up; told once at start."""
    _people[:] = [find]


@cache
def askable() -> tuple[ModelPolicy, ...]:
    """What can be named: records of workspaces that hold something about people, and the accounts of their people."""
    found = [policy for policy in registry.of_workspaces() if policy.model not in OURS and _can_be_asked(policy)]
    return (registry.policy_of(get_user_model()), *found)


@cache
def kinds() -> tuple[Category, ...]:
    """The kinds of data of all of them."""
    present = {column.category.key for policy in askable() for column in _disclosable(policy)}
    return tuple(category for category in registry.categories().values() if category.key in present)


def check(*, records: Sequence[str], kinds: Sequence[str], since: dt.datetime, until: dt.datetime) -> None:
    """Raise ``NothingNamed`` or ``BadPeriod``. A record without a field of the named kinds is asked for in vain."""
    if not since < until <= since + PERIOD_MAX:
        raise BadPeriod
    known = {policy.model for policy in askable()}
    if not records or not kinds or not set(records) <= known:
        raise NothingNamed
    if not all(columns(registry.policy_of(record), kinds) for record in records):
        raise NothingNamed


def columns(policy: ModelPolicy, kinds: Sequence[str]) -> tuple[Column, ...]:
    """The fields of a record that are of the named kinds."""
    return tuple(column for column in _disclosable(policy) if column.category.key in kinds)


def level(kinds: Sequence[str]) -> Level:
    """How deep a grant must be for data of these kinds."""
    if CONTENT & set(kinds):
        return Level.CONTENT
    return Level.IDENTIFIERS if IDENTIFIERS & set(kinds) else Level.METADATA


def _can_be_asked(policy: ModelPolicy) -> bool:
    return bool(_disclosable(policy)) and _anchor(apps.get_model(policy.model)) is not None


def _disclosable(policy: ModelPolicy) -> list[Column]:
    return [
        column
        for column in holdings.columns_of(policy)
        if column.category.key not in NEVER and column.form not in ("index", "digest")
    ]


def _stands(policy: ModelPolicy) -> bool:
    """Whether its rows stay for as long as their workspace or person."""
    return not policy.units or any(unit.lasts is None and unit.purge is None for unit in policy.units)


def _anchor(model: type[Model]) -> str | None:
    """The column that says when: a message's id, or the row's own."""
    names = {field.attname for field in model._meta.concrete_fields}
    if MESSAGE in names:
        return MESSAGE
    return "id" if "id" in names and isinstance(model._meta.get_field("id"), models.UUIDField) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The rows of one record that a demand names."""

    policy: ModelPolicy
    case: Disclosure
    messages: tuple[UUID, ...] | None = None  # with a number: its messages of the period

    @property
    def model(self) -> type[Model]:
        """The model class."""
        return apps.get_model(self.policy.model)

    @property
    def alias(self) -> str:
        """The role that may read it: the workspace's own, or the platform's for what is under a hold."""
        return "default" if holdings.may("SELECT", self.model) else "system"

    def scope(self) -> AbstractContextManager[None]:
        """What its queries run in."""
        return scope.workspace(self.case.workspace_id)

    def rows(self, *, at: dt.datetime) -> "QuerySet[Model]":
        """The rows that may still be read at ``at``, or that a hold keeps beyond that; in ``scope()``."""
        query = self.all_rows()
        if not hasattr(query, "readable"):
            return query
        readable: QuerySet[Model] = query.readable(at=at)
        units = {unit.name for unit in self.policy.units} & set(holds.UNITS)
        held = [holds.held(workspace=self.case.workspace_id, unit=unit) for unit in units]
        if any(each.everything for each in held):
            return query
        named = [message for each in held for message in each.messages]
        return readable | query.filter(**{f"{_anchor(self.model)}__in": named}) if named else readable

    def all_rows(self) -> "QuerySet[Model]":
        """The rows of workspace, period and number, whether or not they may still be read; in ``scope()``."""
        query: QuerySet[Model] = self.model._default_manager.using(self.alias).all()  # noqa: SLF001  # Django's name
        return self._of_number(self._of_period(self._of_workspace(query)))

    def _of_workspace(self, query: "QuerySet[Model]") -> "QuerySet[Model]":
        if self.model is get_user_model():
            found = [user for find in _people for user in find(self.case.workspace_id)]
            return query.filter(pk__in=found)
        names = {field.attname for field in self.model._meta.concrete_fields}
        return query.filter(**{"workspace_id" if "workspace_id" in names else "id": self.case.workspace_id})

    def _of_period(self, query: "QuerySet[Model]") -> "QuerySet[Model]":
        anchor = _anchor(self.model)
        query = query.filter(**{f"{anchor}__lt": ids.floor(self.case.until)})
        return query if _stands(self.policy) else query.filter(**{f"{anchor}__gte": ids.floor(self.case.since)})

    def _of_number(self, query: "QuerySet[Model]") -> "QuerySet[Model]":
        path = self.policy.paths.get("recipient")
        if self.messages is None or path is None:
            return query
        if path == MESSAGE:
            return query.filter(message_id__in=self.messages)
        column = holdings.column_of(self.policy, path)
        if column.form != "index":
            return query.none()
        try:
            return query.filter(**{path: finding.index_of(column, self.case.workspace_id, self.case.number)})
        except KeyDestroyed:
            return query.none()


def parts(case: Disclosure) -> list[Part]:
    """All that a demand names, in the order of the inventory. Not in a transaction."""
    messages = _messages_to(case) if case.number else None
    named = [policy for policy in askable() if policy.model in case.records]
    return [Part(policy=policy, case=case, messages=messages) for policy in named]


def _messages_to(case: Disclosure) -> tuple[UUID, ...]:
    """The ids of what was sent to the number in the period."""
    found: list[UUID] = []
    for column in finding.indexed("msisdn"):
        part = Part(policy=column.policy, case=case, messages=())
        if column.policy.paths.get("recipient") != MESSAGE:
            with part.scope():
                found += list(part.all_rows().values_list("pk", flat=True))
    return tuple(found)
