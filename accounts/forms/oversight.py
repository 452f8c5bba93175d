"""What the auditor's log can be narrowed by, and the form by which a flag is signed off."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.grant import Reason
from accounts.oversight import Wanted
from privacy.models import AuditReview
from smsplatform.lib import ids
from smsplatform.lib.tenancy.staff import Level

NOTE_MIN = 15
ACTION_MAX = 60


class OversightFilter(forms.Form):
    """Every field may be empty; what is not valid is said and narrows nothing."""

    workspace = forms.CharField(label=_("Workspace"), required=False, max_length=40)
    actor = forms.ChoiceField(label=_("Staff"), required=False)
    action = forms.RegexField(label=_("Action begins with"), required=False, regex=r"^[a-z_:]*$", max_length=ACTION_MAX)
    category = forms.ChoiceField(label=_("Reason"), required=False, choices=[("", _("Any")), *Reason.choices])
    level = forms.ChoiceField(
        label=_("Level"),
        required=False,
        choices=[
            ("", _("Any")),
            (Level.METADATA.name, _("Metadata")),
            (Level.IDENTIFIERS.name, _("Identifiers")),
            (Level.CONTENT.name, _("Content")),
        ],
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        staff = User.objects.exclude(staff_role="").order_by("pk")
        people = sorted(((str(user.pk), user.name or user.email) for user in staff), key=lambda one: one[1].casefold())
        self.fields["actor"].choices = [("", _("Everybody")), *people]  # type: ignore[attr-defined]  # ChoiceField
        self.fields["workspace"].widget.attrs["placeholder"] = f"{ids.WORKSPACE}_…"
        self.fields["action"].widget.attrs["placeholder"] = "staff:"

    def clean_workspace(self) -> str:
        """A public id, or nothing."""
        given: str = self.cleaned_data["workspace"].strip()
        if given:
            try:
                ids.decode(ids.WORKSPACE, given)
            except ids.InvalidId:
                raise forms.ValidationError(_("This is no workspace id: it begins with wsp_.")) from None
        return given

    def chosen(self) -> dict[str, Any]:
        """The fields that narrow the list."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def wanted(self) -> Wanted:
        """The same for the log."""
        chosen = self.chosen()
        workspace, actor = chosen.pop("workspace", None), chosen.pop("actor", None)
        return Wanted(
            workspace=ids.decode(ids.WORKSPACE, workspace) if workspace else None,
            actor=UUID(actor) if actor else None,
            **chosen,
        )


class SignOffForm(forms.Form):
    """What an auditor found."""

    flag = forms.CharField(widget=forms.HiddenInput, max_length=100)
    verdict = forms.ChoiceField(label=_("Verdict"), choices=AuditReview.Verdict.choices)
    note = forms.CharField(
        label=_("What you found"),
        min_length=NOTE_MIN,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"min_length": _("Say what you looked at and what you found: at least 15 characters.")},
    )
