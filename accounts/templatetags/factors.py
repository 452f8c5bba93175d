"""What the pages show of second factors."""

from typing import Any

from django import template

from accounts import factors
from accounts.models import PasskeyName
from accounts.views.factors import PASSKEY
from smsplatform.lib import ids

register = template.Library()


@register.simple_tag
def held_by(user: Any) -> factors.Held:
    """The factors of ``user``."""
    return factors.held(user)


@register.filter
def passkey_id(named: PasskeyName) -> str:
    """The public id of a passkey."""
    return ids.encode(PASSKEY, named.pk)
