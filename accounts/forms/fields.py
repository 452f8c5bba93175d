"""Fields that several forms about people have."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

# Names get into subjects of mails, where a line break would begin another header, and into sentences, where a sign that
# turns the direction of writing (U+202A to U+202E, U+2066 to U+2069) would turn our words too. Names need none.
ONE_LINE = RegexValidator(
    r"^[^\x00-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]*$", _("Use one line without control characters.")
)


def email_field(label: Any, *, autofocus: bool = False) -> forms.EmailField:
    """Any address; no provider is better than another."""
    attrs: dict[str, object] = {"autocomplete": "email"} | ({"autofocus": True} if autofocus else {})
    return forms.EmailField(
        label=label,
        max_length=254,
        widget=forms.EmailInput(attrs=attrs),
        error_messages={"invalid": _("This is no e-mail address. It looks like name@example.org.")},
    )


def password_field(label: Any, *, new: bool, autofocus: bool = False) -> forms.CharField:
    """A password, as typed."""
    attrs = {
        "autocomplete": "new-password" if new else "current-password",
        **({"autofocus": True} if autofocus else {}),
    }
    return forms.CharField(label=label, max_length=1024, strip=False, widget=forms.PasswordInput(attrs=attrs))


def name_field() -> forms.CharField:
    """What to call somebody; nobody has to say."""
    return forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        validators=[ONE_LINE],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


def company_field() -> forms.CharField:
    """Whom somebody works for."""
    return forms.CharField(
        label=_("Company"),
        max_length=120,
        required=False,
        validators=[ONE_LINE],
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


def phone_field() -> forms.CharField:
    """A number to call about the account; never a way to sign in."""
    return forms.RegexField(
        label=_("Contact phone"),
        regex=r"^\+[0-9 ()/-]{6,24}$",
        required=False,
        error_messages={"invalid": _("Write the number with its country code, such as +49 30 123456.")},
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
