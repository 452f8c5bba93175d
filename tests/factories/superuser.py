"""A session that row security does not bind, to see what is really in the tables."""

import os
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections

from smsplatform.quickstart.credentials import Credentials
from smsplatform.quickstart.postgres import SUPERUSER


def superuser(alias: str = "default") -> psycopg.Connection[Any]:
    """Of the test session's own cluster, in autocommit."""
    settings = connections[alias].settings_dict
    secrets = Credentials.load_or_create(Path(os.environ["RUN_DIR"]) / "cluster" / "credentials.json")
    return psycopg.connect(
        host=settings["HOST"],
        user=SUPERUSER,
        password=secrets.superuser,
        dbname=settings["NAME"],
        autocommit=True,
    )
