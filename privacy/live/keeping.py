"""Live checks of what keeps data safe and short: keys, purge, clocks, isolation, logs."""

import datetime as dt

from django.conf import settings
from django.db import connections
from django.db.models import F

from privacy import holds as hold_cases
from privacy import profiles, registry, retention
from privacy.keystore.models import WorkspaceKey
from privacy.models import DebugWindow
from privacy.promises import Check, Outcome, declare
from smsplatform.lib.tenancy import catalogue

QUICK = dt.timedelta(minutes=5)
PURGE_MAX = dt.timedelta(minutes=20)  # it runs every five
SLACK = dt.timedelta(minutes=20)
SKEW_MAX_SECONDS = 300
TERSE = {
    "log_error_verbosity": {"terse"},
    "log_min_error_statement": {"panic", "fatal"},
    "log_statement": {"none", "ddl"},
    "log_parameter_max_length_on_error": {"0"},
    "log_min_duration_statement": {"-1"},
}


def body_keys(at: dt.datetime) -> Outcome:
    """No key of a day that is over is left: without its key no text opens, in no copy of the database."""
    over = WorkspaceKey.objects.filter(bucket_on__lt=(at - SLACK).date()).count()
    return Outcome(holds=over == 0, evidence={"over": over})


def purge_alive(at: dt.datetime) -> Outcome:
    """The purge ran in the last minutes and failed nowhere, and nothing is left that should be gone."""
    heart = retention.heartbeat()
    late = heart is None or at - heart.started_at > PURGE_MAX
    overdue = sorted(each.unit.name for each in retention.standings(at=at) if each.overdue)
    why = ", ".join([*(["late"] if late else []), *([heart.error] if heart and heart.error else []), *overdue])
    return Outcome(holds=not why, why=why, evidence={"units": len(registry.units()), "overdue": len(overdue)})


def holds(at: dt.datetime) -> Outcome:
    """Every hold that stands has somebody who answers for it, and a review that is not overdue."""
    standing = hold_cases.open_ones()
    late = [hold for hold in standing if hold.review_at < at]
    return Outcome(holds=not late, evidence={"standing": len(standing), "review_overdue": len(late)})


def windows(at: dt.datetime) -> Outcome:
    """Every debugging window has an end within what the policy allows, and the database takes none without."""
    rows = DebugWindow.objects.using("system")
    beyond = rows.filter(ends_at__gt=F("opened_at") + profiles.duration("retention.body_extended")).count()
    missing = _missing("window_bounded", "hold_reviewed", "hold_order_named")
    return Outcome(
        holds=beyond == 0 and not missing, why=", ".join(missing),
        evidence={"open": rows.filter(closed_at=None, ends_at__gt=at).count(), "beyond": beyond},
    )  # fmt: skip


def _missing(*constraints: str) -> list[str]:
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conname = ANY (%s)", [list(constraints)])
        return sorted(set(constraints) - {name for (name,) in cursor.fetchall()})


def clock(at: dt.datetime) -> Outcome:
    """Databases and host agree on the time."""
    skews = [abs(_seconds(alias) - dt.datetime.now(dt.UTC).timestamp()) for alias in ("system", "keystore")]  # noqa: TID251  # the host's own clock is what is asked about
    return Outcome(holds=max(skews) < SKEW_MAX_SECONDS, evidence={"seconds": round(max(skews), 1)})


def isolation(at: dt.datetime) -> Outcome:
    """Every rule of isolation, asked of the live catalogue."""
    found = sorted({finding.rule for finding in catalogue.findings(using="system")})
    return Outcome(holds=not found, why=", ".join(found), evidence={"rules": len(catalogue.RULES)})


def database_logs(at: dt.datetime) -> Outcome:
    """Databases log no statements and no values."""
    loud = []
    for alias in ("system", "keystore"):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(TERSE)])
            loud += [name for name, value in cursor.fetchall() if value not in TERSE[name]]
    return Outcome(holds=not loud, why=", ".join(sorted(set(loud))), evidence={"settings": len(TERSE)})


def vault_hardware(at: dt.datetime) -> Outcome:
    """The keys that open all others are in hardware. Published only where the profile says so."""
    evidence: dict[str, str | int | float] = {"vault": settings.VAULT}
    if settings.VAULT == "pkcs11":
        return Outcome(holds=True, evidence=evidence)
    if settings.DEMO:  # nobody's keys: neither kept nor broken
        return Outcome(holds=None, why="a demonstration keeps its keys in a file", evidence=evidence)
    return Outcome(holds=False, why="they are in a file: see VAULT=pkcs11", evidence=evidence)


def _seconds(alias: str) -> float:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])


declare(
    Check(
        name="privacy.body_keys", method="database", run=body_keys, fresh=QUICK,
        what="Keys of texts whose day is over.",
    ),
    Check(
        name="privacy.purge_alive", method="database", run=purge_alive, fresh=QUICK,
        what="When the purge last ran, how that went, and whether anything of any unit is overdue.",
    ),
    Check(name="privacy.holds", method="database", run=holds, what="Holds that stand, and when each is reviewed."),
    Check(
        name="privacy.windows", method="database", run=windows,
        what="Debugging windows, their ends, and the constraints that bound them.",
    ),
    Check(name="privacy.clock", method="database", run=clock, fresh=QUICK, what="The clocks of databases and host."),
    Check(
        name="privacy.isolation", method="database", run=isolation,
        what="Row security, roles and rights in the live catalogue.",
    ),
    Check(
        name="privacy.database_logs", method="database", run=database_logs,
        what="What the databases write into their logs.",
    ),
    Check(
        name="privacy.vault_hardware", method="configuration", run=vault_hardware,
        what="The kind of vault that holds the first keys.",
    ),
)  # fmt: skip
