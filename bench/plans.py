"""Do the queue's statements keep their plans when the tables are large? ``python -m bench.plans [--rows 1000000]``.

Fills every table of traffic in a cluster of its own, and calls the functions of the pipeline as workers do, while
auto_explain tells the plan of each statement inside them. Three times: planned by a session that first ran on empty
tables, by a new session with the statistics of empty tables, and with true ones. A large table must not be read from
end to end, and no step of a plan may read more than a small multiple of what was asked for.
"""

import argparse
import datetime as dt
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from smsplatform.lib import clock, ids

BIG = ("messaging_message", "messaging_attempt", "messaging_outbox", "messaging_delivery", "messaging_body", "transfer",
       "messaging_traffic_hour")  # fmt: skip
BATCH = 500
READ_MAX = 40 * BATCH
CALLS_MAX = 10 * BATCH  # of functions, for rows of the batch
CARRIER = UUID(int=1)
DAYS = 60

Connection = psycopg.Connection[Any]

# Message number i of :rows was made so long before :at that all of them spread evenly over DAYS.
ID = """(lpad(to_hex((extract(epoch FROM %(at)s::timestamptz) * 1000)::bigint
        - (%(rows)s - i) * (86400000::bigint * %(days)s / %(rows)s)), 12, '0')
        || '7' || lpad(to_hex(i & 4095), 3, '0') || '8' || substr(md5(i::text), 1, 15))::uuid"""
WORKSPACE = "lpad(to_hex(i %% 100 + 256), 32, '0')::uuid"
ENDPOINT = "lpad(to_hex(i %% 100 + 4096), 32, '0')::uuid"
NUMBERS = "FROM generate_series(1, %(rows)s) AS i"
UNDER_WAY = "FROM generate_series(%(rows)s / 2 + 1, %(rows)s) AS i"  # what is old enough to be purged has arrived
FILL: dict[str, LiteralString] = {
    "endpoints": f"""INSERT INTO messaging_webhook_endpoint (id, workspace_id, livemode, url, secret, types, content,
        description, enabled, disabled_reason, created_at)
        SELECT {ENDPOINT}, {WORKSPACE}, true, '', '', '{{message.delivered}}', 'thin', '', true, '', %(at)s
        FROM generate_series(0, 99) AS i""",
    "messages": f"""INSERT INTO messaging_message (id, workspace_id, livemode, sender_id, to_ct, to_idx, country,
        category, encoding, parts, unit_price, price, currency, refund_basis, status, expires_at, body_expires_at)
        SELECT {ID}, {WORKSPACE}, true, {WORKSPACE}, '\\x00', substr(sha256(int8send(i / 7)), 1, 16), 'NL',
        'transactional', 'gsm7', 1, 1000, 1000, 'EUR', 'submit', 'queued', %(at)s + interval '1 hour',
        %(at)s + interval '1 day' {NUMBERS}""",
    "outbox": f"""INSERT INTO messaging_outbox (message_id, workspace_id, carrier_id, state, lane, due_at, expires_at,
        attempt, failures, hop, parts, lease_until, leased_by)
        SELECT {ID}, {WORKSPACE}, %(carrier)s, CASE WHEN i %% 10 < 4 THEN 0 WHEN i %% 10 = 4 THEN 1 ELSE 2 END, i %% 3,
        %(at)s - i * interval '1 ms', %(at)s + interval '1 hour' + i * interval '1 ms', 1, 0, 0, 1,
        CASE WHEN i %% 10 = 4 THEN %(at)s + interval '20 s' END, CASE WHEN i %% 10 = 4 THEN %(carrier)s END
        {UNDER_WAY}""",
    "attempts": f"""INSERT INTO messaging_attempt (message_id, part, attempt, workspace_id, carrier_id, session,
        sequence, outcome, ref, submitted_at)
        SELECT {ID}, 1, 1, {WORKSPACE}, %(carrier)s, 's', i, 'accepted', i::text, %(at)s {NUMBERS}""",
    "bodies": f"""INSERT INTO messaging_body (expires_on, message_id, workspace_id, text_ct)
        SELECT ((%(at)s + interval '1 day') AT TIME ZONE 'UTC')::date, {ID}, {WORKSPACE}, '\\x00' {NUMBERS}""",
    "deliveries": f"""INSERT INTO messaging_delivery (id, workspace_id, endpoint_id, event_id, message_id, type,
        occurred_at, state, attempts, due_at, lease_until)
        SELECT md5(i::text)::uuid, {WORKSPACE}, {ENDPOINT}, md5(i::text)::uuid, {ID}, 'message.delivered', %(at)s,
        CASE WHEN i %% 10 < 8 THEN 'delivered' WHEN i %% 10 = 8 THEN 'leased' ELSE 'pending' END, 1,
        %(at)s - i * interval '1 ms', CASE WHEN i %% 10 = 8 THEN %(at)s + interval '20 s' END {NUMBERS}""",
    "transfers": f"""INSERT INTO ledger.transfer (id, at, amount, wallet_seq, wallet_after, workspace_id, wallet_id,
        debit_id, credit_id, kind, currency)
        SELECT {ID}, %(at)s, 1000, i, 1000, {WORKSPACE}, {WORKSPACE}, {WORKSPACE}, %(carrier)s, 'charge', 'EUR'
        {NUMBERS}""",
    "traffic": f"""INSERT INTO messaging_traffic_hour (workspace_id, livemode, hour, country, category, outcome,
        latency, messages, parts, price)
        SELECT {WORKSPACE}, true, date_trunc('hour', %(at)s::timestamptz) - i / 1000 * interval '1 hour', 'NL', 'otp',
        'delivered', i %% 1000 / 100, 10, 10, 1000 {NUMBERS}""",
    "restrictions": """INSERT INTO messaging_suppression (id, workspace_id, to_idx, reason, source, created_at)
        SELECT md5('s' || i)::uuid, lpad(to_hex(i %% 100 + 256), 32, '0')::uuid, substr(sha256(int8send(i / 7)), 1, 16),
        'restriction', 'request', %(at)s FROM generate_series(1, 100) AS i""",
    "leases": """INSERT INTO messaging_bind_lease (id, carrier_id, slot, holder, bound, until)
        SELECT %(carrier)s, %(carrier)s, 1, %(carrier)s, true, %(at)s + interval '1 hour'""",
}  # fmt: skip
TABLES: tuple[LiteralString, ...] = (
    "messaging_message", "messaging_attempt", "messaging_outbox", "messaging_delivery", "messaging_body",
    "messaging_webhook_endpoint", "messaging_bind_lease", "messaging_traffic_hour", "ledger.transfer",
)  # fmt: skip


def fill(connection: Connection, *, rows: int, at: dt.datetime) -> None:
    """Rows as traffic would leave them, without what they refer to. As superuser."""
    values = {"rows": rows, "at": at, "days": DAYS, "carrier": CARRIER}
    connection.execute("SET session_replication_role = replica")
    # All texts in one day's partition, as on a busy day, whatever the age of their messages.
    connection.execute("ALTER TABLE messaging_message DROP CONSTRAINT IF EXISTS body_within_cap")
    for query in FILL.values():
        connection.execute(query, values)
    connection.execute("SET session_replication_role = origin")


def analyze(connection: Connection) -> None:
    """Take the statistics of the tables as they are."""
    for table in TABLES:
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(*table.split("."))))


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """A statement whose plan matters; ``workspace`` opens the scope of one for the web role."""

    name: str
    text: LiteralString
    values: Sequence[Any]
    workspace: bool = False


def questions(connection: Connection, *, at: dt.datetime) -> list[Question]:
    """What workers and pages ask, about rows that are there."""
    leased = _column(connection, "SELECT message_id FROM messaging_outbox WHERE state = 1 LIMIT %s")
    submitted = _column(connection, "SELECT message_id FROM messaging_outbox WHERE state = 2 LIMIT %s")
    refs = _column(connection, "SELECT sequence::text FROM messaging_attempt ORDER BY message_id DESC LIMIT %s")
    posted = _column(connection, "SELECT id FROM messaging_delivery WHERE state = 'leased' LIMIT %s")
    waiting = _column(
        connection, "SELECT DISTINCT endpoint_id FROM messaging_delivery WHERE state = 'pending' LIMIT %s"
    )
    index = _column(connection, "SELECT to_idx FROM messaging_message LIMIT %s")[:1] or [b""]
    n = len(leased)
    results = (CARRIER, "s", at, leased, leased, [1] * n, [2] * n, [1] * n, ["accepted"] * n, [None] * n,
               [f"n{i}" for i in range(n)], [at] * n, leased, ["submitted"] * n, [None] * n, [None] * n, [None] * n,
               [0] * n, [0] * n)  # fmt: skip
    failed = (*results[:3], *[[]] * 9, leased, ["failed"] * n, ["code"] * n, *results[15:])
    lease = at + dt.timedelta(seconds=30)
    some = UUID(int=300)
    return [
        Question(name="claim", text="SELECT * FROM pipeline.claim(%s, %s, %s, %s, %s)",
                 values=(CARRIER, CARRIER, BATCH, at, lease)),
        Question(name="record results", text=RECORD, values=results),
        Question(name="record failures", text=RECORD, values=failed),
        Question(name="record receipts", text="SELECT pipeline.record_receipts(%s, %s, %s, %s, %s)",
                 values=(CARRIER, at, refs, ["delivered"] * len(refs), [None] * len(refs))),
        Question(name="finish", text="SELECT pipeline.finish(%s::uuid[], %s::text[], %s::text[], %s)",
                 values=(submitted, ["undelivered"] * len(submitted), ["code"] * len(submitted), at)),
        Question(name="expire", text="SELECT pipeline.expire(%s, %s, %s)",
                 values=(at + dt.timedelta(minutes=60, seconds=1), dt.timedelta(minutes=10), BATCH)),
        Question(name="reclaim", text="SELECT pipeline.reclaim(%s, %s, %s)",
                 values=(lease, dt.timedelta(seconds=60), BATCH)),
        Question(name="due carriers", text="SELECT * FROM pipeline.due_carriers(%s)", values=(at,)),
        Question(name="match orphans", text="SELECT pipeline.match_orphans(%s, NULL, %s)", values=(CARRIER, at)),
        Question(name="claim deliveries", text="SELECT * FROM pipeline.claim_deliveries(%s, %s, %s, '{}'::uuid[])",
                 values=(BATCH, at, lease)),
        Question(name="claim deliveries beside full endpoints", values=(BATCH, at, lease, waiting[1:]),
                 text="SELECT * FROM pipeline.claim_deliveries(%s, %s, %s, %s::uuid[])"),
        Question(name="record deliveries", text=DELIVERED,
                 values=(at, posted, ["delivered"] * len(posted), [200] * len(posted), [None] * len(posted),
                         [None] * len(posted))),
        Question(name="deliveries due", text="SELECT pipeline.deliveries_due(%s)", values=(at,)),
        Question(name="roll up", values=(at - dt.timedelta(hours=6), at - dt.timedelta(days=89),
                                         at - dt.timedelta(hours=8), 100),
                 text="SELECT pipeline.touch_new(%s), pipeline.roll_up(%s, %s, %s)"),
        Question(name="purge metadata", text="SELECT pipeline.purge_metadata(%s, %s)",
                 values=(at - dt.timedelta(days=DAYS // 2), BATCH)),
        Question(name="drop months", text="SELECT pipeline.drop_partitions(%s, %s)",
                 values=(dt.date(1970, 1, 1), at - dt.timedelta(days=DAYS // 2))),
        Question(name="figures", text=FIGURES, workspace=True,
                 values=("UTC", some, at - dt.timedelta(days=30), at - dt.timedelta(days=60))),
        Question(name="list", text=LIST.format(""), values=(some, BATCH), workspace=True),
        Question(name="list from", text=LIST.format("AND id < %s"), workspace=True,
                 values=(some, ids.floor(at - dt.timedelta(days=DAYS // 2)), BATCH)),
        Question(name="find number", text=LIST.format("AND to_idx = %s"), values=(some, index[0], BATCH),
                 workspace=True),
        Question(name="list deliveries", values=(some, BATCH), workspace=True,
                 text="SELECT * FROM messaging_delivery WHERE workspace_id = %s ORDER BY id DESC LIMIT %s"),
    ]  # fmt: skip


RECORD: LiteralString = (
    "SELECT pipeline.record_results(%s, %s, %s, %s::uuid[], %s::uuid[], %s::smallint[], %s::smallint[], %s::bigint[], "
    "%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::uuid[], %s::text[], %s::text[], %s::timestamptz[], "
    "%s::uuid[], %s::smallint[], %s::smallint[])"
)
DELIVERED: LiteralString = (
    "SELECT pipeline.record_deliveries(%s, %s::uuid[], %s::text[], %s::smallint[], %s::text[], %s::timestamptz[])"
)
FIGURES: LiteralString = (
    "SELECT (hour AT TIME ZONE %s)::date AS day, country, outcome, latency, sum(messages) FROM messaging_traffic_hour "
    "WHERE workspace_id = %s AND livemode AND (hour >= %s OR hour >= %s) "
    "GROUP BY GROUPING SETS ((day, outcome, latency), (country, outcome, latency))"
)
LIST: LiteralString = (
    "SELECT m.*, (SELECT o.state FROM messaging_outbox o WHERE o.message_id = m.id) AS stage FROM messaging_message m "
    "WHERE workspace_id = %s AND livemode {} ORDER BY id DESC LIMIT %s"
)


def _column(connection: Connection, query: LiteralString) -> list[Any]:
    return [row[0] for row in connection.execute(query, [BATCH])]


def ready(connection: Connection) -> None:
    """Have this session tell the plan of every statement, those inside functions included."""
    connection.execute("LOAD 'auto_explain'")
    for name, value in (("log_min_duration", "0"), ("log_nested_statements", "on"), ("log_analyze", "on"),
                        ("log_timing", "off"), ("log_format", "json")):  # fmt: skip
        connection.execute(sql.SQL("SET auto_explain.{} = {}").format(sql.Identifier(name), sql.Literal(value)))


def ask(connection: Connection, question: Question, token: str) -> tuple[int, set[str]]:
    """How many plans one question has, and what is wrong with them; it leaves no trace.

    ``token`` opens the workspace for the web role. Plans are looked at as they are told: a function that is called for
    each row has one each time.
    """
    told, wrong = 0, set[str]()

    def heard(notice: psycopg.errors.Diagnostic) -> None:
        nonlocal told
        text = notice.message_primary or ""
        if "plan:" in text:
            told += 1
            wrong.update(faults(json.loads(text.partition("plan:\n")[2])))

    connection.add_notice_handler(heard)
    try:
        with connection.transaction(force_rollback=True):
            if question.workspace:
                connection.execute("SET LOCAL ROLE sp_app")
                connection.execute("SELECT tenancy.enter(%s)", [token])
            connection.execute("SET LOCAL client_min_messages = log")
            connection.execute(question.text, question.values).fetchall()
    finally:
        connection.remove_notice_handler(heard)
    return told, wrong


def faults(plan: dict[str, Any]) -> Iterator[str]:
    """Steps of a plan that would grow with the table, or with the square of the batch."""
    for node in _nodes(plan["Plan"]):
        table = node.get("Relation Name", "")
        removed = sum(node.get(name, 0) for name in ("Rows Removed by Filter", "Rows Removed by Join Filter"))
        read = node.get("Actual Loops", 0) * (node.get("Actual Rows", 0) + removed)
        whole = node["Node Type"] == "Seq Scan" and table.startswith(BIG) and read > BATCH
        if whole or read > READ_MAX:
            yield f"{node['Node Type']} {table or node.get('CTE Name', '')} reads {read:.0f} rows"


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


def check(connection: Connection, asked: Sequence[Question], token: str) -> dict[str, tuple[float, list[str]]]:
    """Milliseconds and faults of each question."""
    found = {}
    for question in asked:
        began = time.perf_counter()
        told, wrong = ask(connection, question, token)
        if told > CALLS_MAX:
            wrong.add(f"{told} statements for a batch of {BATCH}")
        found[question.name] = ((time.perf_counter() - began) * 1000, sorted(wrong))
        assert told, f"no plan was told for {question.name}"
    return found


def main() -> None:
    """Fill, ask three times, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="in each table")
    options = parser.parse_args()
    from bench.stack import Stack  # the test of this module brings a cluster of its own

    directory = Path(tempfile.mkdtemp(prefix="spb-"))
    stack = Stack(directory, workers=1)
    try:
        stack.start_servers()
        wrong = run(lambda: stack.cluster.connect("main"), rows=options.rows, secret=stack.credentials.secret_key)
    finally:
        stack.stop()
        stack.remove()
    sys.exit(wrong)


def run(connect: Any, *, rows: int, secret: str, write: Any = sys.stdout.write) -> int:
    """The three rounds on the cluster that ``connect`` reaches; how many faults."""
    at = clock.now()
    maker, early = connect(), connect()
    analyze(maker)
    ready(early)
    empty = questions(early, at=at)
    check(early, empty, _token(early, secret))
    began = time.perf_counter()
    fill(maker, rows=rows, at=at)
    write(f"{rows:,} rows in each table after {time.perf_counter() - began:.0f} s\n")
    wrong = 0
    for name, connection in (
        ("planned on empty tables", early),
        ("statistics of empty tables", None),
        ("analyzed", None),
    ):
        if name == "analyzed":
            analyze(maker)
        session = connection or connect()
        ready(session)
        for question, (ms, found) in check(session, questions(session, at=at), _token(session, secret)).items():
            write(f"{name:27} {question:18} {ms:8.1f} ms  {'; '.join(found) or 'ok'}\n")
            wrong += len(found)
        session.close()
    maker.close()
    return wrong


def _token(connection: Connection, secret: str) -> str:
    from django.conf import settings  # see main

    from smsplatform.lib.tenancy import context

    if not settings.configured:
        settings.configure(SECRET_KEY=secret)
    return context.token("w", UUID(int=300), connection.info.backend_pid)


if __name__ == "__main__":
    main()
