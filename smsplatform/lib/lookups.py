"""What an address of ours names: ids in it are public ids, and one that fits nothing is not there."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404

from smsplatform.lib import ids

M = TypeVar("M", bound=Model)


def named(prefix: str, text: str) -> UUID:
    """The id that a part of an address stands for. Raises ``Http404`` for any other text."""
    try:
        return ids.decode(prefix, text)
    except ids.InvalidId:
        raise Http404 from None


def find(rows: "QuerySet[M]", prefix: str, text: str) -> M:
    """The row among ``rows`` that a part of an address stands for. Raises ``Http404``."""
    found = rows.filter(pk=named(prefix, text)).first()
    if found is None:
        raise Http404
    return found
