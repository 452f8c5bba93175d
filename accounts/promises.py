"""Live checks of what accounts promises: secrets, factors, tokens, and what is asked of people."""

import datetime as dt
from uuid import UUID

from django.db import connections

from accounts import grants, support, tokens
from accounts.forms.signup import SignUpForm
from accounts.models import StaffGrant, SupportThread, TotpDevice, User
from accounts.workspaces import collected
from privacy import holds, profiles
from privacy.promises import Check, Outcome, declare
from smsplatform.lib import ids
from smsplatform.lib.secrets import PasswordHasher
from smsplatform.lib.tenancy import catalogue

HASH = f"bcrypt_sha256$$2b${PasswordHasher.rounds}$"
UNUSABLE = "!"
SLACK = dt.timedelta(days=1)
WEEKEND = dt.timedelta(days=2)
DAILY = dt.timedelta(days=1)
ALWAYS_ASKED = {"email", "password", "workspace", "age"}
STRAY = """
    SELECT count(*) FROM privacy_audit_event e
    WHERE e.action = 'staff:data:viewed' AND e.id >= %s AND NOT EXISTS (
        SELECT 1 FROM accounts_staff_grant g
        WHERE g.id = (e.details ->> 'grant')::uuid AND g.workspace_id = e.workspace_id AND g.staff_id = e.actor_id
          AND e.at >= g.starts_at AND e.at < g.expires_at)
"""
FACTORS = {"totp": TotpDevice, "passkey": "django_otp_webauthn", "recovery": "accounts.RecoveryCodes"}


def password_hashes(at: dt.datetime) -> Outcome:
    """Every password is behind bcrypt at the cost in force."""
    people = User.objects.using("system")
    sound = people.filter(password__startswith=HASH) | people.filter(password__startswith=UNUSABLE)
    weak = people.count() - sound.count()
    return Outcome(holds=weak == 0, evidence={"people": people.count(), "other": weak, "cost": PasswordHasher.rounds})


def secret_digests(at: dt.datetime) -> Outcome:
    """Keys and tokens are stored as SHA-256 and nothing longer or shorter."""
    odd = _number("SELECT access.odd_digests()")
    return Outcome(holds=odd == 0, evidence={"other": odd})


def token_lifetimes(at: dt.datetime) -> Outcome:
    """Tokens live as long as the profile says, in the code and in the table."""
    refresh, access = profiles.duration("auth.refresh_token"), profiles.duration("auth.access_token")
    longer = _number("SELECT access.tokens_beyond(make_interval(secs => %s))", refresh.total_seconds())
    holds = access >= tokens.ACCESS_KEPT and refresh >= tokens.REFRESH_KEPT and longer == 0
    return Outcome(holds=holds, evidence={"access_seconds": int(tokens.ACCESS_KEPT.total_seconds()), "longer": longer})


def staff_factors(at: dt.datetime) -> Outcome:
    """Nobody works here without a second factor."""
    staff = User.objects.using("system").exclude(staff_role="").filter(is_active=True)
    without = staff.filter(second_factor=False).count()
    return Outcome(holds=without == 0, evidence={"staff": staff.count(), "without": without})


def factors(at: dt.datetime) -> Outcome:
    """The factors that exist are those of the profile; none of them is a text message."""
    allowed = set(profiles.value("auth.factors"))
    return Outcome(holds=set(FACTORS) <= allowed, evidence={"factors": ",".join(sorted(FACTORS))})


def fields_collected(at: dt.datetime) -> Outcome:
    """Sign-up asks for what the profile collects, and no row holds more."""
    allowed = set(profiles.value("profile.collect"))
    asked = set(SignUpForm(with_workspace=True).fields) - ALWAYS_ASKED
    people = User.objects.using("system")
    held = {name for name in ("company", "phone") if people.filter(**{f"{name}__isnull": False}).exists()}
    beyond = (asked | held) - allowed
    return Outcome(
        holds=not beyond,
        why="" if not beyond else f"beyond the profile: {', '.join(sorted(beyond))}",
        evidence={"asked": ",".join(sorted(asked)), "held": ",".join(sorted(held)), "workspace": len(collected())},
    )


def closings_due(at: dt.datetime) -> Outcome:
    """No closed workspace is still there a day after it was to be erased."""
    late = _number("SELECT count(*) FROM access.closings_due(%s)", at - SLACK)
    return Outcome(holds=late == 0, evidence={"late": late})


def staff_reads(at: dt.datetime) -> Outcome:
    """Each look of the last day lies in a grant of who looked, their login reads nothing else, glass is reviewed."""
    stray = _number(STRAY, ids.floor(at - DAILY))
    late = len(grants.unreviewed(at=at))
    open_tables = sum("staff role" in finding.rule for finding in catalogue.findings(using="system"))
    why = [
        f"{count} {what}"
        for count, what in ((stray, "looks without a grant"), (late, "unreviewed break-glass"))
        if count
    ]
    return Outcome(
        holds=not (stray or late or open_tables),
        why=", ".join(why),
        evidence={"without_grant": stray, "unreviewed": late, "open_tables": open_tables},
    )


def grant_reasons(at: dt.datetime) -> Outcome:
    """The table refuses a grant without a reason, a ticket or an end, and has none."""
    kept = _number(
        "SELECT count(*) FROM pg_constraint WHERE conrelid = 'accounts_staff_grant'::regclass AND convalidated "
        "AND conname IN ('grant_reason_says_something', 'grant_four_hours_at_most', 'grant_content_needs_two')"
    )
    rows = StaffGrant.objects.using("system")
    empty = rows.filter(ticket="").count() + rows.exclude(reason__regex=r"\S").count()
    return Outcome(holds=kept == 3 and empty == 0, evidence={"rules": kept, "grants": rows.count(), "without": empty})


def support_kept(at: dt.datetime) -> Outcome:
    """No thread is left a day after its time, and none that was answered waits for ever."""
    threads = SupportThread.objects.using("system")
    free = threads.exclude(workspace_id__in=holds.workspaces(holds.SUPPORT))
    over = free.filter(resolved_at__lt=at - profiles.duration("retention.support") - SLACK).count()
    forgotten = threads.filter(state=support.State.WAITING, last_at__lt=at - support.IDLE - SLACK).count()
    return Outcome(holds=over + forgotten == 0, evidence={"over": over, "forgotten": forgotten})


def support_answered(at: dt.datetime) -> Outcome:
    """Nobody waits for an answer longer than was promised, weekends not counted against support."""
    promised = profiles.duration("sla.inquiry") + WEEKEND
    late = SupportThread.objects.using("system").filter(state=support.State.OPEN, asked_at__lt=at - promised).count()
    return Outcome(holds=late == 0, evidence={"late": late})


def _number(statement: str, *arguments: dt.datetime | float | UUID) -> int:
    with connections["system"].cursor() as cursor:
        cursor.execute(statement, list(arguments))
        return int(cursor.fetchone()[0])


declare(
    Check(
        name="accounts.password_hashes", method="database", run=password_hashes, fresh=DAILY,
        what="The prefix and cost of every stored password hash.",
    ),
    Check(
        name="accounts.secret_digests", method="database", run=secret_digests, fresh=DAILY,
        what="The length of every stored digest of a key or token.",
    ),
    Check(
        name="accounts.token_lifetimes", method="database", run=token_lifetimes,
        what="How long tokens are good for, in settings and rows.",
    ),
    Check(
        name="accounts.staff_factors", method="database", run=staff_factors,
        what="Staff without a second factor.",
    ),
    Check(
        name="accounts.staff_reads", method="database", run=staff_reads,
        what="Looks of staff without a grant, tables open to their login, and break-glass nobody reviewed in 48 hours.",
    ),
    Check(
        name="accounts.grant_reasons", method="database", run=grant_reasons,
        what="Grants without a reason or ticket, and the table's own rules about them.",
    ),
    Check(
        name="accounts.factors", method="configuration", run=factors, fresh=DAILY,
        what="Which second factors exist.",
    ),
    Check(
        name="accounts.fields_collected", method="database", run=fields_collected,
        what="What sign-up asks for and what rows of people hold.",
    ),
    Check(
        name="accounts.support_kept", method="database", run=support_kept, fresh=DAILY,
        what="Support threads past their time, and answered ones that nobody resolved.",
    ),
    Check(
        name="accounts.support_answered", method="database", run=support_answered,
        what="Questions to support that wait longer than promised.",
    ),
    Check(
        name="accounts.closings_due", method="database", run=closings_due,
        what="Closed workspaces whose erasure is overdue.",
    ),
)  # fmt: skip
