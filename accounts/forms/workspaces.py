"""Forms about a workspace: making one, its settings, closing it."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts import workspaces
from accounts.forms.fields import ONE_LINE
from accounts.models import ClosingWish
from accounts.models.workspace import Receipts

METADATA_DAYS_MIN = 7  # shorter would be gone before every receipt has come


def name_field() -> forms.CharField:
    """The name of a workspace."""
    return forms.CharField(
        label=_("Name"),
        max_length=80,
        validators=[ONE_LINE],
        error_messages={"required": _("Enter a name for the workspace.")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


def _zones() -> list[tuple[str, str]]:
    return [(zone, zone.replace("_", " ")) for zone in sorted(available_timezones()) if "/" in zone or zone == "UTC"]


class NewWorkspaceForm(forms.Form):
    """A name is all it takes."""

    name = name_field()


class SettingsForm(forms.Form):
    """Everything about a workspace that its people may change."""

    name = name_field()
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=lazy(_zones, list))
    company = forms.CharField(label=_("Company"), max_length=120, required=False, validators=[ONE_LINE])
    contact_name = forms.CharField(label=_("Contact person"), max_length=120, required=False, validators=[ONE_LINE])
    contact_email = forms.EmailField(
        label=_("Contact e-mail"),
        max_length=254,
        required=False,
        error_messages={"invalid": _("This is not an e-mail address. It looks like name@example.com.")},
    )
    contact_phone = forms.RegexField(
        regex=r"^\+?[0-9 ()./-]{5,30}$",
        label=_("Contact phone"),
        required=False,
        error_messages={"invalid": _("Enter a phone number with country code, for example +49 151 23456789.")},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    body_hours = forms.IntegerField(
        label=_("Keep texts for, in hours"), min_value=1, widget=forms.NumberInput(attrs={"class": "number"})
    )
    metadata_days = forms.IntegerField(
        label=_("Keep numbers and statuses for, in days"),
        min_value=METADATA_DAYS_MIN,
        widget=forms.NumberInput(attrs={"class": "number"}),
    )
    receipts = forms.ChoiceField(
        label=_("Delivery receipts by webhook"), choices=Receipts.choices, widget=forms.RadioSelect
    )
    require_second_factor = forms.BooleanField(label=_("Require a second factor of everybody here"), required=False)
    staff_approval = forms.BooleanField(
        label=_("We decide ourselves whether staff of the platform may look in"), required=False
    )
    join_link = forms.BooleanField(label=_("Let people with the join link ask to be let in"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field, longest in workspaces.longest().items():
            _bound(self.fields[field], longest)
            self.initial[field] = min(self.initial.get(field) or longest, longest)
        for field in workspaces.PROFILE.keys() - set(workspaces.collected()):
            del self.fields[field]

    def profile(self) -> list[forms.BoundField]:
        """The fields about company and contact that this installation collects."""
        return [self[field] for field in workspaces.collected()]

    def clean_body_hours(self) -> int | None:
        """None for as long as the policy says, so that a shorter one counts here too."""
        return self._shorter("body_hours")

    def clean_metadata_days(self) -> int | None:
        """Likewise."""
        return self._shorter("metadata_days")

    def _shorter(self, field: str) -> int | None:
        wanted: int = self.cleaned_data[field]
        return wanted if wanted < workspaces.longest()[field] else None


class CloseForm(forms.Form):
    """The name as a sign that one means it, and when to erase."""

    name = forms.CharField(
        label=_("Name of the workspace"),
        max_length=80,
        error_messages={"required": _("Type the name of the workspace.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    when = forms.ChoiceField(
        label=_("When to erase"),
        choices=ClosingWish.When.choices,
        error_messages={"required": _("Choose when to erase."), "invalid_choice": _("Choose when to erase.")},
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, workspace_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace_name = workspace_name

    def clean_name(self) -> str:
        """Exactly the name."""
        name: str = self.cleaned_data["name"]
        if name != self.workspace_name.strip():
            raise forms.ValidationError(_("This is not the name of the workspace. Type it as it is written above."))
        return name


class DeleteAccountForm(forms.Form):
    """A box to tick, so that no stray click does it."""

    sure = forms.BooleanField(
        label=_("Delete my account for good"), error_messages={"required": _("Tick the box if you are sure.")}
    )


def _bound(field: forms.Field, longest: int) -> None:
    """No longer than the policy of the day allows."""
    field.max_value = longest  # type: ignore[attr-defined]  # of an IntegerField
    field.validators.append(MaxValueValidator(longest))
    field.widget.attrs["max"] = longest
