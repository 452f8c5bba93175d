"""What the activity log can be narrowed by."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.activity import Wanted
from accounts.sentences import GROUPS


class ActivityFilter(forms.Form):
    """Every field may be empty."""

    person = forms.ChoiceField(label=_("Person"), required=False)
    group = forms.ChoiceField(label=_("About"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, people: list[tuple[UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = sorted(GROUPS.items(), key=lambda pair: str(pair[1]).casefold())
        self._choose("person", [("", _("Everybody")), *((str(pk), name) for pk, name in people)])
        self._choose("group", [("", _("Everything")), *groups])

    def chosen(self) -> dict[str, Any]:
        """The fields that narrow the list; what is not valid narrows nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def wanted(self) -> Wanted:
        """The same for the log."""
        chosen = self.chosen()
        person = chosen.pop("person", None)
        return Wanted(actor=UUID(person) if person else None, **chosen)

    def _choose(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # ChoiceField
