"""The board of promises for staff: with evidence, history and the next look, and what only a person can say."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import staff_page
from accounts.models.user import StaffRole
from privacy import profiles
from privacy.models import CheckResult
from privacy.promises import Check, Promise, check, evaluating, promises, sentence
from privacy.promises.register import EVERY
from smsplatform.lib import clock
from smsplatform.views.promises import state, tallies

YEARS_MAX = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """A check of a promise with what it found lately. ``next_at`` is when it will look again."""

    name: str
    check: Check | None
    results: list[CheckResult]
    next_at: dt.datetime | None


class AttestForm(forms.Form):
    """What somebody saw."""

    evidence = forms.CharField(
        label=_("What you saw"), max_length=300, help_text=_("Name documents and dates, not people."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    document = forms.CharField(
        label=_("The document"), max_length=300, help_text=_("Its SHA-256, or the address where it is kept."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    expires_on = forms.DateField(label=_("It counts until"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean_expires_on(self) -> dt.date:
        """In the future, and not for ever."""
        day: dt.date = self.cleaned_data["expires_on"]
        today = clock.now().date()
        if not today < day <= today + dt.timedelta(days=365 * YEARS_MAX):
            raise forms.ValidationError(_("Give a day in the next three years."))
        return day


@staff_page()
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Every sentence of a policy (by default the published one) with its state and why."""
    profile = request.GET.get("profile", "")
    profile = profile if profile in (*profiles.PROFILES, EVERY) else ""
    found = evaluating.standings(at=clock.now(), profile=profile)
    wanted = state(request)
    context = {
        "tallies": tallies(found, wanted),
        "standings": [each for each in found if wanted in ("", each.status)],
        "wanted": wanted,
        "profile": profile,
        "active": profiles.active(),
        "profiles": profiles.PROFILES,
    }
    return render(request, "staff/promises.html", context)


@staff_page()
@require_safe
def promise_page(request: HttpRequest, promise: str) -> HttpResponse:
    """One promise: what shows it, what was found, and who vouched for it."""
    return _page(request, _find(promise), None)


@staff_page(StaffRole.ADMIN)
@require_POST
def attest(request: HttpRequest, promise: str) -> HttpResponse:
    """Vouch for a promise that no machine can look at."""
    found = _find(promise)
    if found.attested is None:
        raise Http404
    form = AttestForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    evaluating.attest(promise=found, by=request.user.pk, at=clock.now(), **form.cleaned_data)
    return redirect("staff_promise", promise=found.id)


@staff_page(StaffRole.ADMIN)
@require_POST
def look(request: HttpRequest, promise: str) -> HttpResponse:
    """Run the checks of a promise now."""
    found = _find(promise)
    for name in found.checks:
        if (declared := check(name)) is not None:
            evaluating.run(declared, at=clock.now())
    return redirect("staff_promise", promise=found.id)


def _page(request: HttpRequest, promise: Promise, form: AttestForm | None, status: int = 200) -> HttpResponse:
    at = clock.now()
    rows = evaluating.attestations(promise)
    attested = {promise.id: rows[0]} if rows else {}
    context: dict[str, Any] = {
        "standing": evaluating.standing(promise, evaluating.newest(), attested, at=at),
        "looked": [_looked(name) for name in promise.checks],
        "attestations": rows,
        "sentence": sentence(promise, profile=promise.policy if promise.policy in profiles.PROFILES else ""),
        "settings": [(name, profiles.value(name)) for name in promise.settings],
        "may": request.user.staff_role == StaffRole.ADMIN,  # type: ignore[union-attr]  # staff_page lets in nobody else
        "form": form or _blank(promise, at),
    }
    return render(request, "staff/promise.html", context, status=status)


def _blank(promise: Promise, at: dt.datetime) -> AttestForm | None:
    if promise.attested is None:
        return None
    return AttestForm(initial={"expires_on": (at + promise.attested.lasts).date()})


def _looked(name: str) -> Looked:
    declared, results = check(name), evaluating.history(name)
    next_at = results[0].at + declared.fresh / 2 if declared and results else None
    return Looked(name=name, check=declared, results=results, next_at=next_at)


def _find(promise: str) -> Promise:
    for each in promises():
        if each.id == promise:
            return each
    raise Http404
