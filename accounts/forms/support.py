"""Forms of questions to support and their answers, and the words of what is refused."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models.support import Topic
from accounts.support import LETTERS_MAX, SUBJECT_MAX, TEXT_MAX, THREADS_MAX, Question, SupportRefused

REFUSALS: dict[str, str | Promise] = {
    "threads": _("%(count)d questions a day are the limit of a workspace. Write in one of the open ones, or tomorrow."),
    "letters": _("%(count)d letters a day are the limit of a workspace. Go on tomorrow."),
    "over": _("This was resolved more than 30 days ago. Ask a new question and name this number in it."),
    "resolved": _("This was resolved meanwhile."),
}
_COUNTS = {"threads": THREADS_MAX, "letters": LETTERS_MAX}


def words(refused: SupportRefused) -> str:
    """A refusal in words."""
    text = REFUSALS[refused.code]
    return str(text) % {"count": _COUNTS[refused.code]} if refused.code in _COUNTS else str(text)


class LetterForm(forms.Form):
    """One letter."""

    text = forms.CharField(
        label=_("What happened?"),
        max_length=TEXT_MAX,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Write what happened, and what you expected instead.")},
    )

    def __init__(self, *args: Any, label: str | Promise = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if label:
            self.fields["text"].label = str(label)


class QuestionForm(LetterForm):
    """A new question. Whether the message exists is for the page to say."""

    topic = forms.ChoiceField(
        label=_("What is it about?"),
        choices=[("", _("Choose")), *Topic.choices],
        error_messages={"required": _("Choose a topic: it decides who reads it first.")},
    )
    subject = forms.CharField(
        label=_("In one line"),
        max_length=SUBJECT_MAX,
        error_messages={"required": _("Say in one line what it is about.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    about = forms.CharField(
        label=_("Which message?"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "msg_…"}),
    )
    field_order = ("topic", "subject", "text", "about")

    def question(self) -> Question:
        """What was asked, of a valid form."""
        return Question(**{name: self.cleaned_data[name] for name in ("topic", "subject", "text", "about")})
