"""Support from the other side: a queue without a word of any customer, and the threads themselves under a grant.

What a thread says was written to staff on purpose, so the level of identifiers is enough; content, which wants a second
person, is what the workspace wrote to others. That level holds in the view, in the key ring (``contacts`` keys) and in
the database's policies.
"""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages as notices
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts import oversight, support
from accounts.access import staff_page
from accounts.forms.support import LetterForm, words
from accounts.looks import granted, shown
from accounts.models import StaffGrant, SupportThread, User
from accounts.support import State, SupportRefused
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope, staff
from smsplatform.lib.tenancy.staff import Level
from smsplatform.staff_navigation import WORKERS

ROWS = 50
KINDS = ("opaque",)
ANSWER = gettext_lazy("Answer")


@staff_page(*WORKERS)
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Who waits for an answer, and since when; no more is known here than that."""
    at, state = clock.now(), request.GET.get("state", State.OPEN)
    if state not in State.values:
        raise Http404
    rows = support.queue(state=state, at=at)
    names = oversight.staff_names({row.assigned_to for row in rows if row.assigned_to})
    opened = _opened(_me(request).pk)
    context = {
        "rows": [(row, names.get(row.assigned_to, "") if row.assigned_to else "", row.workspace in opened)
                 for row in rows],
        "states": State.choices, "state": state, "now": at, "max": support.QUEUE_MAX,
    }  # fmt: skip
    return render(request, "staff/support.html", context)


@staff_page(*WORKERS)
@granted(Level.IDENTIFIERS)
@require_GET
def index(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """The threads of one workspace, newest first."""
    rows = SupportThread.objects.readable(at=clock.now()).filter(workspace_id=workspace).order_by("-id")[:ROWS]
    threads = list(rows)
    context = {"page": "support", "threads": threads}
    return shown(request, "staff/workspace_support.html", context, kinds=KINDS, count=len(threads))


@staff_page(*WORKERS)
@granted(Level.IDENTIFIERS)
@require_GET
def thread(request: HttpRequest, workspace: UUID, support_number: str) -> HttpResponse:
    """One thread with all of its letters."""
    return _thread_page(request, _found(workspace, support_number), LetterForm(label=ANSWER))


@staff_page(*WORKERS)
@granted(Level.IDENTIFIERS)
@require_POST
def answer(request: HttpRequest, workspace: UUID, support_number: str) -> HttpResponse:
    """Answer, and resolve it with that if nothing is left."""
    row, form = _found(workspace, support_number), LetterForm(request.POST, label=ANSWER)
    resolves = request.POST.get("act") == "resolve"
    if not form.is_valid():
        return _thread_page(request, row, form, status=422)
    try:
        with scope.workspace(workspace):
            support.answer(
                thread=row, by=_me(request), text=form.cleaned_data["text"], resolves=resolves, at=clock.now()
            )
    except SupportRefused as refused:
        form.add_error("text", words(refused))
        return _thread_page(request, row, form, status=422)
    notices.success(request, _("Answered. They were told by mail that there is an answer."))
    return redirect("staff_support") if resolves else _back(workspace, row)


@staff_page(*WORKERS)
@granted(Level.IDENTIFIERS)
@require_POST
def take(request: HttpRequest, workspace: UUID, support_number: str) -> HttpResponse:
    """Answer for it from now on."""
    row = _found(workspace, support_number)
    _do(request, workspace, lambda: support.take(thread=row, by=_me(request), at=clock.now()), _("It is yours now."))
    return _back(workspace, row)


@staff_page(*WORKERS)
@granted(Level.IDENTIFIERS)
@require_POST
def resolve(request: HttpRequest, workspace: UUID, support_number: str) -> HttpResponse:
    """Settle it without another word."""
    row = _found(workspace, support_number)
    _do(request, workspace, lambda: support.resolve(thread=row, by=_me(request), at=clock.now()), _("Resolved."))
    return redirect("staff_support")


def _do(request: HttpRequest, workspace: UUID, act: Callable[[], None], done: str) -> None:
    try:
        with scope.workspace(workspace):
            act()
    except SupportRefused as refused:
        notices.info(request, words(refused))
    else:
        notices.success(request, done)


def _thread_page(request: HttpRequest, row: SupportThread, form: LetterForm, *, status: int = 200) -> HttpResponse:
    letters = support.letters_for_staff(row)
    names = oversight.staff_names({row.assigned_to} if row.assigned_to else set())
    context = {
        "page": "support", "thread": row, "letters": letters, "form": form, "due_at": support.due(row.asked_at),
        "assigned": names.get(row.assigned_to, "") if row.assigned_to else "",
        "mine": row.assigned_to == request.user.pk, "now": clock.now(),
    }  # fmt: skip
    template = "staff/support_thread.html"
    return shown(request, template, context, kinds=KINDS, count=len(letters), subject=row.pk, status=status)


def _found(workspace: UUID, number: str) -> SupportThread:
    row = SupportThread.objects.readable(at=clock.now()).filter(workspace_id=workspace, number=number).first()
    if row is None:
        raise Http404
    return row


def _opened(person: UUID) -> set[UUID]:
    """Workspaces whose threads this person may open now."""
    at = clock.now()
    rows = StaffGrant.objects.using(staff.ALIAS).filter(
        staff_id=person, level__gte=Level.IDENTIFIERS, starts_at__lte=at, expires_at__gt=at, ended_at=None
    )
    return set(rows.values_list("workspace_id", flat=True))


def _back(workspace: UUID, row: SupportThread) -> HttpResponse:
    return redirect("staff_support_thread", ids.encode(ids.WORKSPACE, workspace), row.number)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
