"""The register of disclosures: what authorities demanded, and the steps to an answer or a refusal.

The register needs no grant: it holds what authorities wrote and what we decided, and nothing out of a workspace. The
package does. It is made and taken on pages about the workspace, under a grant for legal process that a second person
agreed to, besides the second person who approved the disclosure.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from markdown_it import MarkdownIt

from accounts import directory, oversight
from accounts.access import staff_page
from accounts.models.grant import Depth
from accounts.models.user import StaffRole
from privacy import archives, registry
from privacy.archives import State as PackageState
from privacy.disclosures import bars, register, scope, telling
from privacy.models import Disclosure, DisclosureBar, DisclosureNotice
from smsplatform.lib import clock, ids, lookups
from smsplatform.views.staff import factor
from smsplatform.views.staff.disclosure_forms import (
    AssessForm,
    DemandForm,
    EarlierForm,
    LongerForm,
    WordsForm,
    end_of,
    now_initial,
    refuse,
    words,
)

DESK = (StaffRole.ADMIN, StaffRole.SUPPORT)
RUNBOOK = settings.ROOT / "docs" / "runbooks" / "disclosure.md"
SHOWN = 100
State = Disclosure.State


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Something that happened to a case."""

    at: dt.datetime
    what: str
    by: str = ""


@staff_page(*DESK)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Open ones first, then those that ended."""
    rows = Disclosure.objects.using(register.DATABASE).order_by("-id")
    running, ended = list(rows.filter(closed_at=None)[:SHOWN]), list(rows.exclude(closed_at=None)[:SHOWN])
    names = directory.names({row.workspace_id for row in running + ended})
    context = {
        "running": [(row, names.get(row.workspace_id, "")) for row in running],
        "ended": [(row, names.get(row.workspace_id, "")) for row in ended],
    }
    return render(request, "staff/disclosures.html", context)


@staff_page(*DESK)
@sensitive_post_parameters("number", "authority", "reference")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Take a demand in."""
    form = DemandForm(request.POST if request.method == "POST" else None, initial=now_initial())
    if form.is_valid():
        try:
            case = register.open_case(form.demand(), by=_me(request), at=clock.now())
        except ValueError as error:
            refuse(form, error)
        else:
            return redirect("staff_disclosure", str(case))
    return render(request, "staff/disclosure_new.html", {"form": form}, status=422 if form.is_bound else 200)


@staff_page(*DESK)
@require_safe
def show(request: HttpRequest, disclosure_id: str) -> HttpResponse:
    """One case: what is demanded, how far it is, and the next step."""
    return _page(request, _found(disclosure_id))


@staff_page(*DESK)
@require_safe
def runbook(request: HttpRequest) -> HttpResponse:
    """What to do, in order."""
    content = SafeString(MarkdownIt("commonmark").enable("table").render(RUNBOOK.read_text()))
    return render(request, "staff/disclosure_runbook.html", {"content": content})


@staff_page(*DESK)
@require_POST
def assess(request: HttpRequest, disclosure_id: str) -> HttpResponse:
    """Say whether it has to be answered."""
    case, form = _found(disclosure_id), AssessForm(request.POST)
    valid = request.POST.get("verdict") == "valid"
    return _done(
        request, case, form,
        lambda by, at: register.assess(case, form.assessment(), valid=valid, by=by, at=at),
    )  # fmt: skip


@staff_page(*DESK)
@require_POST
def tell(request: HttpRequest, disclosure_id: str) -> HttpResponse:
    """Have the holder told, or go on in silence where a law demands it."""
    case = _found(disclosure_id)

    def act(by: UUID, at: dt.datetime) -> None:
        register.order_notice(case, by=by, at=at)
        telling.publish_now.soon()

    return _done(request, case, forms.Form(request.POST), act)


@staff_page(*DESK)
@require_POST
def approve(request: HttpRequest, disclosure_id: str) -> HttpResponse:
    """Agree as the second person, with one's own second factor."""
    case = _found(disclosure_id)
    if isinstance(asked := factor.just_now(request, back=_address(case)), HttpResponse):
        return asked
    return _done(request, case, forms.Form(request.POST), lambda by, at: register.approve(case, by=by, at=at))


@staff_page(*DESK)
@sensitive_post_parameters("bar_document")
@require_POST
def lengthen(request: HttpRequest, disclosure_id: str) -> HttpResponse:
    """Ask a second person for a longer silence."""
    case, form = _found(disclosure_id), LongerForm(request.POST)
    return _done(request, case, form, lambda by, at: bars.ask(
        case, law=form.cleaned_data["bar_law"], document=form.cleaned_data["bar_document"],
        until=end_of(form.cleaned_data["bar_until"]), by=by, at=at,
    ))  # fmt: skip


@staff_page(*DESK)
@require_POST
def decide_bar(request: HttpRequest, disclosure_id: str) -> HttpResponse:
    """Agree to a longer silence with one's own second factor, or decline it."""
    case, agreed = _found(disclosure_id), request.POST.get("decision") == "agree"
    wish = bars.waiting(case)
    if wish is None or request.POST.get("wish") != str(wish.pk):
        notices.error(request, words(register.NotNow()), extra_tags="bad")
        return redirect("staff_disclosure", str(case))
    if agreed and isinstance(asked := factor.just_now(request, back=_address(case)), HttpResponse):
        return asked
    decide = bars.agree if agreed else bars.decline
    return _done(request, case, forms.Form(request.POST), lambda by, at: decide(wish, by=by, at=at))


@staff_page(*DESK)
@require_POST
def shorten(request: HttpRequest, disclosure_id: str) -> HttpResponse:
    """End a silence earlier; the holder is told when it is over."""
    case, form = _found(disclosure_id), EarlierForm(request.POST)

    def act(by: UUID, at: dt.datetime) -> None:
        bars.shorten(case, until=form.until(at), by=by, at=at)
        telling.publish_now.soon()

    return _done(request, case, form, act)


@staff_page(*DESK)
@require_POST
def answer(request: HttpRequest, disclosure_id: str) -> HttpResponse:
    """Answer the holder's objection."""
    return _with_words(request, disclosure_id, lambda case, said, by, at: register.answer_objection(
        case, answer=said, by=by, at=at
    ))  # fmt: skip


@staff_page(*DESK)
@require_POST
def hand_over(request: HttpRequest, disclosure_id: str) -> HttpResponse:
    """Say to whom and how it was handed over; the package ends."""
    return _with_words(request, disclosure_id, lambda case, said, by, at: register.hand_over(
        case, outcome=said, by=by, at=at
    ))  # fmt: skip


@staff_page(*DESK)
@require_POST
def withdraw(request: HttpRequest, disclosure_id: str) -> HttpResponse:
    """End it without disclosing."""
    return _with_words(request, disclosure_id, lambda case, said, by, at: register.withdraw(
        case, reason=said, by=by, at=at
    ))  # fmt: skip


def _with_words(
    request: HttpRequest, disclosure_id: str, act: Callable[[Disclosure, str, UUID, dt.datetime], None]
) -> HttpResponse:
    case, form = _found(disclosure_id), WordsForm(request.POST)
    return _done(request, case, form, lambda by, at: act(case, form.cleaned_data["reasons"], by, at))


def _done(
    request: HttpRequest, case: Disclosure, form: forms.Form, act: Callable[[UUID, dt.datetime], object]
) -> HttpResponse:
    """Do one step, or say at its form why not."""
    if form.is_valid():
        try:
            act(_me(request), clock.now())
        except ValueError as error:
            refuse(form, error)
        else:
            return redirect("staff_disclosure", str(case))
    for refused in form.non_field_errors():
        notices.error(request, str(refused), extra_tags="bad")
    return _page(request, case, form, status=422)


def _page(request: HttpRequest, case: Disclosure, form: forms.Form | None = None, *, status: int = 200) -> HttpResponse:
    at = clock.now()
    labels = registry.categories()
    context = {
        "case": case,
        "place": directory.get(case.workspace_id),
        "workspace": ids.encode(ids.WORKSPACE, case.workspace_id),
        "records": [_(registry.policy_of(record).name) for record in case.records],
        "kinds": [_(labels[kind].label) for kind in case.kinds],
        "barred": case.barred(at),
        "silent": case.barred(at) and case.state not in (State.REFUSED, State.WITHDRAWN),
        "waits": case.release_at is None or at < case.release_at,
        "level": Depth(scope.level(case.kinds)).label,
        "notice": register.notice_of(case),
        "package": _package(case, at),
        "history": _history(case, register.notice_of(case)),
        "assess_form": form if isinstance(form, AssessForm) else AssessForm(),
        "words_form": form if isinstance(form, WordsForm) else WordsForm(),
        "longer_form": form if isinstance(form, LongerForm) else LongerForm(),
        "earlier_form": form if isinstance(form, EarlierForm) else EarlierForm(),
        "wish": (wish := bars.waiting(case)),
        "wished_by_me": wish is not None and wish.asked_by == _me(request),
        "said": request.resolver_match.url_name if form is not None and request.resolver_match else "",
        "mine": _me(request) in (case.opened_by, case.assessed_by),
        "confirmed": factor.noted(request),
    }
    return render(request, "staff/disclosure.html", context, status=status)


def _package(case: Disclosure, at: dt.datetime) -> PackageState | None:
    try:
        return archives.state(case.package_id, at=at) if case.package_id else None
    except archives.Gone:
        return None


def _history(case: Disclosure, notice: DisclosureNotice | None) -> list[Line]:
    told = [
        *(line for bar in bars.of_case(case) for line in _bar_lines(bar)),
        (case.opened_at, _("Taken in"), case.opened_by),
        (case.assessed_at, _("Assessed"), case.assessed_by),
        (case.notice_ordered_at, _("Goes on in silence") if _silent(case) else _("Notice ordered"), None),
        (case.noticed_at, _("Holder told"), None),
        (notice.objected_at if notice else None, _("Holder objected"), None),
        (notice.answered_at if notice else None, _("Objection answered"), None),
        (case.approved_at, _("Approved by a second person"), case.approved_by),
        (case.produced_at, _("Package ordered"), None),
        (case.closed_at, str(case.get_state_display()), case.closed_by),
    ]
    names = oversight.staff_names({by for _at, _what, by in told if by})
    lines = [Line(at=at, what=str(what), by=oversight.name_of(by, names)) for at, what, by in told if at is not None]
    return sorted(lines, key=lambda line: line.at)


def _bar_lines(bar: DisclosureBar) -> list[tuple[dt.datetime | None, str, UUID | None]]:
    if bar.until < bar.was_until:
        return [(bar.asked_at, _("Silence ended earlier"), bar.asked_by)]
    decided = _("Longer silence agreed") if bar.agreed else _("Longer silence declined")
    return [(bar.asked_at, _("Longer silence asked for"), bar.asked_by), (bar.decided_at, decided, bar.decided_by)]


def _silent(case: Disclosure) -> bool:
    return case.notice_ordered_at is not None and case.barred(case.notice_ordered_at)


def _address(case: Disclosure) -> str:
    return reverse("staff_disclosure", args=[str(case)])


def _found(disclosure_id: str) -> Disclosure:
    return lookups.find(Disclosure.objects.using(register.DATABASE), ids.DISCLOSURE, disclosure_id)


def _me(request: HttpRequest) -> UUID:
    assert request.user.pk is not None  # the page is for staff
    return request.user.pk
