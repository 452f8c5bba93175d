"""Mail from templates: one file per mail, both parts (HTML and plain text) rendered from it in the reader's language.

A mail is registered before it can be sent, with its category and a sample for the preview. Its template
``templates/email/<name>.mail`` extends ``layout.action``, ``layout.notice`` or ``layout.security`` and fills their
blocks with the tags of ``smsplatform/templatetags/mail.py``. Links begin with BASE_URL, whatever a request claimed.

Addresses go to the mail server and nowhere else: not into logs, not into the text of an error.
"""

import logging
import re
import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import css_inline
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import timezone, translation

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10
LAYOUTS = ("action", "notice", "security")
# Machines answer machines: holiday notes and bounces of our mails must not start a conversation.
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_inliner = css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)


class Category(StrEnum):
    """What we write to people about. There is no other kind of mail, above all no advertising."""

    CONFIRMATION = "confirmation"
    NOTIFICATION = "notification"
    ALERT = "alert"
    PRICES = "prices"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """A mail that can be sent: its template below ``templates/email``, its kind, and a context for the preview."""

    template: str
    category: Category
    sample: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A rendered mail."""

    subject: str
    text: str
    html: str


class Reader(Protocol):
    """Whom a mail is for, and how they read."""

    @property
    def email(self) -> str: ...

    @property
    def locale(self) -> str: ...

    @property
    def time_zone(self) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A reader at another address than their own."""

    email: str
    locale: str
    time_zone: str

    @classmethod
    def of(cls, reader: Reader, email: str) -> "Address":
        """Written to as ``reader`` is, at ``email``."""
        return cls(email=email, locale=reader.locale, time_zone=reader.time_zone)


class Undelivered(RuntimeError):
    """The mail server did not take the mail. ``code`` is the kind of failure, never an address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(ValueError):
    """An address that is not exactly one address, or a subject with a line break in it: nothing was sent."""


class UnknownMail(LookupError):
    """No app registered a mail of this name."""


_registered: dict[str, Mail] = {}


def register(*mails: Mail) -> None:
    """Make mails known; ``<app>/emails.py`` is imported at start and calls this."""
    _registered.update((mail.template, mail) for mail in mails)


def registered() -> list[Mail]:
    """Every mail there is, by name."""
    return [_registered[name] for name in sorted(_registered)]


def link(path: str) -> str:
    """The address of one of our pages for use in a mail."""
    return f"{settings.BASE_URL.rstrip('/')}{path}"


def send(template: str, *, to: Sequence[str | Reader], context: Mapping[str, Any]) -> int:
    """Send a mail to each reader alone, in their language and time zone; how many. Nobody sees who else got it.

    A bare address is written to in the default language. Raises ``Undelivered``, ``Refused``, ``UnknownMail``.
    """
    mails = [_addressed(template, reader, context) for reader in to]
    try:
        with get_connection(timeout=TIMEOUT_SECONDS) as connection:
            return int(connection.send_messages(mails) or 0)
    except (smtplib.SMTPException, OSError) as error:
        raise Undelivered(type(error).__name__) from None


def render(template: str, context: Mapping[str, Any], *, locale: str = "", time_zone: str = "") -> Letter:
    """Subject and both parts. Raises ``Refused``, ``UnknownMail``."""
    if template not in _registered:
        raise UnknownMail(template)
    language = locale if locale in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(ZoneInfo(time_zone or settings.TIME_ZONE)):
        subject = _part(template, context, "subject").strip()
        if _CONTROL.search(subject):
            raise Refused("subject")
        html = _inliner.inline(_part(template, context, "html"))
        return Letter(subject=subject, text=_tidy(_part(template, context, "txt")), html=html)


def _addressed(template: str, reader: str | Reader, context: Mapping[str, Any]) -> EmailMultiAlternatives:
    if isinstance(reader, str):
        address, letter = reader, render(template, context)
    else:
        address = reader.email
        letter = render(template, context, locale=reader.locale, time_zone=reader.time_zone)
    mail = EmailMultiAlternatives(letter.subject, letter.text, settings.DEFAULT_FROM_EMAIL, [checked(address)])
    mail.extra_headers = dict(HEADERS)
    mail.attach_alternative(letter.html, "text/html")
    return mail


def checked(address: str) -> str:
    """The address, if it is exactly one and nothing else. Raises ``Refused``."""
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("address") from None
    return address


def _part(template: str, context: Mapping[str, Any], part: str) -> str:
    layout = {name: f"email/layouts/{name if part != 'subject' else 'subject'}.{part}" for name in LAYOUTS}
    everything = {**context, "base_url": link(""), "layout": layout, "part": part}
    return render_to_string(f"email/{template}.mail", everything)


def _tidy(text: str) -> str:
    """At most one empty line in a row, and none at the ends."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
