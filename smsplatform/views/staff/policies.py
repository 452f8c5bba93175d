"""Versions of the documents for staff: what a draft would change, its preview, and the announcement."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import staff_page
from accounts.models.user import StaffRole
from privacy import profiles
from privacy.documents import changes, clauses, in_force, telling, versions
from privacy.documents.texts import DOCUMENTS
from privacy.models import DocumentVersion
from smsplatform.lib import clock
from smsplatform.views.policies import sections

MONTHS_MAX = 13
State = DocumentVersion.State


class AnnounceForm(forms.Form):
    """The day from which a draft is to apply."""

    effective_on = forms.DateField(
        label=gettext_lazy("Applies from"), widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("From midnight UTC of that day."),
    )  # fmt: skip

    def clean_effective_on(self) -> dt.date:
        """Not so far away that everybody has forgotten it by then."""
        day: dt.date = self.cleaned_data["effective_on"]
        if day > clock.now().date() + dt.timedelta(days=31 * MONTHS_MAX):
            raise forms.ValidationError(_("Give a day in the next thirteen months."))
        return day


@staff_page()
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Each document: what applies, what is announced, what is drafted, and whether anything differs by now."""
    found: dict[str, dict[str, DocumentVersion]] = {key: {} for key in DOCUMENTS}
    rows = DocumentVersion.objects.exclude(state=State.ARCHIVED).defer("snapshot")
    for row in rows:
        found.setdefault(row.document, {})[row.state] = row
    documents = [
        {"key": key, "title": DOCUMENTS[key].title(_language()), **states, "unchanged": versions.unchanged(key)}
        for key, states in found.items()
    ]
    withheld = [
        (telling.setting(key.name), telling.value(chosen), telling.value(promised))
        for key, chosen, promised in in_force.withheld()
    ]
    context = {"documents": documents, "withheld": withheld, "profile": profiles.active(), "may": _may(request)}
    return render(request, "staff/policies.html", context)


@staff_page()
@require_safe
def show(request: HttpRequest, document: str) -> HttpResponse:
    """The draft of a document: its changes, its text, and what can be done with it."""
    return _page(request, _draft(document), None)


@staff_page(StaffRole.ADMIN)
@require_POST
def draft(request: HttpRequest, document: str) -> HttpResponse:
    """Draft what is configured and declared now."""
    try:
        versions.draft(document=document, by=request.user.pk, at=clock.now())
    except versions.NotPossible:
        messages.warning(request, _("Somebody else is drafting this document. Look again."))
        return redirect("staff_policies")
    return redirect("staff_policy", document=document)


@staff_page(StaffRole.ADMIN)
@require_POST
def raise_weight(request: HttpRequest, document: str) -> HttpResponse:
    """Call the draft a change of weight."""
    try:
        versions.raise_to_material(version=_draft(document), by=request.user.pk, at=clock.now())  # type: ignore[arg-type]  # a signed-in person
    except versions.NotPossible:
        raise Http404 from None
    return redirect("staff_policy", document=document)


@staff_page(StaffRole.ADMIN)
@require_POST
def announce(request: HttpRequest, document: str) -> HttpResponse:
    """Tell everybody."""
    version, form = _draft(document), AnnounceForm(request.POST)
    if not form.is_valid():
        return _page(request, version, form)
    at, day = clock.now(), form.cleaned_data["effective_on"]
    begin = max(
        dt.datetime.combine(day, dt.time(), dt.UTC), at if day == at.date() else dt.datetime.min.replace(tzinfo=dt.UTC)
    )
    try:
        versions.announce(version=version, effective_at=begin, by=request.user.pk, at=at)
    except versions.TooEarly as error:
        first = formats.date_format(_first_day(error.earliest))
        form.add_error(
            "effective_on", _("A change of this weight can apply from %(day)s at the earliest.") % {"day": first}
        )
        return _page(request, version, form)
    except versions.NotPossible:
        form.add_error(None, _("Another version of this document is announced. It has to take effect first."))
        return _page(request, version, form)
    messages.success(request, _("Announced. Everybody is being written to."))
    return redirect("staff_policies")


def _page(request: HttpRequest, version: DocumentVersion, form: AnnounceForm | None) -> HttpResponse:
    language = request.GET.get("language", _language())
    seen = versions.shown(version, language if language in clauses.LANGUAGES else clauses.LANGUAGES[0])
    earliest = _first_day(changes.earliest(material=version.material and version.number > 1, at=clock.now()))
    context: dict[str, Any] = {
        "version": version,
        "document": version.document,
        "title": seen.content["title"],
        "changes": telling.listed(version.changes),
        "sections": list(sections(seen.content)),
        "language": seen.language,
        "languages": clauses.LANGUAGES,
        "earliest": earliest,
        "form": form or AnnounceForm(initial={"effective_on": earliest}),
        "may": _may(request),
    }
    return render(request, "staff/policy.html", context, status=422 if form else 200)


def _first_day(moment: dt.datetime) -> dt.date:
    """The first day that begins at or after a moment; today, if it is now."""
    day = moment.astimezone(dt.UTC)
    return day.date() if day - clock.now() < dt.timedelta(hours=1) else (day + dt.timedelta(days=1)).date()


def _draft(document: str) -> DocumentVersion:
    found = versions.of_state(document, State.DRAFT)
    if found is None:
        raise Http404
    return found


def _may(request: HttpRequest) -> bool:
    return getattr(request.user, "staff_role", "") == StaffRole.ADMIN


def _language() -> str:
    return get_language() or "en"
