"""What people find in their mailbox, with tasks run on the spot."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core import mail

from smsplatform.celery import app


class Letters:
    """The mails sent since the beginning of a test."""

    @classmethod
    @contextmanager
    def at_once(cls) -> Iterator["Letters"]:
        """Tasks run where they are published."""
        app.conf.task_always_eager = app.conf.task_eager_propagates = True
        try:
            yield cls()
        finally:
            app.conf.task_always_eager = app.conf.task_eager_propagates = False

    def to(self, address: str) -> list[Any]:
        """Everything to one address, oldest first."""
        return [one for one in mail.outbox if one.to == [address]]

    def subjects(self, address: str) -> list[str]:
        """Their subjects."""
        return [one.subject for one in self.to(address)]

    def link(self, address: str) -> str:
        """The path of the link that the last mail to an address is about."""
        found = re.findall(r"^https?://[^/\s]+(/\S+)$", self.to(address)[-1].body, re.MULTILINE)
        assert found, self.to(address)[-1].body
        path: str = found[-1]
        return path
