"""Reporting an unwanted text: a public form. One answer for everybody, whether or not we ever sent such a text."""

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import backoff
from accounts.access import outside, public
from accounts.forms.fields import email_field
from accounts.views import waiting
from privacy import profiles
from privacy.abuse import cases
from privacy.models import AbuseCase
from smsplatform.lib import clock
from smsplatform.views.requests.forms import checked_number, number_field

FREE = 10  # reports of one network before each waits longer than the one before
WORDS_MAX = 2000
OLDEST = dt.timedelta(days=366)
DONE = "abuse_reported"  # in the session: the number of the report just made


class ReportForm(forms.Form):
    """What arrived, from whom it said to be, and when. Only kind and sender have to be told."""

    kind = forms.ChoiceField(
        label=_("What was it?"), choices=AbuseCase.Kind.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose what fits best.")},
    )  # fmt: skip
    sender = forms.CharField(
        label=_("Sender, as your phone showed it"), max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Copy the name or number at the top of the message.")},
    )  # fmt: skip
    text_at = forms.DateTimeField(
        label=_("When did it arrive?"), required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        error_messages={"invalid": _("Enter day and time as in 2026-11-20 10:30.")},
    )  # fmt: skip
    words = forms.CharField(
        label=_("The text, and what you want to say of it"), max_length=WORDS_MAX, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    number = number_field()
    email = email_field(_("Your e-mail address, if you want an answer"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].required = self.fields["email"].required = False
        self.fields["number"].label = _("Your number, on which it arrived")

    def clean_number(self) -> str:
        """In E.164, or empty."""
        return checked_number(self.cleaned_data["number"]) if self.cleaned_data["number"] else ""

    def clean_text_at(self) -> dt.datetime | None:
        """Not in the future, and not older than anything we could still find."""
        when: dt.datetime | None = self.cleaned_data["text_at"]
        at = clock.now()
        if when is not None and not at - OLDEST <= when <= at + dt.timedelta(days=1):
            raise forms.ValidationError(_("Enter a time within the last year; leave it empty if you do not know."))
        return when

    def report(self) -> cases.Report:
        """Of a valid form."""
        said = self.cleaned_data
        return cases.Report(
            kind=said["kind"], sender=said["sender"], words=said["words"], number=said["number"],
            email=said["email"].strip().casefold(), text_at=said["text_at"],
        )  # fmt: skip


@public
@outside
@never_cache
@sensitive_post_parameters("sender", "words", "number", "email")
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form. Who sends many waits longer with each."""
    form = ReportForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, form, status=422 if form.is_bound else 200)
    if wait := backoff.admit([waiting.address_of(request, "abuse-report", free=FREE)]):
        form.add_error(None, waiting.too_many(wait))
        return _page(request, form, status=429)
    made = cases.report(form.report(), at=clock.now())
    request.session[DONE] = str(made)
    return redirect("report_done")


@public
@outside
@never_cache
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """What happens now."""
    return render(request, "public/report_done.html", {"number": request.session.get(DONE, "")})


def _page(request: HttpRequest, form: ReportForm, *, status: int) -> HttpResponse:
    kept = profiles.duration("retention.abuse_words")
    context = {"form": form, "address": settings.PRIVACY_EMAIL, "days": kept.days}
    return render(request, "public/report.html", context, status=status)
