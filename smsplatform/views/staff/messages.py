"""Messages of a workspace under a grant: the list, one message with its timeline, and giving a price back."""

import datetime as dt
from uuid import UUID

from django.conf import settings
from django.contrib import messages as notices
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import seconding
from accounts.access import staff_page
from accounts.forms.grants import words
from accounts.grants import GrantRefused
from accounts.looks import Look, granted, shown
from accounts.models import StaffProposal, User
from accounts.models.user import StaffRole
from messaging import refunding
from messaging.drafting import number_index
from messaging.models import Delivery, Message
from messaging.models.message import FINAL, MessageQuerySet, Status
from messaging.views import timeline
from messaging.views.message import text_of
from privacy import keyring
from smsplatform.lib import clock, ids, lookups, phone
from smsplatform.lib.api.codes import CODES
from smsplatform.lib.tenancy import scope
from smsplatform.lib.tenancy.staff import Level
from smsplatform.staff_navigation import WORKERS
from smsplatform.views.staff import proposals
from smsplatform.views.staff.workspaces import number_of, rows_of

PAGE_ROWS = 25
FAILED = (Status.UNDELIVERED, Status.FAILED, Status.REJECTED, Status.EXPIRED)
KINDS = {
    Level.METADATA: ("delivery_meta",),
    Level.IDENTIFIERS: ("delivery_meta", "msisdn"),
    Level.CONTENT: ("delivery_meta", "msisdn", "body"),
}


@staff_page(*WORKERS)
@granted(Level.METADATA)
@require_GET
def index(request: HttpRequest, workspace: UUID) -> HttpResponse:
    """Newest first; by id, by number from identifiers on, or those that did not arrive."""
    look, at = request.look, clock.now()  # type: ignore[attr-defined]  # set by granted
    wanted, problem = request.GET.get("q", "").strip()[:64], ""
    rows = Message.objects.readable(at=at).unrestricted().filter(workspace_id=workspace)
    try:
        rows = _matching(rows, wanted, workspace, look.level)
    except ValueError as error:
        rows, problem = rows.none(), str(error)
    if failed := request.GET.get("only") == "failed":
        rows = rows.filter(status__in=FAILED)
    if before := request.GET.get("before", ""):
        rows = rows.filter(id__lt=lookups.named(ids.MESSAGE, before))
    found = list(rows.with_state().order_by("-id")[: PAGE_ROWS + 1])
    context = {
        "page": "messages", "rows": rows_of(found[:PAGE_ROWS], look.level), "wanted": wanted, "failed": failed,
        "problem": problem, "older": ids.encode(ids.MESSAGE, found[PAGE_ROWS - 1].id) if len(found) > PAGE_ROWS else "",
    }  # fmt: skip
    kinds = KINDS[min(look.level, Level.IDENTIFIERS)]
    status = 422 if problem else 200
    return shown(request, "staff/messages.html", context, kinds=kinds, count=len(found[:PAGE_ROWS]), status=status)


@staff_page(*WORKERS)
@granted(Level.METADATA)
@require_GET
def show(request: HttpRequest, workspace: UUID, message_id: str) -> HttpResponse:
    """One message: the timeline at any level, its number from identifiers on, its text at content."""
    look, at = request.look, clock.now()  # type: ignore[attr-defined]  # set by granted
    message = _found(workspace, message_id, at)
    deliveries = Delivery.objects.filter(workspace_id=workspace, id__gte=message.id, message_id=message.id)
    context = {
        "page": "messages",
        "message": message,
        "row": rows_of([message], look.level)[0],
        "number": number_of(message, look.level),
        "text": text_of(message, at=at) if look.level >= Level.CONTENT else None,
        "timeline": timeline.of(message).entries,
        "reason": timeline.reason(message.error) if message.error else "",
        "explained": message.error if message.error in CODES else "",
        "final": message.status in FINAL,
        "alone": message.price <= settings.STAFF_REFUND_ALONE_MAX_MICRO,
        "deliveries": deliveries.count(),
    }
    return shown(request, "staff/message.html", context, kinds=KINDS[look.level], count=1, subject=message.id)


@staff_page(StaffRole.ADMIN, StaffRole.FINANCE, StaffRole.SUPPORT)
@granted(Level.METADATA)
@require_POST
def refund(request: HttpRequest, workspace: UUID, message_id: str) -> HttpResponse:
    """Give the price of a message back, once, to the wallet it came from: alone up to the operator's limit, and above
    it when a second person agrees.
    """
    message = _found(workspace, message_id, clock.now())
    if message.status not in FINAL or message.refunded or not message.price:
        notices.error(request, words(GrantRefused("proposal", "nothing")), extra_tags="bad")
    elif message.price > settings.STAFF_REFUND_ALONE_MAX_MICRO:
        _propose(request, message)
    else:
        _give_back(request, message)
    return redirect("staff_message", ids.encode(ids.WORKSPACE, workspace), message_id)


def _propose(request: HttpRequest, message: Message) -> None:
    try:
        seconding.ask(
            kind=StaffProposal.Kind.REFUND, grant=_look(request).grant, by=_me(request), at=clock.now(),
            subject=message.id, amount=message.price, currency=message.currency,
        )  # fmt: skip
    except GrantRefused as refused:
        notices.error(request, words(refused), extra_tags="bad")
    else:
        notices.success(request, _("Asked. Another member of the staff decides on the page Access grants."))


def _give_back(request: HttpRequest, message: Message) -> None:
    at, workspace = clock.now(), message.workspace_id
    with scope.workspace(workspace):
        if refunding.give_back(workspace=workspace, message=message.id, at=at):
            proposals.refunded(
                workspace=workspace, message=message.id, grant=_look(request).grant.pk, by=_me(request).pk, at=at
            )  # fmt: skip
            notices.success(request, _("The price was given back."))
        else:
            notices.error(request, words(GrantRefused("proposal", "nothing")), extra_tags="bad")


def _look(request: HttpRequest) -> Look:
    look: Look = request.look  # type: ignore[attr-defined]  # set by granted
    return look


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _matching(rows: MessageQuerySet, wanted: str, workspace: UUID, level: Level) -> MessageQuerySet:
    """Those that ``wanted`` names: an id, or a number. Raises ``ValueError`` in words."""
    if not wanted:
        return rows
    if wanted.startswith(f"{ids.MESSAGE}_"):
        try:
            return rows.filter(id=ids.decode(ids.MESSAGE, wanted))
        except ids.InvalidId:
            raise ValueError(_("An id looks like msg_ and 26 characters.")) from None
    if level < Level.IDENTIFIERS:
        raise ValueError(_("Searching by number shows whom a number belongs to: it needs the level of identifiers."))
    index, either = keyring.key(workspace, keyring.Purpose.INDEX), Q()
    for sandbox in (False, True):
        try:
            either |= Q(to_idx=number_index(index, phone.parse(wanted, sandbox=sandbox).e164))
        except phone.InvalidNumber:
            continue
    if not either:
        raise ValueError(_("Enter a message id, or a number with its country code such as +49 151 23456789."))
    return rows.filter(either)


def _found(workspace: UUID, message_id: str, at: dt.datetime) -> Message:
    rows = Message.objects.readable(at=at).unrestricted().with_state()
    return lookups.find(rows.filter(workspace_id=workspace), ids.MESSAGE, message_id)
