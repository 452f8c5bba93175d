"""What stands out, and who signed it off."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import flags, grants, oversight
from accounts.access import staff_page
from accounts.flags import Flag
from accounts.forms.oversight import SignOffForm
from accounts.models import StaffGrant, User
from accounts.models.user import StaffRole
from privacy.models import AuditReview
from smsplatform.lib import clock

OVERSEERS = (StaffRole.ADMIN, StaffRole.AUDITOR)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """A review and its reviewer's name."""

    review: AuditReview
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A flag with its people and its form."""

    flag: Flag
    actor: str
    signed: list[Signed]
    form: SignOffForm


@staff_page(*OVERSEERS)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What nobody signed off, and below what somebody did."""
    return _render(request, None)


@staff_page(*OVERSEERS)
@require_POST
def sign(request: HttpRequest) -> HttpResponse:
    """Sign a flag off. A break-glass is reviewed by that too."""
    form, at = SignOffForm(request.POST), clock.now()
    flag = next((each for each in flags.found(at=at) if each.key == request.POST.get("flag")), None)
    if flag is None:
        raise Http404
    if not form.is_valid():
        return _render(request, form, status=422)
    assert isinstance(request.user, User)
    try:
        if flag.kind == "break_glass":
            grant = StaffGrant.objects.using(oversight.AUDIT).get(pk=flag.subject)
            grants.review(grant=grant, by=request.user, at=at)
        flags.sign_off(flag=flag, verdict=form.cleaned_data["verdict"], note=form.cleaned_data["note"],
                       by=request.user, at=at)  # fmt: skip
    except (flags.ReviewRefused, grants.GrantRefused) as refused:
        form.add_error(None, _refusal(refused))
        return _render(request, form, status=422)
    messages.info(request, _("Signed off."))
    return redirect("staff_reviews")


def _refusal(refused: Any) -> str:
    return {
        "self": _("This is about you: somebody else has to sign it off."),
        "again": _("You have signed this off already."),
    }.get(refused.code, _("Your role cannot sign this off."))


def _render(request: HttpRequest, bound: SignOffForm | None, *, status: int = 200) -> HttpResponse:
    found = flags.found(at=clock.now())
    reviews = flags.reviews([flag.key for flag in found])
    people = {flag.actor for flag in found} | {review.by_id for each in reviews.values() for review in each}
    names = oversight.staff_names(people)
    rows = [_row(number, flag, reviews.get(flag.key, []), names, bound) for number, flag in enumerate(found)]
    context = {
        "open": [row for row in rows if not row.signed],
        "signed": [row for row in rows if row.signed],
    }
    return render(request, "staff/reviews.html", context, status=status)


def _row(number: int, flag: Flag, reviews: list[AuditReview], names: Any, bound: SignOffForm | None) -> Row:
    mine = bound is not None and bound.data.get("flag") == flag.key
    form = bound if mine and bound else SignOffForm(initial={"flag": flag.key}, auto_id=f"id_{number}_%s")
    return Row(
        flag=flag,
        actor=oversight.name_of(flag.actor, names),
        signed=[Signed(review=review, by=oversight.name_of(review.by_id, names)) for review in reviews],
        form=form,
    )
