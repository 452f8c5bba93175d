"""Forms of staff who ask to look into a workspace, and of the words in which they are refused."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.grants import MINUTES, GrantRefused, Wish
from accounts.models.grant import Reason

DURATIONS = ((15, _("15 minutes")), (30, _("30 minutes")), (60, _("1 hour")), (120, _("2 hours")), (240, _("4 hours")))

# by field and code: what is wrong and what to do about it
REFUSALS: dict[tuple[str, str], str | Promise] = {
    ("workspace", "closed"): _("This workspace is closed: nobody looks into it any more. Its owner can open it again."),
    ("workspace", "erased"): _("This workspace was erased: there is nothing to look at."),
    ("workspace", "unknown"): _("There is no such workspace. Search for it again."),
    ("staff", "role"): _("Your role does not look into workspaces. Ask support or an admin."),
    ("break_glass", "role"): _("Your role may not break the glass. Ask support or an admin."),
    ("reason", "short"): _("Say in at least 15 characters what you are going to look for."),
    ("reason", "placeholder"): _("This says nothing. Write what was reported and what you look for, in a few words."),
    ("reason", "personal"): _("Name no person here: no numbers, no addresses. The ticket has them."),
    ("reason", "repeated"): _("You gave this very reason within a day. Say what is new, or what is still open."),
    ("ticket", "pattern"): _("This is no ticket number. It looks like SUP-7K3M9Q, or DESK-1234 of another system."),
    ("ticket", "unknown"): _("There is no support case with this number. Copy it from the queue."),
    ("ticket", "elsewhere"): _("This support case belongs to another workspace."),
    ("ticket", "closed"): _("This support case is resolved: it is no reason to look any more."),
    ("minutes", "range"): _("Choose up to 4 hours."),
    ("code", "stale"): _("Use your second factor now: each step wants it anew."),
    ("level", "highest"): _("This grant shows everything already."),
    ("level", "second_person"): _("Content needs a second person. Ask for one and come back when they agreed."),
    ("level", "role"): _("Your role does not see content."),
    ("approver", "self"): _("Somebody else has to approve this."),
    ("approver", "role"): _("Your role does not approve content."),
    ("approver", "not_asked"): _("Nobody asked for content under this grant."),
    ("reviewer", "self"): _("Somebody else has to review this."),
    ("reviewer", "role"): _("Admins and auditors review."),
    ("grant", "over"): _("This grant is over. Ask for a new one, with what is new."),
    ("grant", "foreign"): _("This grant belongs to somebody else."),
    ("level", "higher"): _("Your grant does not reach so far. Raise it first, or ask for less."),
    ("proposal", "decided"): _("This was decided already, or nobody decided within a day."),
    ("proposal", "nothing"): _("Nothing was given back: it is still on its way, or was returned before."),
    ("proposal", "role"): _("Your role does not decide this."),
    ("grant", "not_waiting"): _("This was decided already, or the question is over."),
}


def words(refused: GrantRefused) -> str:
    """A refusal in words."""
    return str(REFUSALS.get((refused.field, refused.code), refused.code))


class FactorForm(forms.Form):
    """The second factor again: a code, unless a passkey was used just now."""

    code = forms.CharField(
        label=_("Code from your authenticator"),
        max_length=24,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "code", "spellcheck": "false"}
        ),
    )


class GrantForm(FactorForm):
    """Why somebody wants to look into a workspace."""

    field_order = ("category", "reason", "ticket", "minutes", "break_glass", "code")

    category = forms.ChoiceField(label=_("Kind of reason"), choices=Reason.choices)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in at least 15 characters what you are going to look for.")},
    )
    ticket = forms.CharField(
        label=_("Ticket"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Give the ticket that is the reason, such as SUP-7K3M9Q.")},
    )
    minutes = forms.TypedChoiceField(label=_("For how long"), choices=DURATIONS, coerce=int, initial=MINUTES)
    break_glass = forms.BooleanField(label=_("Break the glass: content at once, for 15 minutes"), required=False)

    def clean_ticket(self) -> str:
        """Without the blanks people paste."""
        return str(self.cleaned_data["ticket"]).strip()

    def wish(self) -> Wish:
        """What was asked for, of a valid form."""
        names = ("category", "reason", "ticket", "minutes", "break_glass")
        return Wish(**{name: self.cleaned_data[name] for name in names})

    def refuse(self, refused: GrantRefused) -> None:
        """Put a refusal where it belongs."""
        self.add_error(refused.field if refused.field in self.fields else None, words(refused))


class ReviewForm(forms.Form):
    """A decision with its reason, which the workspace reads."""

    decision = forms.ChoiceField(choices=(("approve", _("Approve")), ("reject", _("Reject"))))
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        """A rejection says why."""
        data = super().clean() or self.cleaned_data
        if data.get("decision") == "reject" and not str(data.get("reason", "")).strip():
            self.add_error("reason", _("Say why: the workspace reads it."))
        return dict(data)
