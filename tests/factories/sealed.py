"""The audit log of a test.

``sealed_log`` has three days, made in a transaction of a superuser that is never committed: to be tampered with. The
others are about the log of the running test database.
"""

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from django.db import connections

from privacy import audit, leaves
from privacy.sealing import merkle, sealer, signing, verification
from privacy.sealing.records import Head
from privacy.sealing.stored import StoredLog
from smsplatform.lib import clock, ids
from tests.factories.superuser import superuser

KEPT = dt.timedelta(days=90)
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
PER_MINUTE, MINUTES = 3, 2


@dataclass(kw_only=True)
class Sealed:
    """The log, its rows by day, and what the key store would remember."""

    connection: psycopg.Connection[Any]
    log: "RememberedLog"
    noon: dt.datetime  # of the last day, which is not over
    days: dict[dt.date, list[UUID]] = field(default_factory=dict)

    def sql(self, statement: Any, arguments: Any = ()) -> int:
        """Run as superuser, with every trigger off; how many rows it touched."""
        return self.connection.execute(statement, arguments).rowcount

    def write(self, *, at: dt.datetime, actor: UUID | None = None, marked: bool = True) -> UUID:
        """An event as ``audit.record`` would have written it then; or as somebody without the key would."""
        event, workspace, salt = ids.uuid7(at), uuid4(), os.urandom(leaves.SALT_BYTES)
        content = leaves.canonical(
            id=event, workspace=workspace, actor=actor, action="staff:message:opened", details={"level": "content"},
            at=at, withheld_until=None,
        )  # fmt: skip
        mark = audit.mac(leaves.leaf(salt, content)) if marked else os.urandom(32)
        self.sql(
            "INSERT INTO privacy_audit_event (id, workspace_id, actor_id, action, details, at, salt, mac) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [event, workspace, actor, "staff:message:opened", json.dumps({"level": "content"}), at, salt, mark],
        )
        return event

    def seal(self, *, at: dt.datetime) -> int:
        """What the sealer does then."""
        sealed = sealer.run(self.log, at=at)
        self.log.remember()
        return sealed

    def verify(self, **question: Any) -> verification.Report:
        """With the platform's keys, as of noon of the last day."""
        question = {"at": self.noon, "kept": KEPT, "public": signing.verifier(), "keys": signing, **question}
        return verification.verify(self.log, verification.Question(**question))

    def yesterday(self) -> tuple[dt.date, list[UUID]]:
        """The last closed day and its rows."""
        day = self.noon.date() - DAY
        return day, self.days[day]


class RememberedLog(StoredLog):
    """With a key store of its own."""

    remembered: Head | None = None

    def remember(self) -> None:
        """What ``sealer.remember`` does."""
        last, segments = self.last_seal(), self.segments()
        assert last is not None
        root = merkle.root([segment.leaf for segment in segments])
        self.remembered = Head(seal=last.number, mac=last.mac, segments=len(segments), root=root)

    def head(self) -> Head | None:
        return self.remembered


@contextmanager
def sealed_log() -> Iterator[Sealed]:
    """Two closed days and one that is not over, each with rows in two minutes."""
    with superuser() as connection:
        connection.autocommit = False
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in ("event", "seal", "segment"):
            connection.execute(f"DELETE FROM privacy_audit_{table}")  # of the names above
        noon = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)
        made = Sealed(connection=connection, log=RememberedLog(connection.cursor()), noon=noon)
        for ago in (2, 1, 0):
            _day(made, noon - ago * DAY)
        yield made
        connection.rollback()


def empty_log() -> None:
    """Start the log anew: other tests travel in time, and purge what is young by now, so its past does not hold."""
    with superuser() as session:
        session.execute("SET session_replication_role = replica")
        session.execute("TRUNCATE privacy_audit_event, privacy_audit_seal, privacy_audit_segment")
    with superuser("keystore") as session:
        session.execute("DELETE FROM keystore_log_head")


def close_the_day() -> dt.date:
    """Seal what is there and close its day, as if it were tomorrow; the day."""
    sealer.seal(at=clock.now())
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT max(at) FROM privacy_audit_seal")
        last: dt.datetime = cursor.fetchone()[0]
    sealer.seal(at=last + DAY)
    return last.date()


def _day(made: Sealed, noon: dt.datetime) -> None:
    rows = made.days[noon.date()] = []
    for minute in range(MINUTES):
        start = noon - 10 * MINUTE + minute * MINUTE
        rows += [made.write(at=start + dt.timedelta(seconds=second)) for second in range(PER_MINUTE)]
        made.seal(at=start + MINUTE)
