"""Names stand in sentences and subjects: what would change the words around them is refused, all writing is welcome."""

import pytest
from django import forms
from django.core.exceptions import ValidationError

from accounts.forms.fields import ONE_LINE
from accounts.forms.workspaces import NewWorkspaceForm, SettingsForm
from messaging.forms.webhooks import EndpointForm

HOSTILE = ("two\nlines", "header\r\nBcc: x", "\u202eevil", "\u2066isolated", "nul\x00", "next\x85line")
WELCOME = ("Ada & <b>Söhne</b>", "شركة الشحن", "👩‍🚀 Rockets", "東京", "=cmd|' /C calc'!A0", "O'Neil\u200f")


@pytest.mark.parametrize("name", HOSTILE)
def test_what_would_turn_or_break_the_words_around_a_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        ONE_LINE(name)


@pytest.mark.parametrize("name", WELCOME)
def test_every_writing_is_welcome_in_a_name(name: str) -> None:
    ONE_LINE(name)
    assert NewWorkspaceForm({"name": name}).is_valid()


@pytest.mark.parametrize(
    ("form", "field"), [(NewWorkspaceForm, "name"), (SettingsForm, "name"), (EndpointForm, "description")]
)
def test_forms_say_so_at_the_field(form: type[forms.Form], field: str) -> None:
    assert field in form({field: "\u202eevil"}).errors
