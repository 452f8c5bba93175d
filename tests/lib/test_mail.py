import smtplib
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend

from smsplatform.lib import mail

CONTEXT = {"endpoint": "whk_1", "host": "example.com", "workspace": "A & B", "reason": "gone", "last": "HTTP 410",
           "since": "2026-01-01T00:00:00Z", "at": "2026-01-02 00:00 UTC"}  # fmt: skip


class Refusing(BaseEmailBackend):
    """A mail server that is down."""

    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected("refused somebody@example.org")


def test_each_address_gets_a_mail_of_its_own_in_plain_text() -> None:
    django_mail.outbox.clear()

    count = mail.send("messaging/webhook_disabled", to=["a@example.org", "b@example.org"], context=CONTEXT)

    assert count == 2
    assert [one.to for one in django_mail.outbox] == [["a@example.org"], ["b@example.org"]]
    assert django_mail.outbox[0].subject == "Webhook endpoint switched off: example.com"
    assert "your workspace A & B was switched off" in django_mail.outbox[0].body


def test_a_server_that_is_down_says_so_without_an_address(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"

    with pytest.raises(mail.Undelivered) as refused:
        mail.send("messaging/webhook_disabled", to=["somebody@example.org"], context=CONTEXT)

    assert "@" not in str(refused.value)
    assert refused.value.code == "SMTPServerDisconnected"
