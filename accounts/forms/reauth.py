"""The form that asks again who somebody is."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ConfirmForm(forms.Form):
    """The password, or a code of a second factor; only the latter where that is what counts."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    code = forms.CharField(
        label=_("Or a code from your authenticator"),
        required=False,
        max_length=24,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, factor: bool = False) -> None:
        super().__init__(data)
        if factor:
            del self.fields["password"]
            self.fields["code"].label = _("Code from your authenticator")
            self.fields["code"].widget.attrs["autofocus"] = True
