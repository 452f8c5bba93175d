"""The form that sends one text."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from messaging.models.message import Category
from smsplatform.templatetags.ui import category_name

# What people put between digits. The API is stricter; a form is used by people.
_PUNCTUATION = re.compile(r"[\s()./\u00a0\u2010-\u2015-]+")


def plain_number(text: str) -> str:
    """A number without the spaces, dashes and brackets people write, and with + for 00."""
    bare = _PUNCTUATION.sub("", text)
    return f"+{bare[2:]}" if bare.startswith("00") else bare


def _categories() -> list[tuple[str, str]]:
    return [(value, category_name(value)) for value in Category.values]


VALIDITIES = (
    ("", _("As usual for its type")),
    ("600", _("10 minutes")),
    ("3600", _("1 hour")),
    ("14400", _("4 hours")),
    ("43200", _("12 hours")),
    ("86400", _("24 hours")),
)


class SendForm(forms.Form):
    """To whom, from whom, what. ``token`` makes sending the form twice send one message."""

    to = forms.CharField(
        label=_("To"),
        max_length=40,
        error_messages={"required": _("Enter a phone number.")},
        widget=forms.TextInput(
            attrs={
                "type": "tel",
                "inputmode": "tel",
                "autocomplete": "off",
                "class": "number",
                "required": True,
                "list": "test-numbers",
            }
        ),
    )
    sender = forms.ChoiceField(label=_("Sender"), error_messages={"required": _("Choose a sender.")})
    text = forms.CharField(
        label=_("Message"),
        max_length=10_000,
        strip=False,
        error_messages={"required": _("Enter a text.")},
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    category = forms.ChoiceField(
        label=_("Category"), choices=lazy(_categories, list), initial=Category.TRANSACTIONAL, widget=forms.RadioSelect
    )
    smart = forms.BooleanField(label=_("Replace typographic characters by plain ones"), required=False)
    send_at = forms.DateTimeField(
        label=_("Send at"),
        required=False,
        error_messages={"invalid": _("Enter a date and a time.")},
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
    )
    ttl = forms.ChoiceField(label=_("Valid for"), required=False, choices=VALIDITIES)
    reference = forms.CharField(
        label=_("Reference"), required=False, max_length=128, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, senders: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sender"].choices = [(address, address) for address in senders]  # type: ignore[attr-defined]  # ChoiceField

    @property
    def has_options(self) -> bool:
        """Whether anything beyond the usual is filled in or refused."""
        return any(self[name].value() or self[name].errors for name in ("send_at", "ttl", "reference"))

    def clean_to(self) -> str:
        """The number as the platform reads it."""
        return plain_number(self.cleaned_data["to"])
