"""The mails of messaging."""

import datetime as dt

from smsplatform.lib.mail import Category, Mail, link, register

register(
    Mail(
        template="messaging/export_finished",
        category=Category.NOTIFICATION,
        sample={
            "workspace": "Acme",
            "ready": True,
            "rows": 48214,
            "until": dt.datetime(2026, 1, 6, 14, 30, tzinfo=dt.UTC),
            "url": link("/exports"),
        },
    ),
    Mail(
        template="messaging/sender_decided",
        category=Category.NOTIFICATION,
        sample={
            "workspace": "Acme",
            "sender": "ACME",
            "approved": False,
            "reason": "The purpose does not name your company.",
            "url": link("/senders"),
        },
    ),
    Mail(
        template="messaging/balance_low",
        category=Category.ALERT,
        sample={"workspace": "Acme", "days": 2, "url": link("/")},
    ),
    Mail(
        template="messaging/key_elsewhere",
        category=Category.ALERT,
        sample={"workspace": "Acme", "name": "Shop", "last4": "k3Zq", "times": 12, "url": link("/api-keys")},
    ),
    Mail(
        template="messaging/webhook_disabled",
        category=Category.ALERT,
        sample={
            "endpoint": "whk_01jz8r3v5wexample0000000000",
            "host": "hooks.example.com",
            "workspace": "Acme",
            "reason": "failing",
            "last": "HTTP 503",
            "since": "2026-01-01T00:00:00Z",
            "at": "2026-01-03 12:00 UTC",
        },
    ),
)
