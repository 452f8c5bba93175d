"""The vocabulary of our pages: status badges, money, times, masked numbers, icons. Built into every template."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template import Context
from django.utils import formats, timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from heroicons.templatetags.heroicons import heroicon_outline

from accounts import reading
from accounts.roles import Role, Scope
from privacy import debugging
from privacy.documents.notices import Notice
from privacy.documents.texts import DOCUMENTS
from smsplatform import announcements as announcements_table
from smsplatform import navigation as navigation_table
from smsplatform import regions
from smsplatform import staff_navigation as staff_table
from smsplatform.lib import clock, phone
from smsplatform.lib import money as amounts
from smsplatform.lib.tenancy import scope

register = template.Library()

THEMES = ("light", "dark")
THEME_COOKIE = "theme"

_STATUS = {
    "scheduled": ("", pgettext_lazy("message status", "Scheduled")),
    "queued": ("", pgettext_lazy("message status", "Queued")),
    "submitting": ("info", pgettext_lazy("message status", "Submitting")),
    "submitted": ("info", pgettext_lazy("message status", "Submitted")),
    "delivered": ("ok", pgettext_lazy("message status", "Delivered")),
    "undelivered": ("bad", pgettext_lazy("message status", "Undelivered")),
    "expired": ("warn", pgettext_lazy("message status", "Expired")),
    "rejected": ("bad", pgettext_lazy("message status", "Rejected")),
    "failed": ("bad", pgettext_lazy("message status", "Failed")),
    "canceled": ("", pgettext_lazy("message status", "Canceled")),
}
_DELIVERY = {
    "pending": ("info", pgettext_lazy("webhook delivery", "Waiting")),
    "retrying": ("warn", pgettext_lazy("webhook delivery", "Trying again")),
    "leased": ("info", pgettext_lazy("webhook delivery", "In progress")),
    "delivered": ("ok", pgettext_lazy("webhook delivery", "Delivered")),
    "exhausted": ("bad", pgettext_lazy("webhook delivery", "Given up")),
    "dropped": ("warn", pgettext_lazy("webhook delivery", "Dropped")),
}
_CATEGORY = {
    "otp": gettext_lazy("One-time passcode"),
    "transactional": gettext_lazy("Transactional"),
    "marketing": gettext_lazy("Marketing"),
}
_ENCODING = {"gsm7": "GSM-7", "ucs2": "UCS-2"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shell:
    """What the frame around a page needs to know about the request."""

    theme: str  # "", light or dark
    demo: bool
    livemode: bool
    page: str  # which entry of the navigation is current
    languages: list[tuple[str, str]]


@register.simple_tag(takes_context=True)
def shell(context: Context) -> Shell:
    """The frame's facts. Works on error pages too, where half of the middleware may not have run."""
    request: HttpRequest | None = context.get("request")
    theme = request.COOKIES.get(THEME_COOKIE, "") if request else ""
    return Shell(
        theme=theme if theme in THEMES else "",
        demo=settings.DEMO,
        livemode=getattr(request, "livemode", True),
        page=_page(request),
        languages=settings.LANGUAGES,
    )


@register.simple_tag(takes_context=True)
def staff_navigation(context: Context) -> list[tuple[Any, Any]]:
    """The staff sidebar: groups, each with its entries."""
    return staff_table.shown(context["request"].user.staff_role)


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[tuple[Any, Any]]:
    """The sidebar's groups and entries for the signed-in person."""
    place = getattr(context.get("request"), "workspace", None)
    return navigation_table.shown(place, demo=settings.DEMO)


def _page(request: HttpRequest | None) -> str:
    """The entry whose address is the longest beginning of this one; a page below an entry belongs to it."""
    path = request.path if request else ""
    entries: list[Any] = [entry for group in navigation_table.GROUPS for entry in group.entries]
    entries += [entry for _title, of_group in staff_table.GROUPS for entry in of_group]
    above = [entry for entry in entries if entry.url and (path == entry.url or path.startswith(f"{entry.url}/"))]
    return max(above, key=lambda entry: len(entry.url)).url_name if above else ""


@register.simple_tag(takes_context=True)
def policy_banners(context: Context) -> list[tuple[Notice, str]]:
    """New versions of our documents that the signed-in person has not put away, with the document's name."""
    request: HttpRequest | None = context.get("request")
    if request is None or not getattr(request, "tells_policy", False):
        return []
    found = reading.banners(request.user, request.session)  # type: ignore[arg-type]  # somebody signed in: accounts.middleware
    return [(notice, DOCUMENTS[notice.document].title(translation.get_language() or "en")) for notice in found]


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A drawn icon, silent for screen readers: the words beside it or the button's label say what it means."""
    attrs: dict[str, object] = {"class": f"icon {classes}".strip(), "aria-hidden": "true", "focusable": "false"}
    return SafeString(heroicon_outline(name, size=20, **attrs))


@register.simple_tag
def status_badge(status: str, size: str = "") -> SafeString:
    """A message's status in words and colour."""
    tone, label = _STATUS.get(status, ("", status))
    return format_html('<span class="{}">{}</span>', " ".join(filter(None, ("badge dot", tone, size))), label)


@register.simple_tag
def delivery_badge(state: str, size: str = "") -> SafeString:
    """A webhook delivery's state in words and colour."""
    tone, label = _DELIVERY.get(state, ("", state))
    return format_html('<span class="{}">{}</span>', " ".join(filter(None, ("badge dot", tone, size))), label)


@register.filter
def delivery_name(state: str) -> str:
    """The word for a webhook delivery's state."""
    return str(_DELIVERY.get(state, ("", state))[1])


@register.simple_tag
def http_badge(status: int) -> SafeString:
    """The status of an HTTP answer in its colour."""
    tone = {2: "ok", 3: "info", 4: "warn", 5: "bad"}.get(status // 100, "")
    return format_html('<span class="badge {}">{}</span>', tone, status)


@register.filter
def status_name(status: str) -> str:
    """The word for a message's status."""
    return str(_STATUS.get(status, ("", status))[1])


@register.filter
def category_name(category: str) -> str:
    """The word for a message's category."""
    return str(_CATEGORY.get(category, category))


@register.filter
def role_name(role: str) -> str:
    """The word for a person's role."""
    return str(dict(Role.choices).get(role, role))


@register.filter
def scope_name(scope: str) -> str:
    """What a scope allows, in words."""
    return str(dict(Scope.choices).get(scope, scope))


@register.filter
def encoding_name(encoding: str) -> str:
    """The usual spelling of an encoding."""
    return _ENCODING.get(encoding, encoding)


@register.filter
def money(micro: int, currency: str) -> str:
    """Micro-units as an amount in the reader's language: ``€ 0.071``, in German ``0,071 €``."""
    return amounts.format_micro(int(micro), currency, locale=translation.get_language() or "en")


@register.filter
def masked(e164: str) -> str:
    """A number of which only the ends are shown."""
    return phone.mask(e164)


@register.filter
def country(region: str) -> str:
    """A country's name in the reader's language."""
    return regions.name(region, translation.get_language() or "en")


@register.filter
def allows(place: Any, permission: str) -> bool:
    """Whether the signed-in person may do this in the open workspace; False without one."""
    return bool(place) and bool(place.allows(permission))


@register.filter
def initials(user: Any) -> str:
    """One or two letters that stand for a person."""
    words = (user.name or user.email).replace("@", " ").split()
    return "".join(word[0] for word in words[:2]).upper()


@register.simple_tag
def ago(moment: dt.datetime | None) -> SafeString:
    """A moment as distance from now, with the exact time for machines and on hover."""
    return _time(moment, _distance(moment - clock.now())) if moment else SafeString("")


@register.simple_tag
def moment(value: dt.datetime | None, form: str = "long") -> SafeString:
    """A moment as date and time (``long``), as time with seconds (``clock``), or as its day (``date``)."""
    if value is None:
        return SafeString("")
    local = timezone.localtime(value)
    if form == "date":
        return _time(value, formats.date_format(local))
    text = local.strftime("%H:%M:%S") if form == "clock" else f"{formats.date_format(local)} {local:%H:%M:%S}"
    return _time(value, text)


def _time(value: dt.datetime, text: str) -> SafeString:
    local = timezone.localtime(value)
    exact = f"{formats.date_format(local)} {local:%H:%M:%S %Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(timespec="seconds"), exact, text)


_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def _distance(distance: dt.timedelta) -> str:
    seconds = int(abs(distance.total_seconds()))
    unit, size = next(((name, size) for size, name in _UNITS if seconds >= size), ("second", 1))
    count = seconds // size
    if unit == "second" and count < 5:
        return _("just now") if distance.total_seconds() <= 0 else _("now")
    words = {
        "second": ngettext("%(count)d s", "%(count)d s", count),
        "minute": ngettext("%(count)d min", "%(count)d min", count),
        "hour": ngettext("%(count)d h", "%(count)d h", count),
        "day": ngettext("%(count)d day", "%(count)d days", count),
    }[unit] % {"count": count}
    return (_("in %(time)s") if distance.total_seconds() > 0 else _("%(time)s ago")) % {"time": words}


@register.filter
def duration(length: dt.timedelta | None) -> str:
    """A length of time in its largest units: ``0.9 s``, ``2 min 5 s``, ``3 h 20 min``; a dash for none."""
    if length is None:
        return "–"
    seconds = length.total_seconds()
    if seconds < 60:
        return f"{formats.number_format(Decimal(str(round(seconds, 1))), 1)}\u00a0s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours}\u00a0h {minutes_left}\u00a0min" if hours else f"{minutes}\u00a0min {rest}\u00a0s"


@register.filter
def lap(length: dt.timedelta) -> str:
    """A length of time to compare short ones by: thousandths below a second, otherwise as ``duration``."""
    thousandths = round(length.total_seconds() * 1000)
    return f"{thousandths}\u00a0ms" if thousandths < 1000 else duration(length)


@register.inclusion_tag("components/copy.html")
def copyable(value: str, label: str = "") -> dict[str, Any]:
    """A value with a button that copies it (the button exists only with script)."""
    return {"value": value, "label": label}


@register.inclusion_tag("components/announcements.html")
def announcements() -> dict[str, Any]:
    """What the operator tells everybody now, in the reader's language."""
    language = translation.get_language() or "en"
    shown = announcements_table.current(at=clock.now())
    told = [(notice.tone, *notice.told(language)) for notice in shown]
    return {"announcements": [{"tone": tone, "title": title, "text": text} for tone, title, text in told]}


@register.inclusion_tag("components/field.html")
def field(bound: Any, hint: str = "") -> dict[str, Any]:
    """A form field with label, hint and errors, tied together for screen readers."""
    described = [f"{bound.auto_id}_hint"] if hint else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attrs = {"class": f"input {bound.field.widget.attrs.get('class', '')}".strip()}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return {"field": bound, "widget": bound.as_widget(attrs=attrs), "hint": hint}


@register.simple_tag
def filter_input(bound: Any) -> SafeString:
    """A field of a filter bar: the input alone."""
    return SafeString(bound.as_widget(attrs={"class": "input"}))


@register.filter
def short_id(public_id: str) -> str:
    """An id as a list shows it: its kind, its first and its last characters, which differ between neighbours."""
    return public_id if len(public_id) <= 16 else f"{public_id[:8]}…{public_id[-6:]}"


@register.inclusion_tag("components/debug_window.html", takes_context=True)
def debug_window(context: Context) -> dict[str, Any]:
    """The banner of a workspace that keeps its texts longer for a while."""
    place = getattr(context.get("request"), "workspace", None)
    if place is None or scope.current() != place.id:
        return {"window": None}
    return {"window": debugging.standing(workspace=place.id, at=clock.now())}
