"""The form with which staff ask for a file of a workspace's messages."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models.grant import Depth
from messaging.forms.filters import MODES
from messaging.models import Export
from smsplatform.lib import clock
from smsplatform.lib.tenancy.staff import Level

DAYS_MAX = 31


class StaffExportForm(forms.Form):
    """No more days than are needed, no deeper than the grant goes."""

    since = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}))
    mode = forms.ChoiceField(label=_("Mode"), choices=MODES, initial="live")
    level = forms.TypedChoiceField(label=_("What it shows"), coerce=int)
    file_format = forms.ChoiceField(label=_("Format"), choices=Export.Format.choices)

    def __init__(self, *args: Any, level: Level, **kwargs: Any) -> None:
        today = clock.now().date()
        days = {"since": today - dt.timedelta(days=1), "until": today}
        super().__init__(*args, **{"initial": days, **kwargs})
        self.fields["level"].choices = [choice for choice in Depth.choices if choice[0] <= level]  # type: ignore[attr-defined]  # ChoiceField

    def clean(self) -> dict[str, Any]:
        """The days in order, and not too many of them."""
        data = dict(super().clean() or self.cleaned_data)
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day is before the first."))
        elif since and until and (until - since).days >= DAYS_MAX:
            self.add_error("since", _("Choose %(days)d days at most.") % {"days": DAYS_MAX})
        return data

    def chosen(self) -> dict[str, Any]:
        """What is kept of it, as ``exporting.Selection`` and a format."""
        data = self.cleaned_data
        wanted = {"since": data["since"].isoformat(), "until": data["until"].isoformat()}
        return {"livemode": data["mode"] == "live", "wanted": wanted, "format": data["file_format"]}
