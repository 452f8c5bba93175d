"""What a workspace is told of demands of authorities, its objection, and for everybody how such demands are treated."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import page, public
from accounts.roles import Scope
from privacy import profiles, registry
from privacy.disclosures import counting, telling
from privacy.models import DisclosureNotice
from smsplatform.lib import clock, ids, lookups


class ObjectionForm(forms.Form):
    """What speaks against it; staff read and answer it."""

    words = forms.CharField(
        label=gettext_lazy("What speaks against it?"), max_length=telling.OBJECTION_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Say what speaks against it, so that we can examine it.")},
    )  # fmt: skip


@page(permission=Scope.PRIVACY_READ)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every demand that the workspace may know of."""
    return _page(request, None, ObjectionForm())


@page(permission=Scope.PRIVACY_WRITE)
@require_POST
def object_to(request: HttpRequest, disclosure_notice_id: str) -> HttpResponse:
    """Object to one."""
    form, notice = ObjectionForm(request.POST), _found(request, disclosure_notice_id)
    if not form.is_valid():
        return _page(request, notice.pk, form, status=422)
    assert request.user.pk is not None  # the page is for people who signed in
    try:
        telling.object_to(
            workspace=notice.workspace_id, notice=notice.pk, words=form.cleaned_data["words"], by=request.user.pk,
            at=clock.now(),
        )  # fmt: skip
    except telling.NotObjectable:
        notices.error(request, _("It was objected to already, or nothing can be stopped any more."), extra_tags="bad")
    else:
        notices.success(request, _("Kept. Nothing is handed over until we have answered you."))
    return redirect("disclosures")


@public
@require_safe
def authorities(request: HttpRequest) -> HttpResponse:
    """How authorities ask, what they get, and how often that happened."""
    context = {
        "years": counting.by_year(at=clock.now()),
        "wait": profiles.duration("disclosure.wait"),
        "address": settings.PRIVACY_EMAIL,
        "first": profiles.value("disclosure.notify_first"),
    }
    return render(request, "public/authorities.html", context)


def _page(request: HttpRequest, bad: UUID | None, form: ObjectionForm, *, status: int = 200) -> HttpResponse:
    labels, at = registry.categories(), clock.now()
    rows: list[dict[str, Any]] = [
        {
            "notice": row,
            "records": [_(registry.policy_of(record).name) for record in row.records],
            "kinds": [_(labels[kind].label) for kind in row.kinds],
            "waits": row.release_at is not None and at < row.release_at,
            "form": form if row.pk == bad else ObjectionForm(auto_id=f"id_{row}_%s"),
        }
        for row in telling.of_workspace(_here(request))
    ]
    return render(request, "public/disclosures.html", {"rows": rows}, status=status)


def _found(request: HttpRequest, disclosure_notice_id: str) -> DisclosureNotice:
    rows = DisclosureNotice.objects.filter(workspace_id=_here(request))
    return lookups.find(rows, ids.DISCLOSURE_NOTICE, disclosure_notice_id)


def _here(request: HttpRequest) -> UUID:
    workspace: UUID = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    return workspace
