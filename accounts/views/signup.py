"""Signing up: the form, the mail, the confirmation. What is answered never tells who has an account."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts import letters, links, reading
from accounts import signup as signing_up
from accounts.access import ONWARD, onward, public
from accounts.forms.signup import SignUpForm
from accounts.views import waiting
from privacy.documents import notices
from smsplatform.lib import clock

TO_OTHERS = ("/invitations/", "/join/")  # who comes to join a workspace needs none of their own


@public
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """The form."""
    if request.user.is_authenticated:
        return redirect("/")
    wanted = onward(request)
    form = SignUpForm(request.POST or None, with_workspace=not wanted.startswith(TO_OTHERS))
    if request.method == "POST" and form.is_valid():
        if wait := waiting.admit_mail(request, form.cleaned_data["email"]):
            form.add_error(None, waiting.too_many(wait))
        else:
            signing_up.ask(wish=_wish(form), at=clock.now())
            if wanted != "/":
                request.session[ONWARD] = wanted
            return redirect("sign_up_sent")
    context = {
        "form": form,
        "policy": notices.number_in_effect(reading.POLICY),
        "next": "" if wanted == "/" else wanted,
    }
    return render(request, "accounts/sign_up.html", context, status=422 if form.errors else 200)


@public
@require_GET
def sent(request: HttpRequest) -> HttpResponse:
    """Look at your mail."""
    return render(request, "accounts/sign_up_sent.html")


@public
@never_cache
@require_http_methods(["GET", "POST"])
def resend(request: HttpRequest) -> HttpResponse:
    """The confirmation once more."""
    return waiting.asked_for_mail(
        request, letters.confirm, template="accounts/sign_up_resend.html", sent="sign_up_sent"
    )


@public
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail. Following it only shows a button: programs that read mail follow links too."""
    try:
        user = links.of_confirmation(token)
    except links.BadLink:
        return render(request, "accounts/link_over.html", {"again": "sign_up_resend"}, status=410)
    if request.method == "GET":
        return render(request, "accounts/sign_up_confirm.html", {"email": user.email})
    signing_up.confirm(user=user, at=clock.now())
    messages.success(request, _("Your address is confirmed. Sign in to begin."))
    return redirect("sign_in")


def _wish(form: SignUpForm) -> signing_up.Wish:
    given = {name: form.cleaned_data[name].strip() for name in ("email", *form.extra)}
    given["workspace"] = form.cleaned_data.get("workspace", "").strip()
    return signing_up.Wish(password=form.cleaned_data["password"], locale=get_language() or "", **given)
