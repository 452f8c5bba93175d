"""Forms of signing up and of the mails that follow."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import ONE_LINE, company_field, email_field, password_field, phone_field
from privacy import profiles


def _age_label() -> str:
    return gettext("I am at least %(years)d years old.") % {"years": profiles.value("age.minimum")}


class SignUpForm(forms.Form):
    """E-mail, password, what to call the workspace; more only if the profile collects it."""

    email = email_field(_("E-mail"), autofocus=True)
    password = password_field(_("Password"), new=True)
    workspace = forms.CharField(
        label=_("Workspace"),
        max_length=80,
        validators=[ONE_LINE],
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    age = forms.BooleanField(
        label=lazy(_age_label, str)(),
        error_messages={"required": _("We need you to confirm your age; younger people cannot have an account.")},
    )

    def __init__(self, *args: Any, with_workspace: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.extra = add_collected(self)
        if not with_workspace:
            del self.fields["workspace"]

    def clean_password(self) -> str:
        """By the rules for passwords."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password

    @property
    def collected(self) -> list[Any]:
        """The further fields, as drawn."""
        return [self[name] for name in self.extra]


class AddressForm(forms.Form):
    """An address to write to."""

    email = email_field(_("E-mail"), autofocus=True)


class NewPasswordForm(forms.Form):
    """A password to be."""

    password = password_field(_("New password"), new=True, autofocus=True)

    def clean_password(self) -> str:
        """By the rules for passwords."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


def add_collected(form: forms.Form) -> list[str]:
    """Add the further fields that the profile collects; their names. Never required."""
    known = {"company": company_field, "phone": phone_field}
    names = [name for name in known if name in profiles.value("profile.collect")]
    for name in names:
        form.fields[name] = known[name]()
    return names
