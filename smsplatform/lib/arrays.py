"""PostgreSQL arrays in binary form, built column by column.

psycopg dumps a list element by element through Python; with thirty columns and hundreds of rows per statement that
costs more than the statement. Here each column becomes one ``bytes.join``. Format: PostgreSQL's ``array_send``:
dimensions, has-null flag, element type, length, lower bound, then each element as length and value (-1 is NULL).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from struct import Struct
from typing import ClassVar
from uuid import UUID

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

_HEADER = Struct(">iiIii").pack
_EMPTY = Struct(">iiI").pack
_LENGTH = Struct(">i").pack
_INT2 = Struct(">ih").pack
_INT4 = Struct(">ii").pack
_INT8 = Struct(">iq").pack
_NULL = b"\xff\xff\xff\xff"
_UUID_LENGTH = b"\x00\x00\x00\x10"
_TRUE, _FALSE = b"\x00\x00\x00\x01\x01", b"\x00\x00\x00\x01\x00"
_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class Array:
    """An encoded array, ready to be a parameter."""

    __slots__ = ("data",)
    element: ClassVar[int]
    array: ClassVar[int]

    def __init__(self, items: Sequence[bytes]) -> None:
        has_null = 1 if _NULL in items else 0
        head = _HEADER(1, has_null, self.element, len(items), 1) if items else _EMPTY(0, 0, self.element)
        self.data = head + b"".join(items)


class _Dumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> Buffer | None:
        return obj.data


def _kind(name: str, element: int, array: int) -> type[Array]:
    cls = type(name, (Array,), {"__slots__": (), "element": element, "array": array})
    dumper = type(f"{name}Dumper", (_Dumper,), {"oid": array})
    psycopg.adapters.register_dumper(cls, dumper)
    return cls


_Uuids = _kind("Uuids", 2950, 2951)
_Bytes = _kind("Bytes", 17, 1001)
_Texts = _kind("Texts", 25, 1009)
_Int2s = _kind("Int2s", 21, 1005)
_Int4s = _kind("Int4s", 23, 1007)
_Int8s = _kind("Int8s", 20, 1016)
_Bools = _kind("Bools", 16, 1000)
_Times = _kind("Times", 1184, 1185)


def uuids(items: Iterable[UUID | None]) -> Array:
    """``uuid[]``."""
    return _Uuids([_NULL if item is None else _UUID_LENGTH + item.bytes for item in items])


def byteas(items: Iterable[bytes | None]) -> Array:
    """``bytea[]``."""
    return _Bytes([_NULL if item is None else _LENGTH(len(item)) + item for item in items])


def texts(items: Iterable[str | None]) -> Array:
    """``text[]``."""
    return _Texts([_NULL if item is None else _text(item) for item in items])


def _text(item: str) -> bytes:
    value = item.encode()
    return _LENGTH(len(value)) + value


def int2s(items: Iterable[int | None]) -> Array:
    """``smallint[]``."""
    return _Int2s([_NULL if item is None else _INT2(2, item) for item in items])


def int4s(items: Iterable[int | None]) -> Array:
    """``integer[]``."""
    return _Int4s([_NULL if item is None else _INT4(4, item) for item in items])


def int8s(items: Iterable[int | None]) -> Array:
    """``bigint[]``."""
    return _Int8s([_NULL if item is None else _INT8(8, item) for item in items])


def bools(items: Iterable[bool]) -> Array:
    """``boolean[]``."""
    return _Bools([_TRUE if item else _FALSE for item in items])


def times(items: Iterable[dt.datetime | None]) -> Array:
    """``timestamptz[]``; datetimes must carry a zone."""
    return _Times([_NULL if item is None else _INT8(8, (item - _EPOCH) // _MICROSECOND) for item in items])
