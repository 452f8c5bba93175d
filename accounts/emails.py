"""The mails of accounts: their names, kinds, and what the preview shows."""

import datetime as dt

from smsplatform.lib.mail import Category, Mail, link, register

LINK = link("/example-of-a-link/eyJ1Ijoi-sample")
AT = dt.datetime(2026, 1, 5, 14, 30, tzinfo=dt.UTC)
SEEN = {"at": AT, "device": "Firefox, Linux", "url": LINK}

register(
    Mail(template="accounts/confirm", category=Category.CONFIRMATION, sample={"url": LINK, "hours": 48}),
    Mail(
        template="accounts/already_here",
        category=Category.NOTIFICATION,
        sample={"sign_in_url": LINK, "reset_url": LINK},
    ),
    Mail(template="accounts/password_reset", category=Category.CONFIRMATION, sample={"url": LINK, "minutes": 60}),
    Mail(template="accounts/password_changed", category=Category.ALERT, sample=SEEN),
    Mail(
        template="accounts/factor_changed",
        category=Category.ALERT,
        sample={"what": "added", "kind": "passkey", "at": AT, "url": LINK},
    ),
    Mail(template="accounts/new_device", category=Category.ALERT, sample=SEEN),
    Mail(template="accounts/email_new", category=Category.CONFIRMATION, sample={"url": LINK, "hours": 24}),
    Mail(template="accounts/email_old", category=Category.CONFIRMATION, sample={"url": LINK, "hours": 24, "at": AT}),
    Mail(template="accounts/email_changed", category=Category.ALERT, sample=SEEN),
    Mail(
        template="accounts/invitation",
        category=Category.CONFIRMATION,
        sample={"workspace": "Acme", "by": "Jo Doe", "role": "developer", "until": AT, "url": LINK},
    ),
    Mail(
        template="accounts/join_asked",
        category=Category.NOTIFICATION,
        sample={"workspace": "Acme", "by": "Jo Doe", "url": LINK},
    ),
    Mail(
        template="accounts/join_decided",
        category=Category.NOTIFICATION,
        sample={"workspace": "Acme", "accepted": True, "url": LINK},
    ),
    Mail(
        template="accounts/closing_asked",
        category=Category.CONFIRMATION,
        sample={"workspace": "Acme", "when": "cool_off", "at": AT, "hours": 24, "url": LINK},
    ),
    Mail(
        template="accounts/workspace_closed",
        category=Category.ALERT,
        sample={"workspace": "Acme", "by": "Jo Doe", "at": AT, "erase_at": AT, "url": LINK},
    ),
    Mail(
        template="accounts/workspace_reopened",
        category=Category.NOTIFICATION,
        sample={"workspace": "Acme", "by": "Jo Doe", "url": LINK},
    ),
    Mail(
        template="accounts/workspace_erased",
        category=Category.NOTIFICATION,
        sample={"workspace": "Acme", "url": LINK},
    ),
    Mail(
        template="accounts/broke_glass",
        category=Category.ALERT,
        sample={"at": AT, "grant": "grt_example", "workspace": "wsp_example", "ticket": "OPS-1234", "url": LINK},
    ),
    Mail(
        template="accounts/staff_asks",
        category=Category.NOTIFICATION,
        sample={"workspace": "Acme", "category": "Customer support", "ticket": "SUP-1234", "at": AT, "url": LINK},
    ),
    Mail(
        template="accounts/support_answered",
        category=Category.NOTIFICATION,
        sample={"workspace": "Acme", "number": "SUP-7K3M9Q", "resolved": "", "url": LINK},
    ),
    Mail(
        template="accounts/policy_announced",
        category=Category.NOTIFICATION,
        sample={
            "document": "Privacy policy",
            "number": 2,
            "effective_at": AT,
            "changes": ["How long delivery data are kept: 90 days becomes 1 year."],
            "url": LINK,
        },
    ),
    Mail(
        template="accounts/disclosure",
        category=Category.ALERT,
        sample={
            "workspace": "Acme",
            "authority": "District court of Example",
            "release_at": AT,
            "handed_over": False,
            "url": LINK,
        },
    ),
    Mail(
        template="accounts/security_incident",
        category=Category.ALERT,
        sample={
            "title": "Security incident: a copy of the API log was readable",
            "paragraphs": [
                "On 2026-01-05 14:30 UTC we became aware of an incident.",
                "No text of a message was in it.",
            ],
            "workspace": "Acme",
            "at": AT,
            "url": LINK,
        },
    ),
    Mail(
        template="accounts/privacy_request",
        category=Category.NOTIFICATION,
        sample={
            "workspace": "Acme",
            "kind": "Erase my data",
            "reminder": False,
            "due": AT,
            "overdue": False,
            "url": LINK,
        },
    ),
)
