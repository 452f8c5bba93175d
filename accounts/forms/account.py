"""Forms of what people set for themselves."""

import zoneinfo
from functools import lru_cache
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import email_field, name_field, password_field
from accounts.forms.signup import add_collected

_REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """The zones with a region and a city, after UTC."""
    cities = (name for name in zoneinfo.available_timezones() if name.split("/")[0] in _REGIONS)
    return ("UTC", *sorted(cities))


class ProfileForm(forms.Form):
    """Name, language, time; more only if the profile collects it."""

    name = name_field()
    locale = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["locale"].choices = [("", _("As the browser asks")), *settings.LANGUAGES]  # type: ignore[attr-defined]  # a ChoiceField
        zones = [(name, name.replace("_", " ")) for name in time_zones()]
        self.fields["time_zone"].choices = [("", _("As in each workspace")), *zones]  # type: ignore[attr-defined]  # a ChoiceField
        self.extra = add_collected(self)

    @property
    def collected(self) -> list[Any]:
        """The further fields, as drawn."""
        return [self[name] for name in self.extra]


class PasswordForm(forms.Form):
    """The password there is, and the one to be."""

    current = password_field(_("Current password"), new=False)
    password = password_field(_("New password"), new=True)

    def clean_password(self) -> str:
        """By the rules for passwords."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class EmailForm(forms.Form):
    """Another address, and the password as proof."""

    email = email_field(_("New e-mail"))
    current = password_field(_("Current password"), new=False)
