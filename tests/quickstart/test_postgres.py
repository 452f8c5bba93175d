import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import environ
import psycopg
import pytest
from django.db import connections

from smsplatform.quickstart import databases, postgres
from smsplatform.quickstart.credentials import Credentials
from smsplatform.quickstart.postgres import Cluster


@pytest.fixture(scope="module")
def server() -> Iterator[psycopg.Connection]:
    """A superuser's session on the server of this test session."""
    where = Path(os.environ[SESSION])
    credentials = Credentials.load_or_create(where / "cluster" / "credentials.json")
    cluster = Cluster(data=where / "cluster" / "pg", sockets=where / "s", password=credentials.superuser)
    with cluster.connect() as connection:
        yield connection


SESSION = "SMSPLATFORM_TEST_SESSION"


def setting(server: psycopg.Connection, name: str) -> object:
    row = server.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return row[0]


def test_the_server_listens_on_a_private_socket_only(server: psycopg.Connection) -> None:
    assert setting(server, "listen_addresses") == ""
    directory = Path(str(setting(server, "unix_socket_directories")))
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_every_sign_in_needs_its_password(server: psycopg.Connection) -> None:
    methods = {row[0] for row in server.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules")}
    assert methods == {"scram-sha-256"}

    url = urlsplit(os.environ["DATABASE_URL"])
    wrong = connections["default"].settings_dict | {"PASSWORD": "wrong"}
    assert url.password != "wrong"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=wrong["HOST"], user=wrong["USER"], password="wrong", dbname=wrong["NAME"])


def test_logs_show_neither_statements_nor_details(server: psycopg.Connection) -> None:
    assert setting(server, "log_error_verbosity") == "terse"
    assert setting(server, "log_min_error_statement") == "panic"
    assert setting(server, "log_parameter_max_length_on_error") == "0"


def test_text_sorts_by_bytes_on_every_machine(server: psycopg.Connection) -> None:
    rows = server.execute("SELECT word FROM unnest(ARRAY['z', 'ä', 'B', 'a']) AS word ORDER BY word").fetchall()

    assert [row[0] for row in rows] == ["B", "a", "z", "ä"]


def test_only_throw_away_clusters_trade_durability_for_speed() -> None:
    command = " ".join(map(str, Cluster(data=Path("/d"), sockets=Path("/s"), password="p").command()))
    assert "fsync" not in command
    assert "synchronous_commit" not in command


def test_a_url_survives_the_settings_parser() -> None:
    cluster = Cluster(data=Path("/d"), sockets=Path("/tmp/a b/s"), password="p")

    parsed = environ.Env.db_url_config(cluster.url("sp_app", "p/w@+%", "main_gw0"))

    assert (parsed["USER"], parsed["PASSWORD"], parsed["NAME"]) == ("sp_app", "p/w@+%", "main_gw0")
    assert parsed["HOST"] == "/tmp/a b/s"


def test_a_path_too_long_for_a_socket_is_replaced_by_a_short_one(tmp_path: Path) -> None:
    short = postgres.socket_directory(Path("/run/s"))
    replaced = postgres.socket_directory(tmp_path / ("x" * 120))

    assert short == Path("/run/s")
    assert len(str(replaced)) < postgres.SOCKET_PATH_MAX
    replaced.rmdir()


def test_the_fingerprint_covers_migrations_and_the_sql_they_run() -> None:
    names = {str(path) for pattern in databases.SOURCES for path in databases.ROOT.glob(pattern)}

    for wanted in (
        "accounts/migrations/0001_initial.py",
        "messaging/sql/accept.sql",
        "smsplatform/lib/tenancy/context.sql",
    ):
        assert str(databases.ROOT / wanted) in names
