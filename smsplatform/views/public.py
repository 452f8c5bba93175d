"""What everybody may read: the first page, prices, the status, and what happens to personal data.

These pages set no cookie and need no script.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.access import page, public
from accounts.roles import Permission, Scope
from billing import rates
from billing.models import PricePlan
from smsplatform import regions, status
from smsplatform.lib import clock

STATUS_SECONDS = 15  # measured once a minute; many may look
QUERY_MAX = 60
HOMES = ((Permission.STATS_READ, "overview"), (Scope.MESSAGES_READ, "messages"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What a part costs to one country, in micro-units; from and to where its networks differ."""

    country: str
    name: str
    prefixes: tuple[str, ...]
    lowest: int
    highest: int
    currency: str
    refund_basis: str


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The start page of people who have signed in; for everybody else what this is."""
    return start(request) if request.user.is_authenticated else _welcome(request)


@page()
def start(request: HttpRequest) -> HttpResponse:
    """The first page of the workspace that this person may see."""
    place = request.workspace  # type: ignore[attr-defined]  # set by accounts.middleware
    pages = (name for permission, name in HOMES if place and place.allows(permission))
    return redirect(next(pages, "no_workspace"))


@public
@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """What this is."""
    return _welcome(request)


@public
@require_safe
def prices(request: HttpRequest) -> HttpResponse:
    """The price list, whole or as far as a country's name, code or prefix goes."""
    query = request.GET.get("q", "").strip()[:QUERY_MAX]
    plan = PricePlan.objects.filter(pk=rates.DEFAULT_PLAN).first()
    listed = _prices(rates.book(rates.DEFAULT_PLAN, clock.now()), get_language() or "en")
    shown = [price for price in listed if _fits(price, query.casefold())]
    context = {"query": query, "prices": shown, "all": len(listed), "sample": bool(plan and plan.sample)}
    return render(request, "public/prices.html", context)


@public
@require_safe
def status_page(request: HttpRequest) -> HttpResponse:
    """How the parts of the platform do, measured every minute."""
    parts = cache.get("status")
    if parts is None:
        try:
            parts = status.parts(at=clock.now())
        except DatabaseError:
            return render(request, "public/status.html", {"away": True}, status=503)
        cache.set("status", parts, STATUS_SECONDS)
    known = [part for part in parts if part.ok is not None]
    context: dict[str, Any] = {"parts": parts, "known": bool(known), "good": all(part.ok for part in known)}
    return render(request, "public/status.html", context)


@public
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What people can ask for, and how."""
    return render(request, "public/privacy.html", {"address": settings.PRIVACY_EMAIL})


def _welcome(request: HttpRequest) -> HttpResponse:
    return render(request, "public/welcome.html", {"origin": settings.BASE_URL})


def _prices(book: rates.PriceBook, language: str) -> list[Price]:
    """One line per country, by name."""
    found: dict[str, list[tuple[str, rates.Quote]]] = {}
    for prefix, quote in book.by_prefix.items():
        if quote is not None:
            found.setdefault(quote.country, []).append((prefix, quote))
    lines = [_price(country, entries, language) for country, entries in found.items()]
    return sorted(lines, key=lambda price: regions.place(price.name))


def _price(country: str, entries: Iterable[tuple[str, rates.Quote]], language: str) -> Price:
    prefixes, quotes = zip(*sorted(entries, key=lambda entry: entry[0]), strict=True)
    costs = [quote.unit_micro for quote in quotes]
    return Price(
        country=country,
        name=regions.name(country, language),
        prefixes=prefixes,
        lowest=min(costs),
        highest=max(costs),
        currency=quotes[0].currency,
        refund_basis=quotes[0].refund_basis,
    )


def _fits(price: Price, query: str) -> bool:
    digits = "+" + query.removeprefix("00").lstrip("+").replace(" ", "")
    by_prefix = digits[1:].isdigit() and any(
        prefix.startswith(digits) or digits.startswith(prefix) for prefix in price.prefixes
    )
    return by_prefix or query in price.name.casefold() or query == price.country.casefold()
