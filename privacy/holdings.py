"""Which rows are about a person: the paths of the inventory, turned into queries.

One ``Section`` is one model, in one workspace when its rows belong to workspaces. Archives read sections, erasure takes
them apart; neither knows a single model by name.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connections, models
from django.db.models import Model, QuerySet

from privacy import ciphers, finding, registry
from privacy.keyring import KeyDestroyed
from privacy.people import Person
from privacy.registry import Column, ModelPolicy
from smsplatform.lib import ids
from smsplatform.lib.tenancy import scope

WORKSPACE = "workspace"  # the subject of a request about everything of one workspace
USERS = ("account_holder", "team_member", "staff")


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Rows of one model about a person; ``column`` leads to them. ``workspace`` is None outside of workspaces.

    ``without`` are messages that are left out, with what hangs on them; with ``only`` nothing else counts. ``before``
    leaves out messages that are newer.
    """

    policy: ModelPolicy
    column: str
    workspace: UUID | None = None
    without: frozenset[UUID] = frozenset()
    only: frozenset[UUID] = frozenset()
    before: dt.datetime | None = None

    @property
    def model(self) -> type[Model]:
        """The model class."""
        return apps.get_model(self.policy.model)

    def scope(self) -> AbstractContextManager[None]:
        """What its queries must run in."""
        return scope.workspace(self.workspace) if self.workspace else nullcontext()


def sections(person: Person) -> list[Section]:
    """All that may hold rows about ``person``, in the order in which it can be deleted. Not in a transaction."""
    if person.subject == WORKSPACE:
        return [
            Section(policy=policy, column=_owner_column(policy), workspace=person.workspace)
            for policy in registry.of_workspaces()
        ]
    found = [(policy, column) for policy in ordered() if (column := path_of(policy, person))]
    places = _places(person) if any(policy.scope == "tenant" for policy, _ in found) else []
    return [
        Section(policy=policy, column=column, workspace=place)
        for policy, column in found
        for place in (places if policy.scope == "tenant" else [None])
    ]


def ordered() -> list[ModelPolicy]:
    """Every declared model in order of deletion: workspaces' rows first, people last."""
    others = [policy for policy in registry.policies() if policy.scope == "global"]
    return [
        *registry.of_workspaces(),
        *sorted(others, key=lambda policy: policy.model == get_user_model()._meta.label),
    ]


def path_of(policy: ModelPolicy, person: Person) -> str:
    """The column by which rows lead to this kind of person; empty when none does."""
    kinds = USERS if person.subject in USERS else (person.subject,)
    return next((policy.paths[kind] for kind in kinds if kind in policy.paths), "")


def rows(section: Section, person: Person, *, at: dt.datetime | None = None) -> QuerySet[Model]:
    """The rows of a section, to be read inside ``section.scope()``; with ``at`` only what may still be read."""
    query: QuerySet[Model] = section.model._default_manager.all()  # noqa: SLF001  # how Django names it; models of packages differ
    if at is not None and hasattr(query, "readable"):
        query = query.readable(at=at)
    if person.subject == WORKSPACE:
        return query.filter(**{section.column: section.workspace})
    if section.workspace:
        query = query.filter(workspace_id=section.workspace)
    name = "message_id__in" if _hangs_on_message(section) else "pk__in"
    query = query.exclude(**{name: section.without}) if section.without else query
    query = query.filter(**{name: section.only}) if section.only else query
    if section.before:
        query = query.filter(**{f"{name.removesuffix('__in')}__lt": ids.floor(section.before)})
    value = _identity(section, person)
    if value is None:
        return query.none()
    return query.filter(**{f"{section.column}__in" if isinstance(value, QuerySet) else section.column: value})


@cache
def may(right: str, model: type[Model], *, using: str = "default") -> bool:
    """Whether a role may do this to a table at all; some are between the database and its workers."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(current_user, %s, %s)", [f'"{model._meta.db_table}"', right])
        return bool(cursor.fetchone()[0])


def column_of(policy: ModelPolicy, name: str) -> Column:
    """A declared column of a model."""
    return next(column for column in columns_of(policy) if column.field.attname == name)


def columns_of(policy: ModelPolicy) -> Iterator[Column]:
    """The declared columns of a model."""
    return (column for column in registry.columns() if column.policy.model == policy.model)


def _hangs_on_message(section: Section) -> bool:
    return any(each.attname == "message_id" for each in section.model._meta.concrete_fields)


def _owner_column(policy: ModelPolicy) -> str:
    names = {field.attname for field in apps.get_model(policy.model)._meta.concrete_fields}
    return "workspace_id" if "workspace_id" in names else "id"


def _identity(section: Section, person: Person) -> object:
    """What the path's column must equal: an index, a person's id, or (a sub-query for) the ids of rows above."""
    column = column_of(section.policy, section.column)
    if column.form == "index":
        return _index(column, section.workspace, person)
    if column.form == "sealed":
        return None  # nothing finds it
    if column.category.key == "person_id" or column.field.primary_key:
        return person.consent if person.subject == "visitor" else person.user
    upper = above(column)
    path = path_of(upper, person)
    found = rows(Section(policy=upper, column=path, workspace=section.workspace), person) if path else None
    return found.values("pk") if found is not None else None


def _index(column: Column, workspace: UUID | None, person: Person) -> bytes | None:
    if person.index:
        return person.index if workspace and column.category.key == "msisdn" else None
    if column.category.key == "email":
        return ciphers.platform_index(column.declared.indexed_as, person.email) if person.email else None
    if workspace is None:
        return ciphers.platform_index(column.declared.indexed_as, person.msisdn or person.email)
    try:
        return finding.index_of(column, workspace, person.msisdn) if person.msisdn else None
    except KeyDestroyed:
        return None


def above(column: Column) -> ModelPolicy:
    """The model whose row a reference names: by its foreign key, or as ``message_id`` names ``Message``."""
    related = column.field.related_model
    if isinstance(related, type):
        return registry.policy_of(related)
    return registry.policy_of(
        apps.get_model(column.model._meta.app_label, column.field.attname.removesuffix("_id").replace("_", ""))
    )


def depth(section: Section) -> int:
    """How far a section must be from the end of an erasure: dependants go before what they hang on, people last."""
    if section.model is get_user_model():
        return 1000
    column = column_of(section.policy, section.column)
    is_dependant = column.category.key == "none" and not column.field.primary_key
    return 0 if is_dependant else 1


def _places(person: Person) -> list[UUID]:
    """The workspaces that may hold something."""
    if person.workspace:
        return [person.workspace]
    if person.msisdn:
        return finding.workspaces_of(person.msisdn)
    return _places_of_user(person.user) if person.user else []


def _places_of_user(user: UUID) -> list[UUID]:
    """Where an indexed reference leads to a person: what they belong to or belonged to lately."""
    found: set[UUID] = set()
    for policy in registry.of_workspaces():
        column = next((policy.paths[kind] for kind in USERS if kind in policy.paths), "")
        if column and isinstance(column_of(policy, column).field, models.ForeignKey):
            with connections["system"].cursor() as cursor:
                table = apps.get_model(policy.model)._meta.db_table
                cursor.execute("SELECT privacy.places(%s, %s, %s)", [table, column, user])
                found |= {row[0] for row in cursor.fetchall()}
    return sorted(found)


def complete(person: Person) -> Person:
    """The person with the address they sign in with, by which invitations are found."""
    if person.user is None or person.email:
        return person
    found = get_user_model().objects.filter(pk=person.user).first()
    return replace(person, email=str(getattr(found, "email", "") or "").strip().casefold())
