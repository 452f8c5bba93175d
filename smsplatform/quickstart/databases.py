"""The two databases on an embedded cluster: roles, migrations, and the environment that reaches them."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from privacy.vault.file import FileVault
from smsplatform.lib.tenancy import roles
from smsplatform.quickstart.credentials import Credentials
from smsplatform.quickstart.postgres import Cluster
from smsplatform.quickstart.valkey import Valkey

ROOT = Path(__file__).resolve().parents[2]
MAIN, KEYSTORE = "main", "keystore"
# What decides how the databases look after migrating.
SOURCES = (
    "*/migrations/*.py",
    "privacy/keystore/migrations/*.py",
    "*/sql/*.sql",
    "smsplatform/lib/tenancy/*",
    "smsplatform/quickstart/databases.py",
    "requirements.txt",
)


class CommandFailed(RuntimeError):
    """A management command failed; the message is its output."""


def fingerprint() -> str:
    """Changes when migrating would do something, or do it differently."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in ROOT.glob(pattern) if path.is_file()}):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def environment(
    *, cluster: Cluster, valkey: Valkey, credentials: Credentials, run_dir: Path, suffix: str = "", broker: int = 0
) -> dict[str, str]:
    """The settings of a process on these servers. ``suffix`` and ``broker`` choose databases of their own."""
    passwords = credentials.passwords
    main = f"{MAIN}{suffix}"
    return {
        "SECRET_KEY": credentials.secret_key,
        "DATABASE_URL": cluster.url("sp_app", passwords["sp_app"], main),
        "SYSTEM_DATABASE_PASSWORD": passwords["sp_system"],
        "STAFF_DATABASE_PASSWORD": passwords["sp_staff"],
        "AUDIT_DATABASE_PASSWORD": passwords["sp_audit"],
        "OWNER_DATABASE_URL": cluster.url("sp_owner", passwords["sp_owner"], main),
        "KEYSTORE_URL": cluster.url("sp_keys", passwords["sp_keys"], f"{KEYSTORE}{suffix}"),
        "BROKER_URL": valkey.broker_url(broker),
        "LIMITS_URL": valkey.url(broker + 1),
        "VAULT_FILE": str(run_dir / "vault.json"),
        "RUN_DIR": str(run_dir),
        "DEMO": "1",
    }


def create(*, cluster: Cluster, credentials: Credentials) -> None:
    """Roles and empty databases; what is there already stays."""
    with cluster.connect() as connection:
        roles.create_roles(connection, passwords=credentials.passwords)
        roles.create_database(connection, name=MAIN, owner="sp_owner")
        roles.create_database(connection, name=KEYSTORE, owner="sp_keys")


def migrate(env: dict[str, str]) -> None:
    """Bring both databases up to date and make the file vault if there is none."""
    FileVault.create(env["VAULT_FILE"])
    command(env, "upgrade")


def command(env: dict[str, str], *arguments: str) -> str:
    """Output of a management command, in a process of its own: ours holds no Django settings."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        check=False,
        cwd=ROOT,
        env={**os.environ, **env, "DJANGO_SETTINGS_MODULE": "smsplatform.settings"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CommandFailed(f"manage.py {arguments[0]}:\n{done.stdout}{done.stderr}")
    return done.stdout


def clone(*, cluster: Cluster, suffix: str) -> None:
    """Copies of both databases. Nobody may be connected to the originals."""
    with cluster.connect() as connection:
        for name, owner in ((MAIN, "sp_owner"), (KEYSTORE, "sp_keys")):
            connection.execute(f'CREATE DATABASE "{name}{suffix}" OWNER {owner} TEMPLATE {name}'.encode())
            roles.create_database(connection, name=f"{name}{suffix}", owner=owner)
