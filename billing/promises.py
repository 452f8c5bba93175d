"""Live checks of the books."""

import datetime as dt

from django.db import connections

from billing.ledger import RULES
from privacy import profiles
from privacy.promises import Check, Outcome, declare

DAILY = dt.timedelta(days=1)
FLOOR = "no balance is below its floor"


def sums_to_zero(at: dt.datetime) -> Outcome:
    """Every rule of the books over all wallets; the whole reconciliation."""
    broken = {rule: found for rule in RULES if (found := _offenders(rule))}
    why = ", ".join(broken)
    return Outcome(holds=not broken, why=why, evidence={"rules": len(RULES), "wallets": sum(broken.values())})


def no_negative_wallet(at: dt.datetime) -> Outcome:
    """No wallet holds less than it may."""
    found = _offenders(FLOOR)
    return Outcome(holds=found == 0, evidence={"wallets": found})


def ledger_immutable(at: dt.datetime) -> Outcome:
    """Nobody who logs in may change or remove a transfer, the trigger that refuses it stands, and months are kept."""
    with connections["system"].cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM pg_roles r WHERE r.rolname LIKE 'sp\\_%%' AND r.rolcanlogin
               AND r.rolname <> 'sp_owner'
               AND has_table_privilege(r.rolname, 'ledger.transfer', 'UPDATE, DELETE, TRUNCATE')"""
        )
        able = int(cursor.fetchone()[0])
        cursor.execute(
            """SELECT count(*) FROM pg_trigger WHERE tgrelid = 'ledger.transfer'::regclass
               AND tgname IN ('refuse_change', 'refuse_truncate') AND tgenabled <> 'D'"""
        )
        guards = int(cursor.fetchone()[0])
    kept = profiles.duration("retention.ledger")
    return Outcome(holds=able == 0 and guards == 2, evidence={"able": able, "guards": guards, "days": kept.days})


def one_ledger(at: dt.datetime) -> Outcome:
    """All transfers are in the one main database of the home region."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_foreign_server")
        elsewhere = int(cursor.fetchone()[0])
    return Outcome(holds=elsewhere == 0, evidence={"foreign_servers": elsewhere})


def _offenders(rule: str) -> int:
    with connections["system"].cursor() as cursor:
        cursor.execute(RULES[rule])
        return len(cursor.fetchall())


declare(
    Check(
        name="billing.sums_to_zero", method="database", run=sums_to_zero, fresh=DAILY,
        what="The whole reconciliation: every balance follows from its transfers.",
    ),
    Check(name="billing.no_negative_wallet", method="database", run=no_negative_wallet, what="Wallets below zero."),
    Check(
        name="billing.ledger_immutable", method="database", run=ledger_immutable,
        what="Rights and guards on the rows of the ledger.",
    ),
    Check(
        name="billing.one_ledger", method="database", run=one_ledger, fresh=DAILY,
        what="Whether the ledger is in one place.",
    ),
)  # fmt: skip
