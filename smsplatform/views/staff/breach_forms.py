"""The forms of the breach desk, and what each refusal of the register means at which field."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.breaches import register, scoping
from privacy.breaches.scoping import Scope
from privacy.models import Incident
from smsplatform.lib import ids

LOCAL = "%Y-%m-%dT%H:%M"
WORKSPACES_MAX = 500
# What is refused, the field that has to change, and how.
REFUSALS: dict[type[ValueError], tuple[str, str | Promise]] = {
    register.InTheFuture: ("aware_at", _("This is in the future. Enter when somebody here first knew of it.")),
    register.NothingHarmed: ("confidentiality", _("Choose at least one: what was harmed?")),
    register.NamesSomebody: (
        "",
        _("There is a phone number, an address or a key in the text. The register is kept for years: leave it out."),
    ),
    register.AlreadyClosed: ("", _("This incident is closed. Open another one that refers to it.")),
    register.LateNeedsReason: ("late_reason", _("The time is over. The law asks for the reasons of the delay.")),
    register.NotScoped: ("", _("Compute first whom it concerns; otherwise nobody would be told.")),
    register.NotAssessed: ("", _("Assess the risk first; who has to be told depends on it.")),
    register.HighRisk: ("", _("The risk is high: those concerned have to be told. It cannot be decided otherwise.")),
    register.ClocksOpen: ("", _("A clock is still running. Tell that audience, or decide with reasons not to.")),
    register.NeedsReason: ("reasons", _("Give the reasons.")),
    scoping.EmptyScope: ("models", _("Choose at least one kind of data; without one nobody is found.")),
    scoping.UnknownModel: ("models", _("The inventory does not know this kind of data.")),
    scoping.BackwardsWindow: ("until", _("The end lies before the beginning.")),
}


def refuse(form: forms.Form, error: ValueError) -> None:
    """Put a refusal of the register where it belongs in the form."""
    field, words = REFUSALS[type(error)]
    form.add_error(field if field in form.fields else None, str(words))


def _moment(label: Any, *, required: bool) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=required,
        input_formats=[LOCAL, "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
        error_messages={"required": _("Enter day and time."), "invalid": _("Enter day and time as 2026-01-31T14:30.")},
    )


def _text(label: Any, *, rows: int = 4, required: bool = True, most: int = 4000) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=most,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": _("Write at least a sentence.")},
    )


class OpenForm(forms.Form):
    """What is known when an incident is opened."""

    title = forms.CharField(label=_("Title"), max_length=120, error_messages={"required": _("Give it a title.")})
    aware_at = _moment(_("Known since"), required=True)
    description = _text(_("What happened"))
    confidentiality = forms.BooleanField(label=_("Confidentiality: somebody may have seen data"), required=False)
    integrity = forms.BooleanField(label=_("Integrity: data may have been changed"), required=False)
    availability = forms.BooleanField(label=_("Availability: data was or is lost or out of reach"), required=False)
    drill = forms.BooleanField(label=_("This is a drill: nothing is sent and nothing is revoked"), required=False)


class ScopeForm(forms.Form):
    """The question whom it concerns."""

    models = forms.MultipleChoiceField(
        label=_("Data"), required=False, widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("The inventory does not know %(value)s.")},
    )  # fmt: skip
    since = _moment(_("Written from"), required=False)
    until = _moment(_("Written until"), required=False)
    workspaces = _text(_("Only these workspaces"), rows=2, required=False, most=WORKSPACES_MAX * 32)
    actor = forms.CharField(label=_("Only where this person or key did something"), required=False, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["models"]
        field.choices = [(policy.model, policy.name) for policy in scoping.choices()]  # type: ignore[attr-defined]  # a choice field

    def clean_workspaces(self) -> tuple[UUID, ...]:
        words = self.cleaned_data["workspaces"].replace(",", " ").split()
        return tuple(_decoded(word, ids.WORKSPACE) for word in words)

    def clean_actor(self) -> UUID | None:
        word = self.cleaned_data["actor"].strip()
        return _decoded(word, ids.USER, ids.KEY) if word else None

    def scope(self) -> Scope:
        """The question, from valid input."""
        said = self.cleaned_data
        return Scope(
            models=tuple(said["models"]), since=said["since"], until=said["until"], workspaces=said["workspaces"],
            actor=said["actor"],
        )  # fmt: skip


class AssessForm(forms.Form):
    """How high the risk is for people."""

    risk = forms.ChoiceField(
        label=_("Risk for people"),
        choices=Incident.Risk.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    reasons = _text(_("Reasons"))
    sealed_only = forms.BooleanField(
        label=_("All of it was encrypted, and the keys were not exposed (Art. 34(3)(a))"), required=False
    )


class TellForm(forms.Form):
    """The words for an audience."""

    title = forms.CharField(label=_("Title"), max_length=120, error_messages={"required": _("Give it a title.")})
    text = _text(_("Text"), rows=12, most=8000)
    reference = forms.CharField(label=_("Reference of the authority"), max_length=64, required=False)
    late_reason = _text(_("Reasons of the delay"), rows=2, required=False, most=1000)


class WaiveForm(forms.Form):
    """A decision that an audience need not be told."""

    reasons = _text(_("Reasons"), rows=3)
    late_reason = _text(_("Reasons of the delay"), rows=2, required=False, most=1000)


class MeasureForm(forms.Form):
    """Something that was done."""

    text = _text(_("What was done"), rows=2)


def _decoded(word: str, *prefixes: str) -> UUID:
    for prefix in prefixes:
        try:
            return ids.decode(prefix, word)
        except ids.InvalidId:
            continue
    expected = " / ".join(f"{prefix}_…" for prefix in prefixes)
    raise forms.ValidationError(
        _("%(word)s is no id. Ids look like %(expected)s."), params={"word": word[:40], "expected": expected}
    )
