"""Versions are the platform's, not one test's: each test of them begins and ends without any."""

from collections.abc import Iterator

import pytest
from django.db import connections

from privacy.documents import in_force, notices


def _clear() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE privacy_document_version DISABLE TRIGGER keep_announced")
        cursor.execute("ALTER TABLE privacy_document_text DISABLE TRIGGER keep_announced")
        for table in ("reader", "text", "version"):
            cursor.execute(f"DELETE FROM privacy_document_{table}")  # the names above
        cursor.execute("ALTER TABLE privacy_document_version ENABLE TRIGGER keep_announced")
        cursor.execute("ALTER TABLE privacy_document_text ENABLE TRIGGER keep_announced")
    in_force.forget()
    notices.forget()
    notices.coming()


@pytest.fixture
def no_versions() -> Iterator[None]:
    """A database as before the first start; also afterwards, so that other tests have their settings as they are."""
    _clear()
    yield
    _clear()
