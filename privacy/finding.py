"""Finding a person where there is only a blind index: which workspaces hold anything about a number.

Every workspace indexes numbers under a key of its own, so nobody can compare two workspaces by looking at their tables.
To find a number everywhere we compute its index in each workspace and probe all of them in one query for each table
that the inventory says is found by it: 10,000 workspaces cost about 10,000 HMACs and one indexed probe each.
"""

from functools import cache
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connections

from privacy import ciphers, keyring, registry
from privacy.keyring import PLATFORM, DataKey, Purpose
from privacy.registry import Column
from smsplatform.lib import arrays

BATCH = 2000  # workspaces whose keys are unwrapped at a time


def workspaces_of(msisdn: str) -> list[UUID]:
    """The workspaces that hold rows about a number (E.164), oldest first. Not in a transaction."""
    found: set[UUID] = set()
    keys = (key for key in keyring.keys_for(Purpose.INDEX, batch=BATCH) if key.workspace != PLATFORM)
    while some := list(islice(keys, BATCH)):
        for column in indexed("msisdn"):
            found |= _probe(column, some, msisdn)
    return sorted(found)


def index_of(column: Column, workspace: UUID, value: str) -> bytes:
    """The index of a value in a column of one workspace. Raises ``KeyDestroyed``."""
    return ciphers.blind_index(keyring.key(workspace, Purpose.INDEX), column.declared.indexed_as, value)


@cache
def indexed(category: str) -> tuple[Column, ...]:
    """The columns of workspaces by which values of a category are found."""
    return tuple(
        column
        for column in registry.columns()
        if column.declared.indexed_as and column.category.key == category and column.policy.scope == "tenant"
    )


def _probe(column: Column, keys: list[DataKey], value: str) -> set[UUID]:
    label = column.declared.indexed_as
    where: list[Any] = [
        column.model._meta.db_table,
        column.field.column,
        arrays.uuids([key.workspace for key in keys]),
        arrays.byteas([ciphers.blind_index(key, label, value) for key in keys]),
    ]
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT privacy.holders(%s, %s, %s, %s)", where)
        return {row[0] for row in cursor.fetchall()}
