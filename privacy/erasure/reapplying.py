"""Erasing again what a restored database brought back, by the marks in the key store.

Safe to repeat and to stop. Workspaces are taken apart by the app that owns them; people by a plan like the first time;
single rows, and what hangs on them, by their ids.
"""

import datetime as dt
from collections import defaultdict
from uuid import UUID

from django.apps import apps
from django.contrib.auth import get_user_model

from privacy import holdings, keyring, registry, tombstones
from privacy.erasure import planning
from privacy.erasure.executing import BATCH, Blocked, erase_rows, execute
from privacy.erasure.planning import Step
from privacy.erasure.signals import workspace_came_back
from privacy.holdings import Section
from privacy.keystore.models import Tombstone
from privacy.people import Person
from privacy.registry import ModelPolicy
from smsplatform.lib import ids


class Stuck(RuntimeError):
    """Some people could not be erased again: they are the only owners of workspaces that came back with them."""


class TooOld(RuntimeError):
    """This database is older than the marks of erasures are kept: nobody can say any more what it must forget."""


def reapply(*, at: dt.datetime) -> dict[str, int]:
    """Apply every mark again; how many rows of each model changed. Then the web serves again.

    Raises ``Stuck``, ``TooOld``.
    """
    if tombstones.too_old():
        raise TooOld("restore a newer backup: marks of erasures after this one are gone")
    done: dict[str, int] = defaultdict(int)
    stuck = 0
    for (model, action), rows in _marks().items():
        if (model, action) == keyring.ERASED:
            done[model] += sum(_workspace(row, at) for row in rows)
        elif model == get_user_model()._meta.label:
            for row in rows:
                stuck += not _person(row, at)
            done[model] += len(rows)
        else:
            done[model] += sum(_rows(model, rows[start : start + BATCH]) for start in range(0, len(rows), BATCH))
    if stuck:
        raise Stuck(f"{stuck} people are the only owners of a workspace")
    tombstones.catch_up()
    tombstones.look_again()
    return dict(done)


def _marks() -> dict[tuple[str, str], list[UUID]]:
    """Rows by model and action: workspaces first, then people, because those may own them."""
    found: dict[tuple[str, str], list[UUID]] = defaultdict(list)
    for mark in Tombstone.objects.order_by("at", "id").iterator():
        found[mark.model, mark.action].append(mark.row_id)
    return dict(sorted(found.items(), key=lambda entry: entry[0] != keyring.ERASED))


def _workspace(workspace: UUID, at: dt.datetime) -> int:
    told = workspace_came_back.send(sender=Tombstone, workspace=workspace, at=at)
    return sum(int(rows or 0) for _, rows in told)


def _person(user: UUID, at: dt.datetime) -> bool:
    if not get_user_model().objects.filter(pk=user).exists():
        return True
    try:
        execute(Person(subject="account_holder", user=user), request_id=ids.uuid7(), at=at)
    except Blocked:
        return False
    return True


def _rows(model: str, rows: list[UUID]) -> int:
    """Rows of one model in any workspace, dependants first."""
    policy, values = registry.policy_of(model), [str(row) for row in rows]
    changed = 0
    for dependant in registry.of_workspaces():
        step = _step(dependant)
        if step and step.kind == "delete" and _hangs_on(step, policy):
            changed += erase_rows(step, column=step.section.column, values=values, anywhere=True)
    step = _step(policy)
    key = apps.get_model(model)._meta.pk.attname
    return changed + (erase_rows(step, column=key, values=values, anywhere=True) if step else 0)


def _step(policy: ModelPolicy) -> Step | None:
    """What erasing a recipient does to rows of a model, wherever they are."""
    if "recipient" not in policy.paths:
        return None
    section = Section(policy=policy, column=policy.paths["recipient"], workspace=keyring.PLATFORM)
    return planning.of_path(section, Person(subject="recipient"))


def _hangs_on(step: Step, policy: ModelPolicy) -> bool:
    column = holdings.column_of(step.policy, step.section.column)
    return column.category.key == "none" and holdings.above(column) == policy
