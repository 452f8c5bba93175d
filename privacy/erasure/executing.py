"""Carrying a plan out: in batches, each marked in the key store first; it may stop and begin again anywhere.

Rows of workspaces are changed by one function of the database that only this worker's role may call; rows outside of
them by the web role. Nothing is done by the plan's counts: every step asks the tables again.
"""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections, transaction
from django.db.models import QuerySet

from privacy import archives, finding, holdings, tombstones
from privacy.erasure.planning import Plan, Step, is_held, plan
from privacy.erasure.signals import sending_stops
from privacy.holdings import USERS, WORKSPACE
from privacy.holds import UNITS
from privacy.models import Erasure, StoppedErasure
from privacy.people import Person
from privacy.registry import Column

BATCH = 500
HELD_UNITS = frozenset(UNITS)
LAST_OWNER = "SP020"


class InFlight(RuntimeError):
    """A carrier is being handed a message to this number just now: try again in a minute."""


class Blocked(RuntimeError):
    """This person is the only owner of a workspace, which must be closed or given to somebody else first."""


def execute(person: Person, *, request_id: UUID, at: dt.datetime) -> Plan:
    """Erase a person, wherever they are or in ``person.workspace``; the plan as it was when this call began.

    Safe to repeat, and finished only when it returns. Raises ``InFlight``, ``Blocked``.
    """
    if person.subject == WORKSPACE:
        raise ValueError("a workspace is closed by its owners: accounts.closing")
    made = plan(person)
    Erasure.objects.get_or_create(pk=request_id, defaults={"subject": person.subject, "begun_at": at})
    _stop_sending(made, at)
    archives.revoke(made.person, at=at)
    for step in made.steps:
        if step.kind in ("delete", "clear"):
            note(request_id, step, carry_out(step, made.person, at))
    _note_kept(request_id, made)
    _remember(request_id, made, at)
    Erasure.objects.filter(pk=request_id).update(finished_at=at)
    return made


def _stop_sending(made: Plan, at: dt.datetime) -> None:
    if not made.person.msisdn:
        return
    leased = 0
    for place in {step.section.workspace for step in made.steps if step.section.workspace}:
        told = sending_stops.send(sender=Plan, workspace=place, msisdn=made.person.msisdn, at=at)
        leased += sum(int(count or 0) for _, count in told)
    if leased:
        raise InFlight


def carry_out(step: Step, person: Person, at: dt.datetime) -> int:
    """Do one step; how many rows. Raises ``Blocked``."""
    try:
        if step.section.workspace is None:
            return _delete_globally(step, person, at)
        return sum(_change(step, values, at) for values in _batches(step, person))
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") == LAST_OWNER:
            raise Blocked from None
        raise


def _batches(step: Step, person: Person) -> Iterator[list[object]]:
    """What to look for, a batch at a time: the person's own id, or primary keys of rows found by an index."""
    column = holdings.column_of(step.policy, step.section.column)
    if person.subject in USERS and column.category.key == "person_id":
        yield [person.user]
        return
    while True:
        with step.section.scope():
            name = _key(step)
            found = list(holdings.rows(step.section, person).values_list(name, flat=True)[:BATCH])
        if found:
            yield found
        if len(found) < BATCH:
            return


def _key(step: Step) -> str:
    """The column that a batch is told by: the primary key, or the reference of a dependant with a longer one."""
    keys = step.section.model._meta.pk_fields
    return str(keys[0].attname) if len(keys) == 1 else step.section.column


def _change(step: Step, values: list[object], at: dt.datetime) -> int:
    """Change or delete the rows of one batch; how many."""
    label, own = step.policy.model, len(step.section.model._meta.pk_fields) == 1
    column = holdings.column_of(step.policy, step.section.column)
    by_person = column.category.key == "person_id"
    if own and not by_person:
        tombstones.bury(model=label, rows=[v for v in values if isinstance(v, UUID)], action=step.kind, at=at)
    name = step.section.column if by_person else _key(step)
    changed = 0
    while batch := erase_rows(step, column=name, values=[str(value) for value in values]):
        changed += batch
        if step.kind == "clear" and name not in step.changes:
            break  # found by their keys, which stay: one pass is all
    return changed


def erase_rows(step: Step, *, column: str, values: list[str], anywhere: bool = False) -> int:
    """One call of the database's function; ``anywhere``: whatever workspace the rows are in."""
    table = step.section.model._meta.db_table
    changes = json.dumps(step.changes)
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT privacy.erase_rows(%s, %s, %s, %s, %s::jsonb, %s)",
            [table, None if anywhere else step.section.workspace, column, values, changes, 2 * BATCH],
        )
        return int(cursor.fetchone()[0])


def _delete_globally(step: Step, person: Person, at: dt.datetime) -> int:
    """Rows outside of workspaces; the person's own last, past Django's search for what refers to it."""
    rows = holdings.rows(step.section, person)
    if step.section.model is not get_user_model():
        found = list(rows.values_list("pk", flat=True))
        alias = "default" if holdings.may("DELETE", step.section.model) else "system"
        return QuerySet(step.section.model, using=alias).filter(pk__in=found).delete()[0]
    if person.user is None or not rows.exists():
        return 0
    tombstones.bury(model=step.policy.model, rows=[person.user], action="delete", at=at)
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(f'DELETE FROM "{step.section.model._meta.db_table}" WHERE id = %s', [person.user])  # noqa: S608  # our own table's name
        return int(cursor.rowcount)


def note(request_id: UUID, step: Step, changed: int) -> None:
    if changed:
        row = Erasure.objects.get(pk=request_id)
        row.done[step.policy.model] = row.done.get(step.policy.model, 0) + changed
        row.save(update_fields=["done"])


def _note_kept(request_id: UUID, made: Plan) -> None:
    kept = {step.policy.model: step.rows for step in made.stays}
    Erasure.objects.filter(pk=request_id).update(kept=kept)


def _remember(request_id: UUID, made: Plan, at: dt.datetime) -> None:
    """What a hold kept is erased when it ends (``resuming``); the person is not known by name until then."""
    left: dict[UUID, dict[str, int]] = {}
    for step in made.stays:
        if step.section.workspace and is_held(step):
            counts = left.setdefault(step.section.workspace, {})
            counts[step.policy.model] = counts.get(step.policy.model, 0) + step.rows
    stopped = StoppedErasure.objects.using("system")
    for workspace, counts in left.items():
        values = {"subject": made.person.subject, "left": counts, "begun_at": at, "tried_at": at}
        who = _who(made.person, workspace)
        stopped.get_or_create(erasure_id=request_id, workspace_id=workspace, defaults={**values, **who})


def _who(person: Person, workspace: UUID) -> dict[str, Any]:
    if person.msisdn:
        return {"number_idx": finding.index_of(_number(), workspace, person.msisdn)}
    return {"user_id": person.user}


def _number() -> Column:
    """The column by which messages, which holds keep, lead to a number."""
    return next(
        column for column in finding.indexed("msisdn") if HELD_UNITS & {unit.name for unit in column.policy.units}
    )
