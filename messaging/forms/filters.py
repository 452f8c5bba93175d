"""What a list of messages can be narrowed by. Never a number or a reference: those stay out of addresses."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import formats
from django.utils.functional import lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from messaging.models.message import Category, Status
from smsplatform import regions
from smsplatform.templatetags.ui import category_name, status_name

MODES = (("test", _("Test")), ("live", _("Live")))


@dataclass(frozen=True, kw_only=True, slots=True)
class Chip:
    """An active filter in words, and the filters that remain without it."""

    label: str
    value: str
    rest: dict[str, str]


def _statuses() -> list[tuple[str, str]]:
    return [("", str(_("All statuses"))), *((value, status_name(value)) for value in Status.values)]


def _categories() -> list[tuple[str, str]]:
    return [("", str(_("All types"))), *((value, category_name(value)) for value in Category.values)]


def _countries() -> list[tuple[str, str]]:
    return [("", str(_("All countries"))), *regions.choices(get_language() or "en")]


class FilterForm(forms.Form):
    """Every field may be empty. ``senders`` are pairs of public id and address."""

    status = forms.ChoiceField(label=_("Status"), required=False, choices=lazy(_statuses, list))
    category = forms.ChoiceField(label=_("Type"), required=False, choices=lazy(_categories, list))
    sender = forms.ChoiceField(label=_("Sender"), required=False)
    country = forms.ChoiceField(label=_("Country"), required=False, choices=lazy(_countries, list))
    mode = forms.ChoiceField(label=_("Mode"), required=False, choices=(("", _("Current mode")), *MODES))
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, senders: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sender"].choices = [("", _("All senders")), *senders]  # type: ignore[attr-defined]  # ChoiceField

    def chosen(self) -> dict[str, Any]:
        """The fields that narrow the list; what is not valid narrows nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def chips(self) -> list[Chip]:
        """The active filters in words."""
        chosen = {name: str(value) for name, value in self.chosen().items()}
        return [
            Chip(
                label=str(self.fields[name].label),
                value=self._word(name),
                rest={other: value for other, value in chosen.items() if other != name},
            )
            for name in chosen
        ]

    def _word(self, name: str) -> str:
        value = self.cleaned_data[name]
        choices = dict(getattr(self.fields[name], "choices", ()))
        return str(choices[value]) if value in choices else formats.date_format(value)
