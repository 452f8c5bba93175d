"""The database roles and what is done once per cluster, by a superuser.

===========  =====================================================================================
sp_owner     owns every table and migrates; never used by a running process
sp_app       web requests and workspace tasks: rows of the signed workspace only
sp_system    a few named stages: executes claim functions, reads few columns
sp_definer   no login; owns the SECURITY DEFINER functions of the pipeline
sp_staff     staff pages: workspaces in an active grant
sp_audit     auditors: the audit log
sp_keys      the key-store database, nothing else
===========  =====================================================================================
"""

import secrets
from hashlib import sha256

import psycopg
from psycopg import sql

from smsplatform.lib.secrets import derive

LOGIN_ROLES = ("sp_owner", "sp_app", "sp_system", "sp_staff", "sp_audit", "sp_keys")
DEFINER = "sp_definer"


def create_roles(connection: psycopg.Connection, *, passwords: dict[str, str]) -> None:
    """Create the roles, or set their attributes and passwords again. Needs a superuser connection."""
    for role in (*LOGIN_ROLES, DEFINER):
        name = sql.Identifier(role)
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {}").format(name))
        login = sql.SQL("LOGIN" if role != DEFINER else "NOLOGIN")
        connection.execute(
            sql.SQL("ALTER ROLE {} {} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION").format(
                name, login
            )
        )
        if password := passwords.get(role):
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(password)))
    # The owner may hand functions over to the definer role, and inherits none of its rights.
    connection.execute("GRANT sp_definer TO sp_owner WITH INHERIT FALSE, SET TRUE")


def create_database(connection: psycopg.Connection, *, name: str, owner: str) -> None:
    """Create a database closed to everybody but its roles. Needs a superuser connection in autocommit."""
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                sql.Identifier(name), sql.Identifier(owner)
            )
        )
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    roles = ("sp_keys",) if owner == "sp_keys" else ("sp_app", "sp_system", "sp_staff", "sp_audit", DEFINER)
    for role in roles:
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(role))
        )


def after_migrate(connection: psycopg.Connection, *, secret_key: str) -> None:
    """Install the keys that prove a workspace context: ours, derived from SECRET_KEY, and the database's own.

    Run as ``sp_owner`` after each migration and after SECRET_KEY changes; contexts signed with the former key
    stop working at that moment.
    """
    install_key(connection, kid=1, key=derive(secret_key, "tenancy"))
    if not connection.execute("SELECT 1 FROM tenancy.signing_key WHERE kid = 0").fetchone():
        install_key(connection, kid=0, key=secrets.token_bytes(32))
    connection.commit()


def install_key(connection: psycopg.Connection, *, kid: int, key: bytes) -> None:
    """Store an HMAC-SHA-256 key as its two pads, since the server has sha256() but no hmac()."""
    block = (key if len(key) <= 64 else sha256(key).digest()).ljust(64, b"\0")
    inner, outer = bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)
    connection.execute(
        "INSERT INTO tenancy.signing_key (kid, inner_pad, outer_pad) VALUES (%s, %s, %s) "
        "ON CONFLICT (kid) DO UPDATE SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad",
        [kid, inner, outer],
    )
