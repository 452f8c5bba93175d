"""Questions to support, as the people of a workspace ask them and read the answers."""

from typing import Any
from uuid import UUID

from django.contrib import messages as notices
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import activity, support
from accounts.access import page
from accounts.forms.support import LetterForm, QuestionForm, words
from accounts.models import SupportThread, User
from accounts.models.support import SupportThreadQuerySet
from accounts.roles import Permission, Scope
from accounts.support import SupportRefused
from messaging.models import Message
from privacy import periods, profiles
from smsplatform.lib import clock, ids

PAGE_ROWS = 25
AGAIN = gettext_lazy("Your letter")


@page(permission=Permission.SUPPORT_ASK)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """My questions, or all of the workspace, newest first."""
    rows = _readable(request).order_by("-id")
    if before := request.GET.get("before", ""):
        rows = rows.filter(id__lt=_found(request, before).pk)
    found = list(rows[: PAGE_ROWS + 1])
    shown, everything = found[:PAGE_ROWS], _reads_all(request)
    names = activity.named({row.user_id for row in shown}, _here(request)) if everything else {}
    context = {
        "rows": [(row, names.get(row.user_id, ""), support.due(row.asked_at)) for row in shown],
        "everything": everything,
        "older": shown[-1].number if len(found) > PAGE_ROWS else "",
        "now": clock.now(),
    }
    return render(request, "support/index.html", context)


@page(permission=Permission.SUPPORT_ASK)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Show the form, filled with the message somebody came from; ask."""
    if request.method == "GET":
        about = request.GET.get("message", "")[:40]
        form = QuestionForm(initial={"about": about, "topic": "delivery" if about else ""})
        return render(request, "support/new.html", {"form": form})
    form = QuestionForm(request.POST)
    if form.is_valid() and (made := _opened(request, form)):
        notices.success(request, _("Sent. We answer here, and a mail tells you when."))
        return redirect("support_thread", made.number)
    return render(request, "support/new.html", {"form": form}, status=422)


@page(permission=Permission.SUPPORT_ASK)
@require_GET
def show(request: HttpRequest, support_number: str) -> HttpResponse:
    """One thread, all of its letters, and the form for another one."""
    return _thread_page(request, _found(request, support_number), LetterForm(label=AGAIN))


@page(permission=Permission.SUPPORT_ASK)
@require_POST
def write(request: HttpRequest, support_number: str) -> HttpResponse:
    """Another letter; it opens again what was resolved."""
    thread, form = _found(request, support_number), LetterForm(request.POST, label=AGAIN)
    if form.is_valid():
        try:
            support.write(thread=thread, by=_user(request), text=form.cleaned_data["text"], at=clock.now())
        except SupportRefused as refused:
            form.add_error("text", words(refused))
        else:
            notices.success(request, _("Sent."))
            return redirect("support_thread", thread.number)
    return _thread_page(request, thread, form, status=422)


@page(permission=Permission.SUPPORT_ASK)
@require_POST
def settle(request: HttpRequest, support_number: str) -> HttpResponse:
    """No more is needed."""
    thread = _found(request, support_number)
    try:
        support.settle(thread=thread, by=_user(request), at=clock.now())
    except SupportRefused as refused:
        notices.info(request, words(refused))
    else:
        notices.success(request, _("Resolved. Write again within 30 days if something is still open."))
    return redirect("support_thread", thread.number)


def _opened(request: HttpRequest, form: QuestionForm) -> SupportThread | None:
    """The new thread, or None with the reason on the form."""
    question = form.question()
    if question.about and not _is_message(request, question.about):
        form.add_error("about", _("There is no such message in this workspace. Copy its id from its page."))
        return None
    try:
        return support.open(workspace=_here(request), by=_user(request), question=question, at=clock.now())
    except SupportRefused as refused:
        form.add_error("text", words(refused))
        return None


def _thread_page(request: HttpRequest, thread: SupportThread, form: LetterForm, *, status: int = 200) -> HttpResponse:
    at = clock.now()
    context: dict[str, Any] = {
        "thread": thread,
        "letters": support.letters(thread),
        "form": form,
        "due_at": support.due(thread.asked_at),
        "kept": periods.in_words(profiles.duration("retention.support")),
        "reopens": support.reopens(thread, at=at),
        "about": thread.about if request.workspace.allows(Scope.MESSAGES_READ) else "",  # type: ignore[attr-defined]  # set by accounts.middleware
        "now": at,
    }
    return render(request, "support/thread.html", context, status=status)


def _is_message(request: HttpRequest, about: str) -> bool:
    try:
        message = ids.decode(ids.MESSAGE, about)
    except ids.InvalidId:
        return False
    readable = Message.objects.readable(at=clock.now())
    return readable.filter(workspace_id=_here(request), id=message).exists()


def _found(request: HttpRequest, number: str) -> SupportThread:
    thread = _readable(request).filter(number=number).first()
    if thread is None:
        raise Http404
    return thread


def _readable(request: HttpRequest) -> SupportThreadQuerySet:
    reader, everything = _user(request).pk, _reads_all(request)
    return support.readable(workspace=_here(request), reader=reader, everything=everything, at=clock.now())


def _reads_all(request: HttpRequest) -> bool:
    return bool(request.workspace.allows(Permission.SUPPORT_ALL))  # type: ignore[attr-defined]  # set by accounts.middleware


def _here(request: HttpRequest) -> UUID:
    workspace: UUID = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    return workspace


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
