"""The forms of the register of disclosures, and what each refusal of the register means at which field."""

import datetime as dt
from typing import Any
from uuid import UUID

from django import forms
from django.utils.functional import Promise, lazy
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import directory
from privacy.disclosures import bars, register, scope
from privacy.disclosures.register import Assessment, Demand
from privacy.models.disclosure import Ground
from smsplatform import regions
from smsplatform.lib import clock, ids, lookups
from smsplatform.views.requests.forms import checked_number

LOCAL = "%Y-%m-%dT%H:%M"
TEXT_MAX = 2000
# What is refused, the field that has to change, and how.
REFUSALS: dict[type[ValueError], tuple[str, str | Promise]] = {
    register.InTheFuture: ("received_at", _("This is in the future. Enter when it reached us.")),
    register.SilenceNotBounded: (
        "bar_until", _("Silence needs both: the law that demands it, and a day within the next year."),
    ),
    scope.NothingNamed: (
        "kinds", _("Name records and kinds of data. Each record must hold at least one of the kinds."),
    ),
    scope.BadPeriod: ("until", _("The end must lie after the beginning, by a year at most.")),
    register.NotEffective: (
        "narrow", _("It is valid only when all three hold. Otherwise refuse it, and say why."),
    ),
    register.NeedsReason: ("reasons", _("Give the reasons.")),
    register.SamePerson: ("", _("Two people decide: you took this in or assessed it, so somebody else approves.")),
    register.Objected: ("", _("The holder objects. Answer the objection first, or withdraw.")),
    register.TooEarly: ("", _("The holder was not told yet, or may still object. Nothing is compiled before.")),
    register.NoLeave: (
        "", _("This needs access to the workspace for legal process, deep enough, with a second person who agreed."),
    ),
    bars.NotLonger: ("bar_until", _("This is not after the day in force. To end it earlier, use the form below.")),
    bars.NotShorter: ("ends_on", _("Choose a day from today on, and before the one in force.")),
    bars.Over: ("", _("The silence is over, or the holder was told: its end cannot be changed any more.")),
    register.NothingTaken: ("", _("Nothing was compiled and taken yet, so nothing can have been handed over.")),
    register.NotNow: ("", _("This cannot be done now; perhaps somebody was faster.")),
}  # fmt: skip


def words(error: ValueError) -> str:
    """A refusal in words."""
    return str(REFUSALS[type(error)][1])


def refuse(form: forms.Form, error: ValueError) -> None:
    """Put a refusal where it belongs in the form."""
    field, said = REFUSALS[type(error)]
    form.add_error(field if field in form.fields else None, str(said))


def _countries() -> list[tuple[str, str]]:
    return [("", _now("Choose")), *regions.choices(get_language() or "en")]


def _records() -> list[tuple[str, str]]:
    return [(policy.model, _now(policy.name)) for policy in scope.askable()]


def _kinds() -> list[tuple[str, str]]:
    return [(category.key, _now(category.label)) for category in scope.kinds()]


def _line(label: Any, size: int, *, required: bool = True) -> forms.CharField:
    return forms.CharField(label=label, max_length=size, required=required)


def _moment(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        input_formats=[LOCAL, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
        error_messages={"invalid": _("Enter day and time as in 2026-11-20 10:30.")},
    )


class DemandForm(forms.Form):
    """What an authority wants, word for word where it can be."""

    workspace = forms.CharField(
        label=_("Id of the workspace"), max_length=40, widget=forms.TextInput(attrs={"spellcheck": "false"})
    )
    ground = forms.ChoiceField(
        label=_("Ground"), choices=Ground.choices, widget=forms.RadioSelect,
        error_messages={"required": _("Choose on what ground it is demanded.")},
    )  # fmt: skip
    authority = _line(_("Authority"), 160)
    country = forms.ChoiceField(label=_("Country of the authority"), choices=lazy(_countries, list)())
    law = _line(_("Law"), 160)
    reference = _line(_("Reference of the authority"), 80)
    received_at = _moment(_("Received"))
    records = forms.MultipleChoiceField(
        label=_("Records"), choices=lazy(_records, list)(), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Name at least one.")},
    )  # fmt: skip
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of data"), choices=lazy(_kinds, list)(), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Name at least one.")},
    )  # fmt: skip
    since = _moment(_("From"))
    until = _moment(_("Until"))
    number = _line(_("Only about this number"), 40, required=False)
    bar_law = _line(_("Law that forbids to tell the holder"), 160, required=False)
    bar_until = forms.DateField(
        label=_("Until which day"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _("Enter a day as in 2026-11-20.")},
    )  # fmt: skip

    def clean_workspace(self) -> UUID:
        """A workspace that exists."""
        found = directory.get(lookups.entered(ids.WORKSPACE, self.cleaned_data["workspace"]))
        if found is None:
            raise forms.ValidationError(_("There is no such workspace."))
        return found.id

    def clean_number(self) -> str:
        """In E.164, or empty."""
        return checked_number(self.cleaned_data["number"]) if self.cleaned_data["number"] else ""

    def demand(self) -> Demand:
        """Of a valid form."""
        said = dict(self.cleaned_data)
        day: dt.date | None = said.pop("bar_until")
        end = end_of(day) if day else None
        return Demand(**{**said, "records": tuple(said["records"]), "kinds": tuple(said["kinds"])}, bar_until=end)


def end_of(day: dt.date) -> dt.datetime:
    """When a silence that ends on ``day`` is over."""
    return dt.datetime.combine(day, dt.time(23, 59), dt.UTC)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": _("Enter a day as in 2026-11-20.")},
    )


class LongerForm(forms.Form):
    """A silence that has to last longer."""

    bar_until = _day(_("Until which day"))
    bar_law = _line(_("Law that forbids to tell the holder"), 160)
    bar_document = _line(_("Reference of the order"), 120)


class EarlierForm(forms.Form):
    """A silence that ends earlier."""

    ends_on = _day(_("Last day of the silence"))

    def until(self, at: dt.datetime) -> dt.datetime:
        """Today means at once."""
        day: dt.date = self.cleaned_data["ends_on"]
        return at if day == at.astimezone(dt.UTC).date() else end_of(day)


class AssessForm(forms.Form):
    """Whether a demand has to be answered."""

    authentic = forms.BooleanField(
        label=_("It is authentic: asked back by a way we knew before, not the one in the letter"), required=False
    )
    effective = forms.BooleanField(
        label=_("It is effective: this authority may demand this of us, by the law it names"), required=False
    )
    narrow = forms.BooleanField(label=_("What was entered is no wider than what it demands"), required=False)
    reasons = forms.CharField(
        label=_("Reasons"), max_length=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Give the reasons.")},
    )  # fmt: skip

    def assessment(self) -> Assessment:
        """Of a valid form."""
        return Assessment(**self.cleaned_data)


class WordsForm(forms.Form):
    """The words that one step wants."""

    reasons = forms.CharField(
        label=_("In words"), max_length=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("This needs words.")},
    )  # fmt: skip


def now_initial() -> dict[str, Any]:
    """What a new demand begins with."""
    return {"received_at": clock.now()}
