"""Forms about API keys: what a key may do, and how its secret is replaced."""

import datetime as dt
import ipaddress
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms.fields import ONE_LINE
from accounts.keys import RATE_MAX, Limits
from accounts.models import ApiKey
from accounts.roles import Scope
from smsplatform import regions
from smsplatform.lib import clock

MICRO = 1_000_000
RANGES_MAX = 50
MONEY_MAX = Decimal(1_000_000)
_SPLIT = re.compile(r"[\s,;]+")


class LimitsForm(forms.Form):
    """Name and limits of a key; an empty field is no limit."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        validators=[ONE_LINE],
        error_messages={"required": gettext_lazy("Enter a name, for example of the program that will use the key.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one thing that the key may do.")},
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    ip_ranges = forms.CharField(
        label=gettext_lazy("Addresses it may come from"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "class": "short mono"}),
    )
    senders = forms.MultipleChoiceField(
        label=gettext_lazy("Senders"), required=False, widget=forms.CheckboxSelectMultiple
    )
    countries = forms.CharField(
        label=gettext_lazy("Countries"),
        required=False,
        max_length=1200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    rate_max = forms.IntegerField(
        label=gettext_lazy("Messages per second"), min_value=1, max_value=RATE_MAX, initial=RATE_MAX
    )
    day_max = forms.IntegerField(
        label=gettext_lazy("Messages per day"), required=False, min_value=1, max_value=2_000_000_000
    )
    money_max = forms.DecimalField(
        label=gettext_lazy("Money per day"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=MONEY_MAX,
        max_digits=13,
        decimal_places=6,
    )

    def __init__(
        self, *args: Any, senders: Sequence[tuple[str, str]], allowed: frozenset[str], at: dt.datetime, **kwargs: Any
    ) -> None:
        """``senders``: public id and address. ``allowed``: the scopes that the person has and so may give."""
        super().__init__(*args, **kwargs)
        self.at = at
        scopes = [(scope.value, scope.label) for scope in Scope if scope in allowed]
        self.fields["scopes"].choices = scopes  # type: ignore[attr-defined]  # MultipleChoiceField
        self.fields["senders"].choices = senders  # type: ignore[attr-defined]  # MultipleChoiceField

    def clean_expires_on(self) -> dt.date | None:
        """Today at the earliest: a key is good until the end of its last day."""
        day: dt.date | None = self.cleaned_data["expires_on"]
        if day is not None and _end_of(day) <= self.at:
            raise forms.ValidationError(_("This day is over. Choose today or a later day."))
        return day

    def clean_ip_ranges(self) -> list[str]:
        """One network per word."""
        words = [word for word in _SPLIT.split(self.cleaned_data["ip_ranges"]) if word]
        if len(words) > RANGES_MAX:
            raise forms.ValidationError(_("Enter at most %(count)d ranges.") % {"count": RANGES_MAX})
        try:
            return [str(ipaddress.ip_network(word, strict=False)) for word in words]
        except ValueError:
            raise forms.ValidationError(
                _("One of these is no address. Write 192.0.2.7 for one address or 192.0.2.0/24 for a range.")
            ) from None

    def clean_countries(self) -> list[str]:
        """Two-letter codes."""
        codes = [word.upper() for word in _SPLIT.split(self.cleaned_data["countries"]) if word]
        known = {code for code, _name in regions.choices("en")}
        if not known.issuperset(codes):
            raise forms.ValidationError(_("Write countries as two letters, for example DE, FR, US."))
        return sorted(set(codes))

    def limits(self, sender_ids: dict[str, UUID], kept: Sequence[str] = ()) -> Limits:
        """What was chosen. ``kept`` are scopes that the person cannot choose and the key already has."""
        data = self.cleaned_data
        money: Decimal | None = data["money_max"]
        return Limits(
            scopes=[scope for scope in Scope.values if scope in {*data["scopes"], *kept}],
            expires_at=_end_of(data["expires_on"]) if data["expires_on"] else None,
            ip_ranges=data["ip_ranges"],
            sender_ids=[sender_ids[text] for text in data["senders"]],
            countries=data["countries"],
            rate_max=data["rate_max"],
            day_max=data["day_max"],
            money_max=int(money * MICRO) if money is not None else None,
        )


class CreateForm(LimitsForm):
    """A new key. ``token`` is the id it will have: sending the form twice makes one key."""

    mode = forms.ChoiceField(
        label=gettext_lazy("Mode"),
        choices=[("test", gettext_lazy("Test")), ("live", gettext_lazy("Live"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose test or live.")},
    )
    token = forms.CharField(widget=forms.HiddenInput)


class RotateForm(forms.Form):
    """How long the present secret stays good. ``last4`` says which one the person saw."""

    OVERLAPS = (
        ("0", gettext_lazy("Not at all: it ends now")),
        ("1", gettext_lazy("1 hour")),
        ("6", gettext_lazy("6 hours")),
        ("24", gettext_lazy("24 hours")),
    )
    overlap = forms.ChoiceField(
        label=gettext_lazy("Present secret stays valid for"), choices=OVERLAPS, initial="1", widget=forms.RadioSelect
    )
    last4 = forms.CharField(max_length=4, widget=forms.HiddenInput)

    @property
    def chosen(self) -> dt.timedelta:
        """The overlap."""
        return dt.timedelta(hours=int(self.cleaned_data["overlap"]))


def initial_of(key: ApiKey, sender_texts: dict[UUID, str]) -> dict[str, Any]:
    """What the form shows of an existing key."""
    return {
        "name": key.name,
        "scopes": key.scopes,
        "expires_on": timezone.localtime(key.expires_at - dt.timedelta(seconds=1)).date() if key.expires_at else None,
        "ip_ranges": "\n".join(key.ip_ranges),
        "senders": [sender_texts[each] for each in key.sender_ids if each in sender_texts],
        "countries": ", ".join(key.countries),
        "rate_max": key.rate_max,
        "day_max": key.day_max,
        "money_max": (Decimal(key.money_max) / MICRO).normalize() if key.money_max is not None else None,
    }


def _end_of(day: dt.date) -> dt.datetime:
    """The midnight that ends ``day`` in the reader's time zone."""
    return clock.midnight(day + dt.timedelta(days=1))
