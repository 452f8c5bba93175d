"""What the law forbids to tell a workspace for a while, as a condition on rows that were withheld until a day."""

import datetime as dt

from django.db.models import BooleanField, DateTimeField, Expression, F, Func, Q, Value


class _Silent(Func):
    """``privacy.silent`` of the database: the day of a case may have moved since the row was written."""

    function = "privacy.silent"
    output_field = BooleanField()


def told(at: dt.datetime, *, disclosure: Expression | None = None) -> Q:
    """Rows of the open workspace that it may see at ``at``; ``disclosure`` is where they name their case, if so."""
    case = disclosure or Value("")
    return Q(withheld_until=None) | ~Q(_Silent(F("withheld_until"), case, Value(at, output_field=DateTimeField())))
