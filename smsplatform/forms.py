"""Forms of the platform's own pages."""

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from messaging.operation import Act, Why
from smsplatform.announcements import Draft
from smsplatform.lib import clock
from smsplatform.models import Announcement

MOMENT = {"type": "datetime-local"}


class ActForm(forms.Form):
    """Why an operator changes how the platform runs, and where it is written up."""

    why = forms.ChoiceField(label=_("Reason"), choices=Why.choices)
    ticket = forms.RegexField(
        label=_("Ticket"),
        regex=r"^[A-Z][A-Z0-9]{1,9}-[0-9]{1,8}$",
        max_length=20,
        error_messages={"invalid": _("A ticket looks like OPS-123: letters, a dash, a number.")},
    )

    def act(self, by: UUID) -> Act:
        """What was said, as of now."""
        return Act(by=by, at=clock.now(), why=self.cleaned_data["why"], ticket=self.cleaned_data["ticket"])


class AnnouncementForm(forms.Form):
    """What every customer is told. Times are those of the reader's own zone."""

    tone = forms.ChoiceField(label=_("Kind"), choices=Announcement.Tone.choices)
    title = forms.CharField(label=_("Title"), max_length=120)
    text = forms.CharField(label=_("Text"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    title_de = forms.CharField(label=_("Title in German"), max_length=120, required=False)
    text_de = forms.CharField(
        label=_("Text in German"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    starts_at = forms.DateTimeField(
        label=_("Shown from"), required=False, widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M")
    )
    ends_at = forms.DateTimeField(
        label=_("Shown until"), required=False, widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M")
    )

    def clean(self) -> dict[str, Any]:
        """It has to end after it began, and in the future."""
        told = super().clean() or self.cleaned_data
        ends_at: dt.datetime | None = told.get("ends_at")
        if ends_at and ends_at <= max(told.get("starts_at") or clock.now(), clock.now()):
            self.add_error("ends_at", _("That is before it is shown. Choose a later time, or none."))
        return told

    def draft(self) -> Draft:
        """What was written."""
        told = self.cleaned_data
        words = {name: told[name] for name in ("tone", "title", "text", "title_de", "text_de")}
        return Draft(**words, starts_at=told["starts_at"] or clock.now(), ends_at=told["ends_at"])
