"""The longest that a text may be kept, put into the database as the policy in force says it.

A constraint on messages asks ``pipeline.body_cap()``. It is put in place after each migration, so a deployment that
changes its policy migrates once; until then the database keeps to the former bound.
"""

import datetime as dt

from django.db import connections

from privacy import profiles

HOUR = dt.timedelta(hours=1)
RETRIES = 72 * HOUR  # how long carriers are tried where texts are kept from the final status on


def install(*, using: str = "owner") -> None:
    """Make the database refuse whatever the policy in force does not allow."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pipeline.body_cap()")
        if cursor.fetchone()[0] != profiles.duration("retention.body_cap"):
            hours = profiles.duration("retention.body_cap") // HOUR
            cursor.execute(
                "CREATE OR REPLACE FUNCTION pipeline.body_cap() RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE "
                f"SET search_path = pg_catalog AS $$ SELECT interval '{int(hours)} hours' $$"
            )


def in_force() -> dt.timedelta:
    """The bound that the database keeps."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT pipeline.body_cap()")
        found: dt.timedelta = cursor.fetchone()[0]
    return found


def after_migrate(*, using: str, **_signal: object) -> None:
    """Listens to ``post_migrate``."""
    if using == "owner":
        install()
