"""The form of a debugging window."""

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy import debugging


class WindowForm(forms.Form):
    """For how many days. There is always an end."""

    days = forms.IntegerField(
        label=_("Keep texts readable for, in days"),
        min_value=1,
        initial=3,
        error_messages={"required": _("Enter a number of days: a window has an end.")},
        widget=forms.NumberInput(attrs={"class": "number"}),
    )

    def clean_days(self) -> int:
        """No longer than the policy allows."""
        days: int = self.cleaned_data["days"]
        if days > debugging.days_max():
            raise forms.ValidationError(_("At most %(max)d days.") % {"max": debugging.days_max()})
        return days
