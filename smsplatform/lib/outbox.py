"""The demo's mail server: mails become files that a page shows. Never in production, since they name people."""

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from smsplatform.lib import ids

KEPT = 100  # the newest ones


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A mail that was sent."""

    id: UUID
    subject: str
    to: str
    text: str
    html: str

    @property
    def at(self) -> dt.datetime:
        """When it was sent."""
        return ids.time_of(self.id)


class Backend(BaseEmailBackend):
    """Writes each mail to a file of its own, readable by its owner only."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were written; the oldest give way."""
        directory = Path(settings.OUTBOX_DIR)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for mail in email_messages:
            _write(directory / f"{ids.uuid7()}.eml", mail.message().as_bytes())
        for old in _files()[KEPT:]:
            old.unlink(missing_ok=True)
        return len(email_messages)


def newest() -> list[Kept]:
    """What was sent, the newest first."""
    return [_read(path) for path in _files()]


def find(mail_id: UUID) -> Kept | None:
    """One mail."""
    return next((_read(path) for path in _files() if path.stem == str(mail_id)), None)


def _files() -> list[Path]:
    return sorted(Path(settings.OUTBOX_DIR).glob("*.eml"), reverse=True)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _read(path: Path) -> Kept:
    mail = message_from_bytes(path.read_bytes(), _class=Parsed, policy=policy.default)
    return Kept(
        id=UUID(path.stem),
        subject=str(mail["Subject"]),
        to=str(mail["To"]),
        text=_body(mail, "plain"),
        html=_body(mail, "html"),
    )


def _body(mail: Parsed, kind: str) -> str:
    part = mail.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else ""
