"""The second factor again, for a step that wants it anew."""

import datetime as dt

from django.forms import Form
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import factors, grants, reauth
from accounts.forms.grants import words
from accounts.grants import GrantRefused
from accounts.models import User
from accounts.views import waiting
from smsplatform.lib import clock


def used(request: HttpRequest, form: Form) -> dt.datetime | None:
    """When it was used: a moment ago elsewhere, or by the code in the form, which says what is wrong."""
    at, code = clock.now(), form.cleaned_data.get("code", "")
    if not code:
        taken = reauth.take_factor(request)
        if taken is None or at - taken >= grants.FACTOR_FRESH:
            form.add_error("code", words(GrantRefused("code", "stale")))
            return None
        return taken
    assert isinstance(request.user, User)
    try:
        device = factors.verify(user=request.user, code=code, at=at)
    except factors.Slowly as error:
        form.add_error("code", waiting.too_many(error.wait))
        return None
    if device is None:
        form.add_error("code", _("This code is not right or was used before. Wait for the next one."))
        return None
    return at
