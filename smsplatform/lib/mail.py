"""Plain-text mail from templates. The first line of a template is ``Subject: …``, the rest is the text.

Addresses go to the mail server and nowhere else: not into logs, not into the text of an error.
"""

import logging
import smtplib
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)
SUBJECT = "Subject:"
TIMEOUT_SECONDS = 10


class Undelivered(RuntimeError):
    """The mail server did not take the mail. ``code`` is the kind of failure, never an address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def send(template: str, *, to: Sequence[str], context: Mapping[str, Any]) -> int:
    """Send ``templates/email/<template>.txt`` to each address alone; how many. Raises ``Undelivered``.

    Nobody sees who else got it.
    """
    subject, text = render(template, context)
    mails = [EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [address]) for address in to]
    try:
        with get_connection(timeout=TIMEOUT_SECONDS) as connection:
            return int(connection.send_messages(mails) or 0)
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(type(error).__name__) from None


def render(template: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text."""
    everything = render_to_string(f"email/{template}.txt", {**context, "base_url": settings.BASE_URL})
    first, _, text = everything.lstrip().partition("\n")
    assert first.startswith(SUBJECT), "a mail template begins with its subject"
    return first.removeprefix(SUBJECT).strip(), text.lstrip()
