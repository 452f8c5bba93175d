"""The second factor again, for a step that wants it anew."""

import datetime as dt

from django.contrib import messages as notices
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import factors, grants, reauth
from accounts.forms.grants import FactorForm, words
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


def just_now(request: HttpRequest, *, back: str) -> dt.datetime | HttpResponse:
    """When it was used, for a step that is one button: with the code sent along, or a moment ago.

    Otherwise the answer: the page that asks for it, or what is wrong with the code; both lead ``back``, and nothing is
    decided.
    """
    form = FactorForm(request.POST)
    if not form.is_valid() or not (form.cleaned_data["code"] or noted(request)):
        return reauth.ask(request, back=back, factor=True)
    used_at = used(request, form)
    if used_at is None:
        notices.error(request, str(form.errors["code"][0]), extra_tags="bad")
        return redirect(back)
    return used_at


def noted(request: HttpRequest) -> bool:
    """Whether the next step of this kind needs no code: a factor was used a moment ago."""
    return reauth.factor_noted(request, at=clock.now(), within=grants.FACTOR_FRESH)
