"""The words mails are made of: each gives HTML or plain text, as the part that is being rendered needs."""

import datetime as dt
import textwrap

from django import template
from django.template import Context
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from smsplatform.lib import mail

register = template.Library()
WIDTH = 72


class ForeignLink(ValueError):
    """Mails lead to our own pages only."""


@register.simple_block_tag(takes_context=True)
def paragraph(context: Context, content: str) -> str:
    """Text to read."""
    words = " ".join(content.split())
    if context["part"] == "html":
        return format_html("<p>{}</p>", SafeString(words))  # rendered under autoescape
    return SafeString("\n" + textwrap.fill(words, WIDTH, break_long_words=False, break_on_hyphens=False) + "\n")


@register.simple_block_tag(takes_context=True)
def code(context: Context, content: str) -> str:
    """Lines to copy, as they are."""
    lines = content.strip("\n")
    if context["part"] == "html":
        return format_html("<pre>{}</pre>", SafeString(lines))  # rendered under autoescape
    return SafeString("\n" + textwrap.indent(textwrap.dedent(lines), "  ") + "\n")


@register.simple_tag(takes_context=True)
def fact(context: Context, label: str, value: object) -> str:
    """One line of the table of a security mail; a moment in the reader's own time."""
    if isinstance(value, dt.datetime):
        local = timezone.localtime(value)
        value = f"{formats.date_format(local)} {local:%H:%M %Z}"
    if context["part"] == "html":
        return format_html("<tr><th>{}</th><td>{}</td></tr>", label, value)
    return SafeString(f"{label}: {' '.join(str(value).split())}\n")


@register.simple_tag(takes_context=True)
def action(context: Context, url: str, label: str) -> str:
    """The one thing to do: a button, with its address beneath for readers that show none. Raises ``ForeignLink``."""
    if not url.startswith(mail.link("/")):
        raise ForeignLink(label)
    if context["part"] == "html":
        return format_html(
            '<p class="action"><a class="button" href="{0}">{1}</a></p><p class="address"><a href="{0}">{0}</a></p>',
            url,
            label,
        )
    return SafeString(f"\n{label}:\n{url}\n")


@register.simple_tag(takes_context=True)
def page(context: Context, url: str, label: str) -> str:
    """A link among the words. Raises ``ForeignLink``."""
    if not url.startswith(mail.link("/")):
        raise ForeignLink(label)
    if context["part"] == "html":
        return format_html('<a href="{}">{}</a>', url, label)
    return SafeString(f"{label} ({url})")
