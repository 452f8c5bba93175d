import datetime as dt
from collections.abc import Iterator
from typing import ClassVar
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connections, models
from django.http import QueryDict
from django.test import RequestFactory

from smsplatform.lib import ids
from smsplatform.lib.api import pages
from smsplatform.lib.api.problems import Problem

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


class Row(models.Model):
    id: "models.UUIDField[UUID, UUID]" = models.UUIDField(primary_key=True)
    objects: ClassVar[models.Manager["Row"]] = models.Manager()

    class Meta:
        app_label = "tests"
        managed = False
        db_table = "pages_rows"

    def __str__(self) -> str:
        return str(self.pk)


@pytest.fixture
def rows() -> Iterator[list[UUID]]:
    """Ten rows, one second apart from AT, oldest first, in the owner's temporary table: the web role may make none."""
    made = [ids.uuid7(AT + dt.timedelta(seconds=n)) for n in range(10)]
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE pages_rows (id uuid PRIMARY KEY)")
    try:
        Row.objects.using("owner").bulk_create(Row(id=value) for value in made)
        yield made
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("DROP TABLE pages_rows")


def read(**params: str) -> pages.Page[Row]:
    return pages.read(
        Row.objects.using("owner").all(),
        {name.replace("__", "[") + "]" * ("__" in name): v for name, v in params.items()},
    )


def ids_of(page: pages.Page[Row]) -> list[UUID]:
    return [row.pk for row in page.rows]


def test_pages_follow_each_other_newest_first_without_gap_or_repetition(rows: list[UUID]) -> None:
    seen: list[UUID] = []
    cursor: dict[str, str] = {}
    for expected in (4, 4, 2):
        page = read(limit="4", **cursor)
        assert len(page.rows) == expected
        seen += ids_of(page)
        cursor = {"cursor": page.next_cursor or ""}

    assert seen == rows[::-1]
    assert page.next_cursor is None


def test_rows_added_in_between_shift_nothing(rows: list[UUID]) -> None:
    first = read(limit="5")
    Row.objects.using("owner").create(id=ids.uuid7(AT + dt.timedelta(hours=1)))

    second = read(limit="5", cursor=first.next_cursor or "")

    assert ids_of(first) + ids_of(second) == rows[::-1]


def test_a_last_page_that_is_exactly_full_has_no_successor(rows: list[UUID]) -> None:
    assert read(limit="10").next_cursor is None
    assert read(limit="9").next_cursor is not None


def test_without_a_limit_a_page_has_twenty_five_rows(rows: list[UUID]) -> None:
    Row.objects.using("owner").bulk_create(Row(id=ids.uuid7(AT + dt.timedelta(minutes=1))) for _ in range(20))

    assert len(read().rows) == 25


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({"created_at__gte": "2026-03-01T12:00:08Z"}, slice(8, 10)),
        ({"created_at__gt": "2026-03-01T12:00:08Z"}, slice(9, 10)),
        ({"created_at__lte": "2026-03-01T12:00:01Z"}, slice(0, 2)),
        ({"created_at__lt": "2026-03-01T12:00:01Z"}, slice(0, 1)),
        ({"created_at__gte": "2026-03-01T13:00:08+01:00"}, slice(8, 10)),
        ({"created_at__gte": "2026-03-01T13:00:08 01:00"}, slice(8, 10)),
        ({"created_at__gt": "2026-03-01T12:00:02.500Z", "created_at__lt": "2026-03-01T12:00:05Z"}, slice(3, 5)),
        ({"created_at__gt": "2026-03-01T12:00:02Z", "created_at__gte": "2026-03-01T12:00:01Z"}, slice(3, 10)),
    ],
)
def test_times_of_creation_are_filtered_by_the_id(rows: list[UUID], params: dict[str, str], kept: slice) -> None:
    assert ids_of(read(**params)) == rows[kept][::-1]


@pytest.mark.parametrize(
    ("params", "code", "pointer"),
    [
        ({"limit": "0"}, "invalid_limit", "?limit"),
        ({"limit": "101"}, "invalid_limit", "?limit"),
        ({"limit": "-1"}, "invalid_limit", "?limit"),
        ({"limit": "٣"}, "invalid_limit", "?limit"),
        ({"limit": ""}, "invalid_limit", "?limit"),
        ({"limit": "9" * 5000}, "invalid_limit", "?limit"),
        ({"cursor": ""}, "invalid_cursor", "?cursor"),
        ({"cursor": "x" * 21}, "invalid_cursor", "?cursor"),
        ({"cursor": "x" * 22}, "invalid_cursor", "?cursor"),
        ({"cursor": "é" * 22}, "invalid_cursor", "?cursor"),
        ({"created_at": "2026-03-01T12:00:00Z"}, "invalid_filter", "?created_at"),
        ({"created_at__ne": "2026-03-01T12:00:00Z"}, "invalid_filter", "?created_at"),
        ({"created_at__gte": "2026-03-01"}, "invalid_filter", "?created_at[gte]"),
        ({"created_at__gte": "2026-03-01T12:00:00"}, "invalid_filter", "?created_at[gte]"),
        ({"created_at__gte": "2026-02-31T12:00:00Z"}, "invalid_filter", "?created_at[gte]"),
        ({"created_at__gte": "0001-01-01T00:00:00Z"}, "invalid_filter", "?created_at[gte]"),
        ({"created_at__lt": "9999-12-31T23:59:59-23:59"}, "invalid_filter", "?created_at[lt]"),
        ({"created_at__lte": "9999-12-31T23:59:59.999999Z"}, "invalid_filter", "?created_at[lte]"),
    ],
)
def test_a_wrong_parameter_is_named(params: dict[str, str], code: str, pointer: str) -> None:
    with pytest.raises(Problem) as caught:
        read(**params)

    assert (caught.value.code, caught.value.errors[0].pointer) == (code, pointer)


def test_the_list_object_and_its_link_name_the_next_page(rows: list[UUID]) -> None:
    page = read(limit="2")
    request = RequestFactory().get("/v1/messages", {"limit": "2", "status": "queued", "cursor": "old"})

    body = page.to_body(["a", "b"])
    link = page.headers(request)["Link"]

    assert body == {"object": "list", "data": ["a", "b"], "has_more": True, "next_cursor": page.next_cursor}
    url, relation = link.split("; ")
    assert relation == 'rel="next"'
    address, _, query = url[1:-1].partition("?")
    assert address == f"{settings.BASE_URL}/v1/messages"
    assert QueryDict(query).dict() == {"limit": "2", "status": "queued", "cursor": page.next_cursor}
    assert read(limit="100").headers(request) == {}


def test_the_documented_parameters_are_those_that_are_read() -> None:
    names = {parameter["name"] for parameter in pages.CursorPages().get_schema_operation_parameters(None)}

    assert names == {"limit", "cursor", *(f"created_at[{end}]" for end in ("gte", "gt", "lte", "lt"))}
