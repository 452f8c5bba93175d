"""The one place that reads the time. Rules take ``at`` as an argument; only the outermost layer calls ``now``."""

import datetime as dt


def now() -> dt.datetime:
    """The current moment in UTC, with its zone."""
    return dt.datetime.now(dt.UTC)
