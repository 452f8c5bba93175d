"""Forms of webhook endpoints: what one is, which deliveries are listed, and what is sent again."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import ONE_LINE
from messaging.models.webhook import DEFAULT_TYPES, EVENT_TYPES, Delivery, WebhookEndpoint
from smsplatform.lib.signing import Scheme
from smsplatform.templatetags.ui import delivery_name

KEPT = dt.timedelta(days=30)
SIGNATURES = (
    (Scheme.HMAC, _("HMAC: a secret that only you and we hold. Every Standard Webhooks library checks it.")),
    (Scheme.ED25519, _("Ed25519: we keep a private key. Your receiver needs its public key only, which is no secret.")),
)


class EndpointForm(forms.Form):
    """An endpoint. ``token`` makes sending the form twice make one endpoint."""

    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        error_messages={"required": _("Enter the address that receives events.")},
        widget=forms.TextInput(
            attrs={
                "type": "url",
                "inputmode": "url",
                "autocomplete": "off",
                "placeholder": "https://example.com/webhooks/sms",
                "required": True,
            }
        ),
    )
    description = forms.CharField(label=_("Description"), max_length=120, required=False, validators=[ONE_LINE])
    types = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[(name, name) for name in EVENT_TYPES],
        initial=list(DEFAULT_TYPES),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one event.")},
    )
    content = forms.ChoiceField(
        label=_("Content"),
        choices=[
            (WebhookEndpoint.Content.THIN, _("Thin: ids, status and a masked number")),
            (WebhookEndpoint.Content.FULL, _("Full: also number and text while they are kept")),
        ],
        initial=WebhookEndpoint.Content.THIN,
        widget=forms.RadioSelect,
    )
    token = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)

    @property
    def values(self) -> dict[str, Any]:
        """As ``endpoints.create`` and ``endpoints.change`` take them."""
        return {name: self.cleaned_data[name] for name in ("url", "description", "types", "content")}


def _signature() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Signature"),
        choices=SIGNATURES,
        initial=Scheme.HMAC,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how events are signed."), "invalid_choice": _("Choose one of these.")},
    )


class NewEndpointForm(EndpointForm):
    """With what it signs by; later that is changed by rotating."""

    signature = _signature()

    @property
    def values(self) -> dict[str, Any]:
        return {**super().values, "signature": self.cleaned_data["signature"]}


class RotateForm(forms.Form):
    """A new secret. ``present`` says which rotation it follows, so that sending the form twice makes one."""

    signature = _signature()
    present = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


def _states() -> list[tuple[str, str]]:
    return [("", str(_("All states"))), *((value, delivery_name(value)) for value in Delivery.State.values)]


class DeliveryFilterForm(forms.Form):
    """Which deliveries. Every field may be empty."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=lazy(_states, list))
    type = forms.ChoiceField(
        label=_("Event"),
        required=False,
        choices=[("", _("All events")), *((name, name) for name in (*EVENT_TYPES, "webhook.test"))],
    )

    def chosen(self) -> dict[str, str]:
        """The fields that narrow the list; what is not valid narrows nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


def _moment_input() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ReplayForm(forms.Form):
    """A window of time, in the workspace's time zone."""

    since = forms.DateTimeField(
        label=_("From"),
        widget=_moment_input(),
        error_messages={"required": _("Choose when to begin."), "invalid": _("Enter a date and a time.")},
    )
    until = forms.DateTimeField(
        label=_("Until"),
        widget=_moment_input(),
        error_messages={"required": _("Choose when to end."), "invalid": _("Enter a date and a time.")},
    )
    failed_only = forms.BooleanField(label=_("Only what was not delivered"), required=False, initial=True)

    def clean(self) -> dict[str, Any]:
        """The end comes after the beginning, and no longer after it than deliveries are kept."""
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and until <= since:
            self.add_error("until", _("The end must come after the beginning."))
        elif since and until and until - since > KEPT:
            self.add_error("until", _("At most 30 days at once: deliveries are kept that long."))
        return values
