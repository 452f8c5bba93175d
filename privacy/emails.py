"""The mails of privacy: their names, kinds, and what the preview shows."""

import datetime as dt

from smsplatform.lib.mail import Category, Mail, link, register

AT = dt.datetime(2026, 1, 5, 14, 30, tzinfo=dt.UTC)
NUMBER = "dsr_01h455vb4pex5vsknk084sn02q"

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
    Mail(
        template="privacy/prove",
        category=Category.CONFIRMATION,
        sample={"url": link("/privacy/requests/link/sample"), "hours": 24},
    ),
    Mail(
        template="privacy/request_due",
        category=Category.NOTIFICATION,
        sample={"number": NUMBER, "url": link("/staff/requests"), "overdue": False},
    ),
    Mail(
        template="privacy/hold_due",
        category=Category.NOTIFICATION,
        sample={
            "hold": "hld_01h455vb4pex5vsknk084sn02q",
            "review_at": AT,
            "overdue": False,
            "url": link("/staff/holds"),
        },
    ),
    Mail(
        template="privacy/request_news",
        category=Category.NOTIFICATION,
        sample={"number": NUMBER, "url": link("/privacy/requests/find")},
    ),
)
