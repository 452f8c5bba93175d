"""What a list of messages can be narrowed by. Never a number or a reference: those stay out of addresses."""

from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from messaging.models.message import Category, Status
from smsplatform import regions
from smsplatform.templatetags.ui import category_name, status_name


def _statuses() -> list[tuple[str, str]]:
    return [("", str(_("All statuses"))), *((value, status_name(value)) for value in Status.values)]


def _categories() -> list[tuple[str, str]]:
    return [("", str(_("All categories"))), *((value, category_name(value)) for value in Category.values)]


def _countries() -> list[tuple[str, str]]:
    return [("", str(_("All countries"))), *regions.choices(get_language() or "en")]


class FilterForm(forms.Form):
    """Every field may be empty."""

    status = forms.ChoiceField(label=_("Status"), required=False, choices=lazy(_statuses, list))
    category = forms.ChoiceField(label=_("Category"), required=False, choices=lazy(_categories, list))
    country = forms.ChoiceField(label=_("Country"), required=False, choices=lazy(_countries, list))
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def chosen(self) -> dict[str, Any]:
        """The fields that narrow the list; what is not valid narrows nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
