"""Live checks of messages: how old texts are, that nothing is stuck, that everybody asked for what was sent."""

import datetime as dt

from django.db import connections

from messaging import bounds, key_watch, upkeep
from messaging.models import CorridorDay, KeptBody
from privacy import profiles
from privacy.keystore.models import WorkspaceKey
from privacy.promises import Check, Outcome, declare

SLACK = dt.timedelta(minutes=15)  # the purge runs every five minutes
QUICK = dt.timedelta(minutes=5)
AHEAD_MAX = dt.timedelta(days=7)  # of a scheduled message, whose text is kept from then on
SAMPLE = 1000
HOUR, TOLD_WITHIN = dt.timedelta(hours=1), dt.timedelta(minutes=30)
CONSTRAINTS = {"body_within_cap", "kept_for_hold_or_window"}


def body_age(at: dt.datetime) -> Outcome:
    """No text is kept beyond its day, and none is to be kept longer than the policy allows.

    Texts are kept by the day of their end: a table and a key for each. Within the day readers refuse by the minute.
    """
    over = _number("SELECT pipeline.bodies_over(%s)", (at - SLACK).date())
    cap = max(profiles.duration("retention.body_cap"), profiles.duration("retention.body"))
    beyond = _number("SELECT pipeline.bodies_beyond(%s)", (at + cap + AHEAD_MAX).date())
    return Outcome(holds=over == 0 and beyond == 0, evidence={"over": over, "beyond": beyond})


def metadata_age(at: dt.datetime) -> Outcome:
    """No message is older than the policy allows, or its workspace, unless a hold keeps it."""
    return _age(upkeep.metadata_due(), at)


def api_log_age(at: dt.datetime) -> Outcome:
    """No request in the log is older than the policy allows."""
    return _age(upkeep.calls_due(), at)


def body_cap(at: dt.datetime) -> Outcome:
    """The database refuses texts beyond the bound of the policy, and keeps none longer without a hold or window."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conname = ANY (%s)", [[*CONSTRAINTS]])
        missing = sorted(CONSTRAINTS - {name for (name,) in cursor.fetchall()})
    kept = KeptBody.objects.using("system")
    ended = kept.filter(hold__released_at__lt=at - SLACK) | kept.filter(window__ends_at__lt=at - SLACK)
    bound, wanted = bounds.in_force(), profiles.duration("retention.body_cap")
    return Outcome(
        holds=not missing and bound <= wanted and not ended.exists(), why=", ".join(missing),
        evidence={"bound_hours": bound // bounds.HOUR, "policy_hours": wanted // bounds.HOUR, "kept": kept.count()},
    )  # fmt: skip


def masked(at: dt.datetime) -> Outcome:
    """Where the number goes with the text, it is under a key that dies with it."""
    if not profiles.value("redact.recipient_with_body"):
        return Outcome(holds=True, evidence={"looked_at": 0})
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT key_id FROM pipeline.number_keys(%s)", [SAMPLE])
        used = {row[0] for row in cursor.fetchall()}
    lasting = WorkspaceKey.objects.filter(id__in=used, bucket_on=None).count()
    return Outcome(holds=lasting == 0, evidence={"keys": len(used), "lasting": lasting})


def aggregates(at: dt.datetime) -> Outcome:
    """Totals of corridors name no workspace and stand for enough messages."""
    names = {field.attname for field in CorridorDay._meta.concrete_fields}
    few = CorridorDay.objects.using("system").filter(messages__lt=profiles.value("stats.messages_min")).count()
    return Outcome(
        holds=not few and "workspace_id" not in names,
        evidence={"cells": CorridorDay.objects.using("system").count(), "too_small": few},
    )


def _age(due_at: dt.datetime | None, at: dt.datetime) -> Outcome:
    late = max((at - due_at).total_seconds(), 0) if due_at else 0
    return Outcome(holds=late <= SLACK.total_seconds(), evidence={"late_seconds": round(late)})


def actors(at: dt.datetime) -> Outcome:
    """Each message was asked for by a key or a person."""
    without = _number("SELECT pipeline.messages_of_nobody(%s)", 10_000)
    return Outcome(holds=without == 0, evidence={"looked_at": 10_000, "of_nobody": without})


def keys_elsewhere(at: dt.datetime) -> Outcome:
    """Whoever owns a key that is used from networks it is not bound to was told of it within half an hour."""
    untold = key_watch.untold(since=at - HOUR - TOLD_WITHIN, until=at - TOLD_WITHIN)
    return Outcome(holds=untold == 0, evidence={"untold": untold})


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
        name="messaging.metadata_age", method="database", run=metadata_age, fresh=QUICK,
        what="The oldest message that nothing holds, against the policy and its workspace's own setting.",
    ),
    Check(
        name="messaging.api_log_age", method="database", run=api_log_age, fresh=QUICK,
        what="The oldest request in the log of the API.",
    ),
    Check(
        name="messaging.body_cap", method="database", run=body_cap,
        what="The constraints on how long texts are kept, the bound in force, and what a hold or window keeps.",
    ),
    Check(
        name="messaging.masked", method="database", run=masked,
        what="Under which keys the newest numbers are, where the policy ends them with the text.",
    ),
    Check(
        name="privacy.aggregates", method="database", run=aggregates,
        what="The columns and the smallest cell of the totals that outlive messages.",
    ),
    Check(
        name="messaging.actors", method="database", run=actors,
        what="The newest messages, and who asked for them.",
    ),
    Check(
        name="messaging.keys_elsewhere", method="database", run=keys_elsewhere,
        what="Keys that are used from networks they are not bound to, and whether their people know.",
    ),
)  # fmt: skip
