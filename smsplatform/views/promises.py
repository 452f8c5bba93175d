"""The board of promises that everybody may read: each sentence of the policy, what is known of it, and since when.

States and ages only: what a check counted is for staff.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.access import public
from privacy import profiles
from privacy.promises import Status, evaluating, reporting, signature, unclaimed
from privacy.promises.evaluating import Standing
from smsplatform.lib import clock

SHOWN_SECONDS = 15  # looked at once a minute at most; many may read


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How many promises are in a state, and whether the page shows only those."""

    status: Status
    count: int
    chosen: bool


@public
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Every published sentence, or those in one state."""
    try:
        found = _standings()
    except DatabaseError:
        return render(request, "public/promises.html", {"away": True}, status=503)
    wanted = state(request)
    context = {
        "tallies": tallies(found, wanted),
        "standings": [each for each in found if wanted in ("", each.status)],
        "wanted": wanted,
        "unclaimed": unclaimed(),
        "profile": profiles.active(),
    }
    return render(request, "public/promises.html", context)


@public
@cache_control(public=True, max_age=60)
@require_safe
def report(request: HttpRequest) -> HttpResponse:
    """The newest signed report; none before the first."""
    found = reporting.latest(using="default") or {"report": None}
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False})


@public
@cache_control(public=True, max_age=300)
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The public keys that reports were signed with, newest first (RFC 8037)."""
    return JsonResponse({"keys": [signature.jwk(key_id) for key_id in reporting.keys(using="default")]})


def state(request: HttpRequest) -> str:
    """The state that was asked for; empty for all, and for what is none."""
    wanted = request.GET.get("status", "")
    return wanted if wanted in set(Status) else ""


def tallies(found: Sequence[Standing], wanted: str) -> list[Tally]:
    """The five states with their counts."""
    counts = Counter(each.status for each in found)
    return [
        Tally(status=each, count=counts[each], chosen=each == wanted) for each in reversed(evaluating.WEAKEST_FIRST)
    ]


def _standings() -> list[Standing]:
    name = f"promises:{get_language()}:{profiles.active()}"
    found: list[Standing] | None = cache.get(name)
    if found is None:
        found = evaluating.standings(at=clock.now(), using="default")
        cache.set(name, found, SHOWN_SECONDS)
    return found
