"""The mails of privacy: their names, kinds, and what the preview shows."""

import datetime as dt

from smsplatform.lib.mail import Category, Mail, link, register

AT = dt.datetime(2026, 1, 5, 14, 30, tzinfo=dt.UTC)

register(
    Mail(
        template="privacy/archive_ready",
        category=Category.NOTIFICATION,
        sample={"until": AT, "url": link("/account/data"), "workspace": ""},
    ),
    Mail(
        template="privacy/restriction_lifted",
        category=Category.NOTIFICATION,
        sample={"url": link("/account/data")},
    ),
)
