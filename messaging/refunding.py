"""Giving the price of a finished message back although it was owed: the operator's own decision."""

import datetime as dt
from uuid import UUID

from django.db import connections


def give_back(*, workspace: UUID, message: UUID, at: dt.datetime) -> int:
    """The whole price to the wallet it came from, once; how many micro-units, 0 when there is nothing to give back.

    Commits by itself: whoever calls writes down why before, and takes that back when this raises.
    """
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pipeline.give_back(%s, %s, %s)", [workspace, message, at])
        return int(cursor.fetchone()[0])
