"""Where to report a weakness: ``/.well-known/security.txt`` (RFC 9116)."""

import datetime as dt

from django.conf import settings


def expires() -> dt.datetime:
    """Until when what it says can be relied on: set by hand, so that somebody reads it once a year."""
    return dt.datetime.fromisoformat(settings.SECURITY_TXT_EXPIRES)


def text() -> str:
    """The file."""
    lines = (
        f"Contact: mailto:{settings.SECURITY_EMAIL}",
        f"Expires: {expires().astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en, de",
        f"Canonical: {settings.BASE_URL}/.well-known/security.txt",
    )
    return "\n".join(lines) + "\n"
