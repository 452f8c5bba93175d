"""What the log of API requests can be narrowed by."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

METHODS = ("GET", "POST", "PATCH", "DELETE")
_WORD = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


class CallFilterForm(forms.Form):
    """Every field may be empty; what is not valid narrows nothing."""

    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", _("All")),
            ("error", _("All errors")),
            ("2", _("2xx: accepted")),
            ("4", _("4xx: refused")),
            ("5", _("5xx: our fault")),
        ],
    )
    code = forms.RegexField(label=_("Code"), required=False, regex=_WORD)
    method = forms.ChoiceField(
        label=_("Method"), required=False, choices=[("", _("All")), *((name, name) for name in METHODS)]
    )
    route = forms.CharField(label=_("Address begins"), required=False, max_length=120)
    key = forms.ChoiceField(label=_("Key"), required=False)
    request_id = forms.RegexField(label=_("Request id"), required=False, regex=_REQUEST_ID)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, keys: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].choices = [("", _("All keys")), *keys]  # type: ignore[attr-defined]  # ChoiceField

    def chosen(self) -> dict[str, str | dt.date]:
        """The fields that narrow the list."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
