"""Whether isolation is in force, read from the live database's own catalogue.

Each question is one query that lists offenders; an empty list is the proof. They run in CI and from ``manage.py
doctor``. ``ALLOWED_DEFINERS`` names the schemas whose SECURITY DEFINER functions are part of the product.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

from django.db import connections

from smsplatform.lib.tenancy.models import tenant_models

DEFINER_SCHEMAS = ("tenancy", "access", "ledger", "pipeline", "privacy")
RUNTIME_ROLES = ("sp_app", "sp_system", "sp_staff", "sp_audit", "sp_keys", "sp_definer")
POLICY = "(workspace_id = ( SELECT tenancy.workspace() AS workspace))"
POLICY_OF_WORKSPACES = "(id = ( SELECT tenancy.workspace() AS workspace))"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be."""

    rule: str
    offender: str


_TENANT_TABLES: LiteralString = """
    SELECT c.oid, c.relname, n.nspname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'ledger')
      AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('workspace_id', 'workspace')
                  AND NOT a.attisdropped)
"""
_CUSTOMERS: LiteralString = f"{_TENANT_TABLES} OR n.nspname = 'public' AND c.relname = 'accounts_workspace'"
# ruff: noqa: S608  # the queries are put together from this file\'s own constants
RULES: dict[str, LiteralString] = {
    "row security is enabled and forced on every tenant table": f"""
        SELECT relname FROM ({_TENANT_TABLES}) t WHERE NOT (relrowsecurity AND relforcerowsecurity)""",
    "every policy of the web role is the canonical one": f"""
        SELECT t.relname || '.' || p.polname FROM ({_TENANT_TABLES}) t JOIN pg_policy p ON p.polrelid = t.oid
        WHERE 'sp_app'::regrole = ANY (p.polroles)
          AND replace(pg_get_expr(p.polqual, p.polrelid), 'workspace_id', 'workspace')
              NOT LIKE '(workspace = ( SELECT tenancy.workspace() AS workspace))'""",
    "every policy of the staff role asks for a signed grant": f"""
        SELECT t.relname || '.' || p.polname FROM ({_CUSTOMERS}) t JOIN pg_policy p ON p.polrelid = t.oid
        WHERE 'sp_staff'::regrole = ANY (p.polroles) AND p.polpermissive
          AND t.relname NOT IN ('accounts_staff_grant', 'accounts_staff_proposal') AND t.relname NOT LIKE 'privacy\\_%'
          AND pg_get_expr(p.polqual, p.polrelid)
              !~ '^\\((workspace_id|id) = \\( SELECT tenancy\\.granted\\([123]\\) AS granted\\)\\)$'""",
    "the staff role writes nothing of customers": f"""
        SELECT t.relname FROM ({_CUSTOMERS}) t
        WHERE has_table_privilege('sp_staff', t.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
           OR has_any_column_privilege('sp_staff', t.oid, 'INSERT, UPDATE')""",
    "no policy is for everybody": "SELECT polname FROM pg_policy WHERE 0::oid = ANY (polroles)",
    "run-time roles are neither superusers nor exempt from row security": """
        SELECT rolname FROM pg_roles WHERE rolname LIKE 'sp\\_%' AND (rolsuper OR rolbypassrls OR rolcreaterole
            OR rolcreatedb OR rolreplication)""",
    "run-time roles are members of nothing": """
        SELECT m.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
        WHERE m.rolname LIKE 'sp\\_%' AND m.rolname <> 'sp_owner'""",
    "run-time roles own no table": """
        SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND r.rolname LIKE 'sp\\_%' AND r.rolname <> 'sp_owner'""",
    "nobody may truncate, reference or put triggers on tables": """
        SELECT c.relname || ' ' || (acl).grantee::regrole || ' ' || (acl).privilege_type
        FROM (SELECT c.relname, c.relowner, aclexplode(c.relacl) AS acl FROM pg_class c
              JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'ledger', 'tenancy')) c
        WHERE (acl).privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
          AND (acl).grantee <> c.relowner""",
    "nothing is granted to everybody": """
        SELECT c.relname FROM (SELECT c.relname, aclexplode(c.relacl) AS acl FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('public', 'ledger', 'tenancy')) c WHERE (acl).grantee = 0""",
    "definer functions live in our schemas only": """
        SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname NOT IN ('tenancy', 'access', 'ledger', 'pipeline', 'privacy')""",
    "definer functions pin their search path": """
        SELECT p.oid::regprocedure::text FROM pg_proc p
        WHERE p.prosecdef AND NOT EXISTS (
            SELECT 1 FROM unnest(p.proconfig) AS c WHERE c LIKE 'search\\_path=pg\\_catalog%')""",
    "definer functions are not for everybody": """
        SELECT p.oid::regprocedure::text FROM pg_proc p
        WHERE p.prosecdef AND (p.proacl IS NULL OR EXISTS (
            SELECT 1 FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0))""",
    "views see with the eyes of their caller": """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'v' AND n.nspname IN ('public', 'ledger', 'pipeline')
          AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)""",
    "no materialised view copies tenant rows": """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'm' AND n.nspname NOT LIKE 'pg\\_%'""",
    "a reference between tenant tables that the web role writes carries the workspace": f"""
        SELECT k.conname FROM pg_constraint k
        JOIN ({_TENANT_TABLES}) a ON a.oid = k.conrelid JOIN ({_TENANT_TABLES}) b ON b.oid = k.confrelid
        WHERE k.contype = 'f' AND has_table_privilege('sp_app', a.oid, 'INSERT, UPDATE')
          AND NOT EXISTS (SELECT 1 FROM unnest(k.conkey) AS c JOIN pg_attribute t ON t.attrelid = k.conrelid
                          AND t.attnum = c AND t.attname IN ('workspace_id', 'workspace'))""",
}


def findings(*, using: str = "default") -> Iterator[Finding]:
    """Every offender against every rule; nothing when isolation is in force."""
    with connections[using].cursor() as cursor:
        for rule, query in RULES.items():
            cursor.execute(query)
            yield from (Finding(rule, str(row[0])) for row in cursor.fetchall())
        yield from _unprotected(cursor)


def _unprotected(cursor: object) -> Iterator[Finding]:
    """Tenant models whose table the catalogue does not know as protected (a model added without ``Isolate``)."""
    cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")  # type: ignore[attr-defined]  # a database cursor
    protected = {row[0] for row in cursor.fetchall()}  # type: ignore[attr-defined]  # a database cursor
    for model in tenant_models():
        if model._meta.db_table not in protected:
            yield Finding("row security is enabled and forced on every tenant table", model._meta.db_table)
