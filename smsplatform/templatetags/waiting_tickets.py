"""Requests about data that wait for a workspace's word: a number in its sidebar, and a line when time runs out."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from accounts.roles import Scope
from privacy.requests import tickets, watching
from smsplatform.lib import clock
from smsplatform.lib.tenancy import scope

register = template.Library()
SHOWN_MAX = 99


@register.simple_tag(takes_context=True)
def tickets_waiting(context: Context) -> SafeString:
    """How many wait, for those who may read them; nothing for none."""
    count, _soon, _late = _counted(context)
    if not count:
        return SafeString()
    told = ngettext("%(count)s to decide", "%(count)s to decide", count) % {"count": count}
    number = str(count) if count <= SHOWN_MAX else f"{SHOWN_MAX}+"
    return format_html('<span class="count" title="{}">{}</span>', told, number)


@register.inclusion_tag("components/ticket_banner.html", takes_context=True)
def ticket_banner(context: Context) -> dict[str, Any]:
    """What is due within five days, and what is late."""
    _count, soon, late = _counted(context)
    return {"late": late, "soon": soon - late}


def _counted(context: Context) -> tuple[int, int, int]:
    """Asked once for a page, and only inside the scope of the workspace."""
    request: HttpRequest | None = context.get("request")
    place = getattr(request, "workspace", None)
    if place is None or scope.current() != place.id or not place.allows(Scope.PRIVACY_READ):
        return (0, 0, 0)
    known: tuple[int, int, int] | None = getattr(request, "tickets_waiting", None)
    if known is None:
        at = clock.now()
        known = tickets.waiting(place.id, soon=at + watching.LAST_CALL, at=at)
        request.tickets_waiting = known  # type: ignore[union-attr]  # our attribute on Django's request
    return known
