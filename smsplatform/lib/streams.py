"""Answers that leave piece by piece while they are made."""

from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

P = TypeVar("P", str, bytes)


def leaving(request: HttpRequest, pieces: Iterator[P]) -> Iterator[P] | AsyncIterator[P]:
    """``pieces`` as a streaming answer wants them: under ASGI a plain iterator would be read to its end first."""
    return _one_by_one(pieces) if isinstance(request, ASGIRequest) else pieces


async def _one_by_one(pieces: Iterator[P]) -> AsyncIterator[P]:
    def following() -> P | None:
        return next(pieces, None)

    while (piece := await sync_to_async(following)()) is not None:
        yield piece
