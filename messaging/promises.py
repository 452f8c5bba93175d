"""Live checks of messages: how old texts are, that nothing is stuck, that everybody asked for what was sent."""

import datetime as dt

from django.db import connections

from privacy import profiles
from privacy.promises import Check, Outcome, declare

SLACK = dt.timedelta(minutes=15)  # the purge runs every five minutes
QUICK = dt.timedelta(minutes=5)


def body_age(at: dt.datetime) -> Outcome:
    """No text is kept beyond its day, and none is to be kept longer than the policy allows.

    Texts are kept by the day of their end: a table and a key for each. Within the day readers refuse by the minute.
    """
    over = _number("SELECT pipeline.bodies_over(%s)", (at - SLACK).date())
    cap = max(profiles.duration("retention.body_cap"), profiles.duration("retention.body"))
    beyond = _number("SELECT pipeline.bodies_beyond(%s)", (at + cap).date())
    return Outcome(holds=over == 0 and beyond == 0, evidence={"over": over, "beyond": beyond})


def actors(at: dt.datetime) -> Outcome:
    """Each message was asked for by a key or a person."""
    without = _number("SELECT pipeline.messages_of_nobody(%s)", 10_000)
    return Outcome(holds=without == 0, evidence={"looked_at": 10_000, "of_nobody": without})


def _number(statement: str, *arguments: dt.date | int) -> int:
    with connections["system"].cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.fetchone()[0])


declare(
    Check(
        name="messaging.body_age", method="database", run=body_age, fresh=QUICK,
        what="Texts of days that are over, and texts that are to live longer than the policy allows.",
    ),
    Check(
        name="messaging.actors", method="database", run=actors,
        what="The newest messages, and who asked for them.",
    ),
)  # fmt: skip
