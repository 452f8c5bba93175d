"""The operator's desk: which requests are open, until when, and what is to be done. Identities are masked here."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.access import staff_page
from accounts.models.user import StaffRole
from privacy.models import DataRequest
from privacy.models.data_request import State
from privacy.requests import correcting, deadlines, desk, fulfilling, letters, states, tickets
from smsplatform.lib import clock, ids, lookups, phone
from smsplatform.views.requests.forms import correction

SHOWN = 100
REASONS = (
    ("gdpr_12_5", gettext_lazy("Plainly unfounded, or asked again and again (GDPR Art. 12(5))")),
    ("gdpr_17_3", gettext_lazy("The law makes us keep it (GDPR Art. 17(3))")),
    ("gdpr_21_1", gettext_lazy("Our compelling grounds outweigh the person's (GDPR Art. 21(1))")),
    ("gdpr_15_4", gettext_lazy("It would harm the rights of others (GDPR Art. 15(4))")),
    ("no_law", gettext_lazy("There is nothing that the right applies to")),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A request as the desk sees it."""

    row: DataRequest
    overdue: bool
    who: str


class AnswerForm(forms.Form):
    """What the desk does: answer, put off, or refuse, each with words for the person."""

    act = forms.ChoiceField(choices=(("answer", ""), ("extend", ""), ("refuse", "")))
    code = forms.ChoiceField(label=gettext_lazy("Law"), choices=REASONS, required=False)
    words = forms.CharField(
        label=gettext_lazy("What the person reads"),
        max_length=desk.WORDS_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("The person is owed a reason or an answer.")},
    )


@staff_page()
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """What is open, the most urgent first."""
    at = clock.now()
    rows = [_line(row, at) for row in desk.open_requests()[:SHOWN]]
    context = {"rows": rows, "overdue": sum(line.overdue for line in rows)}
    return render(request, "staff/requests.html", context)


@staff_page()
@require_GET
def one(request: HttpRequest, staff_request_id: str) -> HttpResponse:
    """A request, its history, and what can be done about it."""
    return _page(request, _found(staff_request_id), AnswerForm())


@staff_page(StaffRole.ADMIN, StaffRole.SUPPORT)
@require_POST
def act(request: HttpRequest, staff_request_id: str) -> HttpResponse:
    """Answer, put off or refuse; the person is told that there is news."""
    row, form = _found(staff_request_id), AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        _act(row, form.cleaned_data, request.user.pk)
    except desk.TooLate:
        form.add_error(None, _("It can be put off only before its date, once, and where the law gives more time."))
        return _page(request, row, form, status=422)
    except correcting.NotThere:
        form.add_error(None, _("The account is not there any more: there is nothing to correct."))
        return _page(request, row, form, status=422)
    except desk.NotAllowed:
        form.add_error(None, _("The request is in a state in which this cannot be done."))
        return _page(request, row, form, status=422)
    letters.post(letters.news, request=str(row.pk))
    notices.success(request, _("Done. The person is told that there is news."))
    return redirect("staff_request", staff_request_id)


def _act(row: DataRequest, fields: dict[str, Any], actor: UUID | None) -> None:
    assert actor is not None
    at, words = clock.now(), fields["words"]
    if fields["act"] == "extend":
        tickets.put_off(row, reason=words, actor=actor, at=at)
    elif fields["act"] == "refuse":
        fulfilling.decline(row, code=fields["code"] or REASONS[0][0], reason=words, actor=actor, at=at)
    else:
        fulfilling.grant(row, answer=words, actor=actor, at=at)


def _page(request: HttpRequest, row: DataRequest, form: AnswerForm, *, status: int = 200) -> HttpResponse:
    at = clock.now()
    later = deadlines.longest(law_code=row.law, due_at=row.due_at)
    context: dict[str, Any] = {
        "line": _line(row, at),
        "row": row,
        "form": form,
        "correction": correction(row),
        "steps": list(row.steps.order_by("id")),
        "decisions": tickets.decisions(row),
        "answers": states.may(row.state, State.DELIVERED) and row.state == State.VERIFIED,
        "refuses": states.may(row.state, State.REFUSED),
        "extends": row.closed_at is None and row.extended_at is None and at < row.due_at < later,
        "later": later,
    }
    return render(request, "staff/request.html", context, status=status)


def _line(row: DataRequest, at: Any) -> Line:
    return Line(row=row, overdue=row.closed_at is None and row.due_at <= at, who=masked(row.identity or ""))


def masked(identity: str) -> str:
    """Enough to recognise, not to use: staff see whose request it is under a grant only."""
    if identity.startswith("+"):
        return phone.mask(identity)
    if identity.startswith("0x"):
        return f"{identity[:6]}•••"
    name, at, host = identity.partition("@")
    return f"{name[:1]}•••@{host}" if at else ""


def _found(staff_request_id: str) -> DataRequest:
    return lookups.find(DataRequest.objects.all(), ids.DATA_REQUEST, staff_request_id)
