"""What people set for themselves: profile, and the security of their account."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import backoff, devices, email_change, evidence, tokens
from accounts import password as passwords
from accounts.access import page
from accounts.forms.account import EmailForm, PasswordForm, ProfileForm
from accounts.models import EmailChange, Session, User
from accounts.session_store import DEVICE
from accounts.views import waiting
from smsplatform.lib import clock

SESSIONS_SHOWN = 50


@page()
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, language, time zone, colours."""
    user = _user(request)
    before = {name: getattr(user, name) or "" for name in ("name", "company", "phone", "locale")}
    form = ProfileForm(request.POST or None, initial={**before, "time_zone": user.time_zone})
    if request.method == "POST" and form.is_valid():
        _save_profile(user, form)
        with translation.override(user.locale or None):
            messages.success(request, _("Saved."))
        return redirect("account")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


@page()
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    """Password, address, second factors, sessions."""
    return _security(request)


@page()
@sensitive_post_parameters("current", "password")
@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    """Another password; every other session ends."""
    user, form = _user(request), PasswordForm(request.POST)
    if not (form.is_valid() and _proved(user, form)):
        return _security(request, password_form=form)
    passwords.change(
        user=user,
        password=form.cleaned_data["password"],
        keep=_row(request),
        device=request.session.get(DEVICE, ""),
        by_mail=False,
        at=clock.now(),
    )
    update_session_auth_hash(request, user)
    messages.success(request, _("Your password is changed, and your other sessions have ended."))
    return redirect("security")


@page()
@sensitive_post_parameters("current")
@require_POST
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for another address. The answer does not tell whether that one has an account."""
    user, form = _user(request), EmailForm(request.POST)
    if form.is_valid() and User.email_index(form.cleaned_data["email"]) == bytes(user.email_idx):
        form.add_error("email", _("This is your address already."))
    if not (form.is_valid() and _proved(user, form)):
        return _security(request, email_form=form)
    if wait := waiting.admit_mail(request, form.cleaned_data["email"]):
        form.add_error(None, waiting.too_many(wait))
        return _security(request, email_form=form)
    email_change.ask(user=user, email=form.cleaned_data["email"], at=clock.now())
    messages.success(request, _("We wrote to both addresses. The change counts when both have confirmed."))
    return redirect("security")


@page()
@require_POST
def cancel_email(request: HttpRequest) -> HttpResponse:
    """Keep the address."""
    email_change.cancel(user=_user(request))
    messages.success(request, _("Your address stays as it is."))
    return redirect("security")


@page()
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one of one's sessions, or all others."""
    user, chosen = _user(request), request.POST.get("session", "")
    if chosen:
        ended = Session.objects.filter(user=user, session_key=chosen).exclude(session_key=_row(request)).delete()[0]
    else:
        ended = passwords.end_sessions(user=user, keep=_row(request), at=clock.now())
    if ended:
        evidence.record(user=user.id, action="user:session:revoked", at=clock.now(), details={"count": str(ended)})
    messages.success(request, _("Ended."))
    return redirect("security")


@page(outside=True)
@require_POST
def end_app(request: HttpRequest) -> HttpResponse:
    """Sign an app out."""
    try:
        family = UUID(request.POST.get("app", ""))
    except ValueError:
        raise Http404 from None
    if not tokens.end(user_id=_user(request).id, family=family, at=clock.now()):
        raise Http404
    messages.success(request, _("The app is signed out."))
    return redirect("security")


def _security(
    request: HttpRequest, *, password_form: PasswordForm | None = None, email_form: EmailForm | None = None
) -> HttpResponse:
    user = _user(request)
    context = {
        "password_form": password_form or PasswordForm(),
        "email_form": email_form or EmailForm(auto_id="id_email_%s"),
        "change": EmailChange.objects.filter(user=user).first(),
        "sessions": _sessions(request, user),
        "apps": tokens.signed_in(user_id=user.id, at=clock.now()),
    }
    return render(request, "accounts/security.html", context, status=422 if password_form or email_form else 200)


def _sessions(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    rows = Session.objects.filter(user=user, expire_date__gt=clock.now()).order_by("-seen_at")[:SESSIONS_SHOWN]
    mine = _row(request)
    return [
        {"key": row.session_key, "device": devices.label(row.device), "row": row, "mine": row.session_key == mine}
        for row in rows
    ]


def _proved(user: User, form: PasswordForm | EmailForm) -> bool:
    """Whether the current password is right; slowed down, since a session may be in the wrong hands."""
    subject = backoff.Subject(kind="proof", name=str(user.id), free=5)
    if wait := backoff.admit([subject]):
        form.add_error("current", waiting.too_many(wait))
        return False
    if not user.check_password(form.cleaned_data["current"]):
        form.add_error("current", _("This is not your current password."))
        return False
    backoff.forget(subject)
    return True


def _save_profile(user: User, form: ProfileForm) -> None:
    user.name = form.cleaned_data["name"].strip() or None
    user.locale, user.time_zone = form.cleaned_data["locale"], form.cleaned_data["time_zone"]
    for name in form.extra:
        setattr(user, name, form.cleaned_data[name].strip() or None)
    user.save(update_fields=["name", "locale", "time_zone", *form.extra])
    evidence.record(user=user.id, action="user:profile:changed", at=clock.now())


def _row(request: HttpRequest) -> str:
    row: str = request.session.row  # type: ignore[attr-defined]  # of accounts.session_store
    return row


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
