"""Where sessions are kept: rows that say whose they are, under the digest of their key.

The key itself is in the browser's cookie only. Reading the table, or a backup of it, lets nobody in.
"""

import datetime as dt
import hashlib
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from accounts.models import Session
from smsplatform.lib import clock

DEVICE = "device"
STARTED = "started_at"
SEEN_EVERY = dt.timedelta(minutes=10)


def digest(key: str) -> str:
    """What the table knows a session by: 160 bits."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


class SessionStore(db.SessionStore):
    """Django's database store with digests for keys."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    @property
    def row(self) -> str:
        """The key of this session's row."""
        return digest(self.session_key or "")

    def _get_session_from_db(self) -> Session | None:
        now = clock.now()
        found = Session.objects.filter(session_key=self.row, expire_date__gt=now).first()
        if found is None:
            self._session_key = None
        elif now - found.seen_at > SEEN_EVERY:
            Session.objects.filter(session_key=self.row).update(seen_at=now)
        return found

    async def _aget_session_from_db(self) -> Session | None:
        return await sync_to_async(self._get_session_from_db)()

    def exists(self, session_key: str) -> bool:
        return super().exists(digest(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await sync_to_async(self.exists)(session_key)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        self._get_or_create_session_key()  # type: ignore[attr-defined]  # the stub forgot it
        now, user, started = clock.now(), data.get(SESSION_KEY), data.get(STARTED)
        return Session(
            session_key=self.row,
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=UUID(user) if user else None,
            device=data.get(DEVICE, ""),
            started_at=dt.datetime.fromisoformat(started) if started else now,
            seen_at=now,
        )

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        return await sync_to_async(self.create_model_instance)(data)

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            Session.objects.filter(session_key=digest(key)).delete()

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)
