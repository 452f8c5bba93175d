"""Whom an incident concerns, computed: which rows of which models, written when, in which workspaces.

Ids are UUIDv7, so the primary key tells when a row was written. People are counted inside each workspace by what finds
them there (the blind index of a number, a person's id); nothing but counts leaves the database.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connections, models

from privacy import registry
from privacy.keyring import PLATFORM
from privacy.models import AuditEvent
from privacy.registry import ModelPolicy
from smsplatform.lib import ids

FIRST = UUID(int=0)
NO_COLUMN = ""


class EmptyScope(ValueError):
    """Choose at least one kind of data; without one nobody is found."""


class UnknownModel(ValueError):
    """The inventory knows no such data of workspaces."""


class BackwardsWindow(ValueError):
    """The end lies before the beginning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The question. No workspaces: all; ``actor``: only workspaces in which this person or key did something then."""

    models: tuple[str, ...]
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    workspaces: tuple[UUID, ...] = ()
    actor: UUID | None = None

    def stored(self) -> dict[str, Any]:
        """As the register keeps it."""
        return {
            "models": list(self.models),
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "workspaces": [str(one) for one in self.workspaces],
            "actor": str(self.actor) if self.actor else None,
        }


@dataclass(kw_only=True, slots=True)
class Found:
    """What concerns one workspace."""

    rows: int = 0
    subjects: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was found: rows by model, and by workspace how many people of each kind."""

    rows: Mapping[str, int]
    workspaces: Mapping[UUID, Found]

    @property
    def subjects(self) -> dict[str, int]:
        """People by kind; somebody known to two workspaces counts twice, because nobody can tell."""
        total: dict[str, int] = defaultdict(int)
        for found in self.workspaces.values():
            for kind, count in found.subjects.items():
                total[kind] += count
        return dict(total)


def choices() -> list[ModelPolicy]:
    """What can be asked about: data about people that belongs to workspaces."""
    return [policy for policy in registry.of_workspaces() if _is_personal(policy) and _has_time(policy)]


def compute(scope: Scope, *, at: dt.datetime) -> Answer:
    """Answer the question. Raises ``EmptyScope``, ``UnknownModel`` or ``BackwardsWindow``."""
    policies = _checked(scope)
    window = (ids.floor(scope.since) if scope.since else FIRST, ids.floor(scope.until or at + dt.timedelta(seconds=1)))
    only = _workspaces(scope, at)
    rows: dict[str, int] = {}
    found: dict[UUID, Found] = defaultdict(Found)
    for policy in policies:
        counted = _count([(policy, NO_COLUMN)], window, only)
        rows[policy.model] = sum(count for _workspace, count, _people in counted)
        for workspace, count, _people in counted:
            found[workspace].rows += count
    for subject, sources in _sources(policies):
        for workspace, _rows, people in _count(sources, window, only):
            if people:
                found[workspace].subjects[subject] = people
    return Answer(rows=rows, workspaces=dict(found))


def _checked(scope: Scope) -> list[ModelPolicy]:
    known = {policy.model: policy for policy in choices()}
    if not scope.models:
        raise EmptyScope
    if unknown := set(scope.models) - known.keys():
        raise UnknownModel(min(unknown)[:40])
    if scope.since and scope.until and scope.until <= scope.since:
        raise BackwardsWindow
    return [known[name] for name in dict.fromkeys(scope.models)]


def _workspaces(scope: Scope, at: dt.datetime) -> list[UUID] | None:
    """Those asked about; None for all. With an actor, from the audit log."""
    if scope.actor is None:
        return list(scope.workspaces) or None
    touched = AuditEvent.objects.using("system").filter(actor_id=scope.actor, at__lte=scope.until or at)
    if scope.since:
        touched = touched.filter(at__gte=scope.since)
    if scope.workspaces:
        touched = touched.filter(workspace_id__in=scope.workspaces)
    return list(touched.exclude(workspace_id=PLATFORM).values_list("workspace_id", flat=True).distinct())


def _sources(policies: Sequence[ModelPolicy]) -> Iterator[tuple[str, list[tuple[ModelPolicy, str]]]]:
    """By kind of person, the columns that tell them apart.

    A model that knows a recipient only by a message counts messages, so it is asked where nothing better was chosen.
    """
    for subject in registry.subjects():
        found = [(policy, policy.paths[subject.key]) for policy in policies if subject.key in policy.paths]
        found = [(policy, column) for policy, column in found if column in _columns(policy)]
        exact = [(policy, column) for policy, column in found if column != "message_id"]
        if found:
            yield subject.key, exact or found


def _count(
    sources: Sequence[tuple[ModelPolicy, str]], window: tuple[UUID, UUID], only: list[UUID] | None
) -> list[tuple[UUID, int, int]]:
    tables = [apps.get_model(policy.model)._meta.db_table for policy, _column in sources]
    columns = [column for _policy, column in sources]
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT * FROM privacy.affected(%s::text[], %s::text[], %s, %s, %s::uuid[])",
            [tables, columns, *window, only],
        )
        return [(workspace, int(found), int(people)) for workspace, found, people in cursor.fetchall()]


def _is_personal(policy: ModelPolicy) -> bool:
    known = registry.categories()
    return any(known[kind.category].sensitivity for kind in policy.fields.values())


def _has_time(policy: ModelPolicy) -> bool:
    """Whether rows can be asked for by when they were written and whose they are."""
    key = apps.get_model(policy.model)._meta.pk
    return isinstance(key, models.UUIDField) and key.column == "id" and "workspace_id" in _columns(policy)


def _columns(policy: ModelPolicy) -> set[str]:
    return {column.column for column in apps.get_model(policy.model)._meta.concrete_fields}
