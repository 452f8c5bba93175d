"""Our binary arrays, compared with what PostgreSQL says they hold."""

import datetime as dt
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsplatform.lib import arrays, database

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC))


def column(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | inner, max_size=20)


@pytest.fixture(scope="module")
def session() -> Any:
    with psycopg.connect(**database.conninfo("default"), autocommit=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@settings(max_examples=60, deadline=None)
@given(
    uuids=column(st.uuids()),
    byteas=column(st.binary()),
    texts=column(TEXT),
    int2s=column(st.integers(-(2**15), 2**15 - 1)),
    int4s=column(st.integers(-(2**31), 2**31 - 1)),
    int8s=column(st.integers(-(2**63), 2**63 - 1)),
    bools=st.lists(st.booleans(), max_size=20),
    times=column(MOMENTS),
)
def test_every_kind_arrives_as_it_was_sent(session: Any, **columns: list[Any]) -> None:
    for kind, items in columns.items():
        row = session.execute("SELECT %s", [getattr(arrays, kind)(items)], binary=True).fetchone()

        assert row[0] == items, kind


def test_a_null_inside_a_value_is_not_taken_for_a_missing_one(session: Any) -> None:
    row = session.execute("SELECT %s", [arrays.byteas([b"\xff\xff\xff\xff", None])], binary=True).fetchone()

    assert row[0] == [b"\xff\xff\xff\xff", None]


def test_the_element_types_are_the_servers(session: Any) -> None:
    row = session.execute("SELECT pg_typeof(%s), pg_typeof(%s)", [arrays.uuids([UUID(int=1)]), arrays.times([])])

    assert [str(value) for value in row.fetchone()] == ["uuid[]", "timestamp with time zone[]"]
