"""Forms of second factors."""

from django import forms
from django.utils.translation import gettext_lazy as _

_ATTRS = {"autocomplete": "one-time-code", "maxlength": 24, "autocapitalize": "off", "spellcheck": "false"}


class CodeForm(forms.Form):
    """Six digits from an authenticator, or a recovery code."""

    code = forms.RegexField(
        regex=r"^\s*(\d{6}|\d{3} \d{3}|[0-9A-Za-z]{5}[- ]?[0-9A-Za-z]{5})\s*$",
        label=_("Code"),
        max_length=24,
        error_messages={
            "required": _("Enter the code."),
            "invalid": _("Six digits from your authenticator, or a recovery code such as k7mq2-x9dnp."),
        },
        widget=forms.TextInput(attrs={**_ATTRS, "class": "code", "autofocus": True}),
    )


class SetupForm(forms.Form):
    """The first six digits from a new authenticator."""

    code = forms.RegexField(
        regex=r"^\s*\d{3} ?\d{3}\s*$",
        label=_("Code"),
        max_length=12,
        error_messages={"required": _("Enter the code."), "invalid": _("The code has six digits.")},
        widget=forms.TextInput(attrs={**_ATTRS, "inputmode": "numeric", "class": "code"}),
    )


class NameForm(forms.Form):
    """What somebody calls a passkey."""

    name = forms.CharField(
        label=_("Name"),
        max_length=40,
        error_messages={"required": _("Give it a name that tells you where it is.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
