"""The links by which the old and the new address confirm a change."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import email_change, links
from accounts.access import public
from accounts.views.sessions import ended
from smsplatform.lib import clock


@public
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Works signed out too: mail may be read on another device. Following it only shows a button."""
    try:
        change, side = links.of_email_change(token)
    except links.BadLink:
        return render(request, "accounts/link_over.html", {"again": ""}, status=410)
    if request.method == "GET":
        return render(request, "accounts/email_confirm.html", {"side": side, "new": change.email})
    try:
        done = email_change.confirm(change=change, side=side, at=clock.now())
    except email_change.AddressTaken:
        return render(request, "accounts/link_over.html", {"again": "", "taken": True}, status=409)
    if not done:
        return render(request, "accounts/email_half.html", {"side": side})
    ended(request, user=change.user_id)
    messages.success(request, _("Your address is changed. Sign in with the new one."))
    return redirect("sign_in")
