"""Versions of the API, named by the day they began. A key keeps the version it was made with.

A version is added when an answer changes in a way that a program written before could trip over. Fields, codes and
endpoints that are added are no such change. There is one version so far, so nothing is decided by it yet.
"""

from functools import lru_cache

from smsplatform.lib.api.codes import CODES
from smsplatform.lib.api.problems import Problem

HEADER = "Api-Version"
VERSIONS = ("2026-11-01",)  # oldest first


def newest() -> str:
    """The version of keys made now, and of answers to whoever has none."""
    return VERSIONS[-1]


def answered(asked: str | None, pinned: str | None) -> str:
    """The version of an answer: the one its request names, else the one of its key, else the newest."""
    return asked if asked in VERSIONS else pinned or newest()


def check(asked: str | None) -> None:
    """Raises ``Problem`` for a version that there is not."""
    if asked is not None and asked not in VERSIONS:
        info = CODES["unknown_api_version"]
        raise Problem("unknown_api_version", detail=f"{info.cause} {info.fix} Known are: {', '.join(VERSIONS)}.")


@lru_cache(maxsize=64)
def line(version: str) -> tuple[bytes, bytes]:
    """The header of an answer, as ASGI wants it."""
    return HEADER.lower().encode(), version.encode()
