"""Which tables of customers staff may read under a grant, from which level on, and which columns where not all.

Secrets are left out by column: digests, tokens, webhook URLs. What is not here is closed to staff altogether.
"""

from collections.abc import Mapping

from smsplatform.lib.tenancy.staff import Level

# What the migration smsplatform.0071 opens; a table that comes later is opened by the migration that makes it.
_FIRST: Mapping[str, Level] = {
    "accounts_membership": Level.METADATA,
    "accounts_api_key": Level.METADATA,
    "messaging_message": Level.METADATA,
    "messaging_attempt": Level.METADATA,
    "messaging_event": Level.METADATA,
    "messaging_outbox": Level.METADATA,
    "messaging_delivery": Level.METADATA,
    "messaging_webhook_endpoint": Level.METADATA,
    "messaging_sender": Level.METADATA,
    "messaging_template": Level.CONTENT,
    "messaging_suppression": Level.METADATA,  # whose use is restricted: an index, no number
    "messaging_body": Level.CONTENT,
    "ledger.account": Level.METADATA,
    "ledger.transfer": Level.METADATA,
}
_LATER: Mapping[str, Level] = {
    # What the customer wrote to staff on purpose; it may name people.
    "accounts_support_thread": Level.IDENTIFIERS,
    "accounts_support_entry": Level.IDENTIFIERS,
}
OF_WORKSPACE: Mapping[str, Level] = {**_FIRST, **_LATER}
COLUMNS: Mapping[str, str] = {
    "accounts_workspace": (
        "id, name, currency, time_zone, body_hours, price_plan_id, sends_max, receipts, require_second_factor,"
        " company, contact_name, contact_email, contact_phone, staff_approval, suspended_at, suspended_for, created_at,"
        " closed_at, erase_at, erased_at"
    ),
    "accounts_api_key": (
        "id, workspace_id, name, livemode, last4, scopes, rate_max, day_max, money_max, countries, created_at,"
        " created_by, expires_at, former_expires_at, revoked_at, suspended_at, last_used_at"
    ),
    "messaging_webhook_endpoint": ("id, workspace_id, livemode, types, content, enabled, disabled_reason, created_at"),
}


def statements(*later: str) -> list[str]:
    """Policies and rights of ``sp_staff`` on the first tables, or on those named."""
    first = {"accounts_workspace": Level.METADATA, **_FIRST}
    tables = {table: _LATER[table] for table in later} if later else first
    return [statement for table, level in tables.items() for statement in _open(table, level)]


def policy(table: str, level: Level) -> str:
    """The condition of a table's policy for staff."""
    column = "id" if table == "accounts_workspace" else "workspace_id"
    return f"{column} = (SELECT tenancy.granted({level.value}))"


def _open(table: str, level: Level) -> list[str]:
    columns = f" ({COLUMNS[table]})" if table in COLUMNS else ""
    return [
        f"CREATE POLICY sp_staff ON {table} FOR SELECT TO sp_staff USING ({policy(table, level)})",
        f"GRANT SELECT{columns} ON {table} TO sp_staff",
    ]
