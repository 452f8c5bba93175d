"""The form that registers a sender or asks for its review."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ReviewForm(forms.Form):
    """What a sender is for, in the workspace's own words."""

    purpose = forms.CharField(
        label=_("What it is for"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "short"}),
    )
    example = forms.CharField(
        label=_("Example message"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "short"}),
    )


class SenderForm(ReviewForm):
    """A new sender. Whether the address can be one is asked of ``provisioning``."""

    address = forms.CharField(
        label=_("Sender"),
        max_length=20,
        strip=True,
        error_messages={"required": _("Enter a name or a number.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ["address", "purpose", "example"]
