"""Unique words are sent through the platform, and then looked for wherever it could have left them.

In every row of every table of both databases, in the files of the cluster with its write-ahead log, in the logs, and in
the broker: as text, as hex and as base64. What finds nothing proves little unless it can find, so each search is tried
on something that is there.
"""

import base64
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from psycopg import sql

from accounts import provisioning
from accounts.models import User
from messaging import sources
from messaging.acceptance import Order, accept_now
from messaging.drafting import SendRequest, plan, seal
from messaging.models import Template, WebhookEndpoint
from messaging.provisioning import register_sender
from privacy import keyring
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope
from tests.factories import pages
from tests.factories.superuser import superuser
from tests.factories.words import names_in, word


@pytest.fixture(scope="module")
def planted() -> dict[str, str]:
    """One marker for each kind of personal data, all of them stored by now."""
    digits = str(uuid4().int)
    marks = {
        "number": f"+49151{digits[:8]}",
        "text": word(),
        "reference": word(),
        "metadata": word(),
        "email": f"{word()}@example.org",
        "name": word(),
        "password": word(),
        "sender": f"+49160{digits[8:16]}",
        "template": word(),
        "url": f"https://example.org/{word()}",
        "secret": word(),
    }
    at = clock.now()
    shop = pages.shop()
    provisioning.create_user(email=marks["email"], password=marks["password"], name=marks["name"], at=at)
    with scope.workspace(shop.workspace.id):
        register_sender(workspace=shop.workspace.id, address=marks["sender"], approved=True, by=None, at=at)
        Template(workspace=shop.workspace, name="code", text=marks["template"]).save()
        WebhookEndpoint(
            workspace=shop.workspace,
            livemode=False,
            url=marks["url"],
            secret=marks["secret"],
            types=["message.queued"],
            content="full",
        ).save()
    _send(shop, marks)
    return marks


def _send(shop: pages.Shop, marks: dict[str, str]) -> None:
    at = clock.now()
    with scope.workspace(shop.workspace.id):
        source = sources.for_user(shop.workspace.id, shop.owner.id, livemode=False)
        request = SendRequest(
            to=marks["number"],
            from_=marks["sender"],
            body=marks["text"],
            reference=marks["reference"],
            metadata={"order": marks["metadata"]},
        )
        made = plan(request, source, at=at)
        draft = seal(made, source, keyring.body_key(shop.workspace.id, made.body_expires_at.date()))
        assert accept_now(Order(source=source, drafts=[draft], at=at)) == ["ok"]


def dumped(alias: str) -> Iterator[tuple[str, bytes]]:
    """Every table of a database as COPY writes it, whatever row security says."""
    with superuser(alias) as connection:
        tables = connection.execute(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
        ).fetchall()
        for schema, name in tables:
            statement = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(schema, name))
            with connection.cursor().copy(statement) as copy:
                yield f"{schema}.{name}", b"".join(bytes(piece) for piece in copy)


@pytest.mark.parametrize("alias", ["default", "keystore"])
def test_no_table_holds_a_marker(alias: str, planted: dict[str, str]) -> None:
    leaks = {table: names for table, data in dumped(alias) if (names := names_in(data, planted))}

    assert leaks == {}


def test_the_search_of_tables_finds_what_is_there(planted: dict[str, str]) -> None:
    tables = dict(dumped("default"))
    email_index = User.email_index(planted["email"])

    assert len(tables) > 40
    assert email_index.hex().encode() in tables["public.accounts_user"]
    assert names_in(b"x" + base64.b64encode(b"ab" + planted["text"].encode() + b"cd"), planted) == {"text"}


def files() -> Iterator[tuple[Path, mmap.mmap]]:
    """Every file of the session: tables, write-ahead log, server logs."""
    with superuser() as connection:
        connection.execute("CHECKPOINT")
    for path in Path(os.environ["RUN_DIR"]).rglob("*"):
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                yield path, data


@pytest.mark.promise("duty-02")
def test_no_file_of_the_cluster_and_no_log_holds_a_marker(planted: dict[str, str]) -> None:
    index, seen = User.email_index(planted["email"]), set()
    leaks = {}
    for path, data in files():
        if names := names_in(data, planted):
            leaks[path.name] = names
        if data.find(index) >= 0:
            seen.add("wal" if "pg_wal" in path.parts else "table")

    assert leaks == {}
    assert seen == {"wal", "table"}  # the same files do hold what may be stored


@pytest.mark.promise("duty-01")
def test_neither_broker_nor_limits_hold_a_marker(planted: dict[str, str]) -> None:
    for url in {settings.BROKER_URL, settings.LIMITS_URL}:
        with redis.Redis.from_url(url.replace("redis+socket", "unix").replace("?virtual_host", "?db")) as client:
            client.set("marker:search", "works")
            values = {key: client.dump(key) or b"" for key in client.scan_iter()}
            client.delete("marker:search")
        assert b"marker:search" in values
        assert [key for key, value in values.items() if names_in(key + value, planted)] == []
