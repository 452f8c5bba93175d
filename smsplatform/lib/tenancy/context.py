"""Tokens by which the application proves to the database which workspace a transaction belongs to.

A token is ``kind.uuid.expires.mac``; the MAC also covers the backend's process id, so a token seen in another
session is worthless. The database side is in ``context.sql``: ``tenancy.enter`` checks the token and leaves a
transaction-local value that carries the database's own MAC; policies read it through ``tenancy.workspace``.
"""

import hashlib
import hmac
import time
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings

from smsplatform.lib.secrets import derive

SQL = (Path(__file__).parent / "context.sql").read_text()
LIFETIME_SECONDS = 30

# Tokens expire by the machine's clock as it was at import plus elapsed time: a test that moves the clock moves
# the rules of the product, not the handshake with the database.
_EPOCH = time.time() - time.monotonic()


@lru_cache(maxsize=4)
def _signing_key(secret_key: str) -> bytes:
    return derive(secret_key, "tenancy")


def token(kind: str, subject: UUID, backend_pid: int) -> str:
    """A token for ``kind`` ``w`` (workspace) or ``u`` (user), valid for 30 s in the session ``backend_pid``."""
    claim = f"{kind}.{subject}.{int(_EPOCH + time.monotonic()) + LIFETIME_SECONDS}"
    mac = hmac.digest(_signing_key(settings.SECRET_KEY), f"{claim}.{backend_pid}".encode(), hashlib.sha256)
    return f"{claim}.{mac.hex()}"
