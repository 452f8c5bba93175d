"""Pages that show customers' data to staff: only under a grant, and never without a record of the look.

    @staff_page(*WORKERS)
    @granted(Level.METADATA)
    @require_GET
    def messages(request, workspace_id): ...
        return shown(request, "staff/messages.html", context, kinds=("message_meta",), count=len(rows))

``shown`` writes down what is about to be seen and commits that before a byte of it is made; when that fails nothing is
shown. An answer that did not go through it is replaced by an error.
"""

import datetime as dt
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import directory, grants, oversight
from accounts.models import StaffGrant
from privacy import audit
from smsplatform.lib import clock, ids
from smsplatform.lib.tenancy import scope, staff
from smsplatform.lib.tenancy.staff import Level

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponse]
LOOKED = oversight.LOOKED
EMPTY = frozenset({204, 302, 303, 403, 404, 405})  # answers that show nothing


class NotRecorded(RuntimeError):
    """What would have been shown could not be written down, or nobody tried."""


@dataclass(kw_only=True, slots=True)
class Look:
    """One request under a grant. ``recorded`` turns true when its record is committed."""

    grant: StaffGrant
    place: directory.Listed
    at: dt.datetime
    recorded: bool = False

    @property
    def level(self) -> Level:
        """How much may be seen."""
        return Level(self.grant.level)


def granted(level: Level) -> Callable[[View], View]:
    """A staff page about one workspace, for who has a grant there of at least ``level``. Goes inside ``staff_page``.

    The view gets the workspace's id and ``request.look``; it runs with that workspace open for reading.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, workspace_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
            place, at = _place(workspace_id), clock.now()
            grant = grants.strongest(staff_id=_me(request), workspace=place.id, at=at)
            if grant is None or grant.level < level:
                return _lacking(request, place, grant, level)
            request.look = look = Look(grant=grant, place=place, at=at)  # type: ignore[attr-defined]  # our attribute
            try:
                with staff.admitted(grants.pass_of(grant)):
                    answer = view(request, place.id, *args, **kwargs)
            except staff.StaffRefused:
                return _lacking(request, place, grant, level)
            except NotRecorded:
                return render(request, "staff/not_recorded.html", {}, status=503)
            return _checked(request, look, answer)

        guarded.level = level  # type: ignore[attr-defined]  # read by the crawl of staff pages
        return guarded

    return declare


def shown(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    kinds: Collection[str],
    count: int,
    subject: UUID | None = None,
    status: int = 200,
) -> HttpResponse:
    """Write the look down, commit, and only then render. Raises ``NotRecorded``.

    ``kinds`` are keys of ``privacy.inventory`` categories; ``subject`` is the row that is looked at, if it is one.
    """
    look: Look = request.look  # type: ignore[attr-defined]  # set by granted
    record(look, by=_me(request), kinds=kinds, count=count, subject=subject)
    return render(request, template, {"look": look, **context}, status=status)


def record(look: Look, *, by: UUID, kinds: Collection[str], count: int, subject: UUID | None = None) -> None:
    """Commit one line about what is about to be seen. Raises ``NotRecorded``."""
    details = {
        "grant": str(look.grant.pk),
        "level": look.level.name,
        "category": look.grant.category,
        "ticket": look.grant.ticket,
        "kinds": ".".join(kinds)[:64],
        "count": str(count),
    }
    if subject is not None:
        details["object"] = str(subject)
    try:
        with scope.workspace(look.place.id):
            audit.record(
                action=LOOKED, workspace=look.place.id, actor=by, at=look.at, details=details,
                withheld_until=look.grant.withheld_until,
            )  # fmt: skip
    except Error:
        logger.exception("look_not_recorded")
        raise NotRecorded from None
    look.recorded = True


def _place(workspace_id: str) -> directory.Listed:
    try:
        place = directory.get(ids.decode(ids.WORKSPACE, workspace_id))
    except ids.InvalidId:
        place = None
    if place is None:
        raise Http404
    return place


def _lacking(request: HttpRequest, place: directory.Listed, grant: StaffGrant | None, level: Level) -> HttpResponse:
    context = {"place": place, "grant": grant, "needed": level}
    return render(request, "staff/grant_needed.html", context, status=403)


def _checked(request: HttpRequest, look: Look, answer: HttpResponse) -> HttpResponse:
    """An answer with a body that was not written down is thrown away. Redirects show nothing."""
    if look.recorded or answer.status_code in EMPTY:
        return answer
    logger.error("look_without_record", extra={"view": getattr(request.resolver_match, "view_name", "")})
    return render(request, "staff/not_recorded.html", {}, status=503)


def _me(request: HttpRequest) -> UUID:
    assert request.user.pk is not None
    return request.user.pk
