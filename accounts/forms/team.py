"""Forms about people: inviting, giving roles."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role


def roles_for(by_role: str) -> list[tuple[str, Any]]:
    """The roles that somebody may give: owners all, others all but theirs."""
    return [(value, label) for value, label in Role.choices if by_role == Role.OWNER or value != Role.OWNER]


class RoleForm(forms.Form):
    """One role."""

    role = forms.ChoiceField(label=_("Role"), error_messages={"required": _("Choose a role.")})

    def __init__(self, *args: Any, by_role: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_for(by_role)  # type: ignore[attr-defined]  # ChoiceField


class InviteForm(RoleForm):
    """An address and a role."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages={
            "required": _("Enter the address to invite."),
            "invalid": _("This is not an e-mail address. It looks like name@example.com."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("email", "role")
