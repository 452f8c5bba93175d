"""Promises on pages: their sentences, states and ways of being shown, in the reader's language."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy import profiles
from privacy.promises import Promise, Status, sentence
from privacy.promises.wording import words

register = template.Library()

_STATES = {
    Status.PROVEN: ("ok", _("Proven"), _("A machine looked, and it holds.")),
    Status.ATTESTED: ("info", _("Attested"), _("A person vouches for it, with evidence that has not run out.")),
    Status.STALE: ("warn", _("Stale"), _("It was looked at too long ago.")),
    Status.GAP: ("", _("Gap"), _("Nothing can show it yet.")),
    Status.FAILING: ("bad", _("Failing"), _("A machine looked, and it does not hold.")),
}
_METHODS = {
    "test": _("tests"),
    "database": _("a look at the database"),
    "configuration": _("a look at the settings"),
    "probe": _("a request from outside"),
    "attestation": _("a person's word"),
    "none": "",
}


@register.filter
def sentence_of(promise: Promise, profile: str = "") -> str:
    """The sentence as it is published, or in the words of its own policy where all are shown."""
    own = promise.policy if promise.policy in profiles.PROFILES else ""
    return sentence(promise, profile=own if profile == "all" else profile)


@register.simple_tag
def promise_badge(status: Status) -> SafeString:
    """The state in a word and a colour."""
    tone, name, _meaning = _STATES[status]
    return format_html('<span class="{}">{}</span>', f"badge dot {tone}".strip(), name)


@register.filter
def promise_state(status: Status) -> str:
    """The word for a state."""
    return str(_STATES[status][1])


@register.filter
def promise_meaning(status: Status) -> str:
    """What a state means."""
    return str(_STATES[status][2])


@register.filter
def methods(found: tuple[str, ...]) -> str:
    """How a promise is shown, in words."""
    return ", ".join(str(_METHODS[method]) for method in found if _METHODS[method])


@register.filter
def setting(value: object) -> str:
    """A setting's value in words."""
    return words(value)
