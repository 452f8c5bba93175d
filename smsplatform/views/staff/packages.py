"""Making and taking the package of a disclosure: on pages of its workspace, under a grant for legal process."""

from uuid import UUID

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import disclosing, looks
from accounts.access import staff_page
from accounts.looks import granted
from privacy import archives
from privacy.disclosures import register
from privacy.disclosures.register import Leave
from privacy.models import Disclosure
from smsplatform.lib import clock, ids, lookups, streams
from smsplatform.lib.tenancy.staff import Level
from smsplatform.views.staff import disclosure_forms
from smsplatform.views.staff.disclosures import DESK


@staff_page(*DESK)
@granted(Level.METADATA)
@require_POST
def produce(request: HttpRequest, workspace: UUID, disclosure_id: str) -> HttpResponse:
    """Have it compiled: the kinds named, of the rows named, and nothing else. Shows nothing by itself."""
    case, at = _found(workspace, disclosure_id), clock.now()
    try:
        register.produce(case, leave=_leave(request, workspace), by=_me(request), at=at)
    except ValueError as error:
        notices.error(request, disclosure_forms.words(error), extra_tags="bad")
    else:
        notices.success(request, _("It is being compiled. In a moment it can be taken from here."))
    return redirect("staff_disclosure", disclosure_id)


@staff_page(*DESK)
@granted(Level.METADATA)  # type: ignore[arg-type]  # a stream is no HttpResponse to the stubs
@require_POST
def take(request: HttpRequest, workspace: UUID, disclosure_id: str) -> HttpResponseBase:
    """The package, as a file. Two lines are committed before its first byte: that staff looked, and what they took."""
    case, at = _found(workspace, disclosure_id), clock.now()
    try:
        package = _ready_package_of(case)
        register.note_taken(case, leave=_leave(request, workspace), by=_me(request), at=at)
        looks.record(_look(request), by=_me(request), kinds=case.kinds, count=1, subject=case.pk)
        pieces = archives.stream(package, at=at)
    except archives.Gone:
        notices.error(request, _("The package is not there: it is not ready, or its time is over."), extra_tags="bad")
        return redirect("staff_disclosure", disclosure_id)
    except ValueError as error:
        notices.error(request, disclosure_forms.words(error), extra_tags="bad")
        return redirect("staff_disclosure", disclosure_id)
    # Read after the staff console is left, as its keys are no workspace's: what may be read was decided above.
    content = streams.leaving(request, pieces)
    answer = StreamingHttpResponse(content, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{disclosure_id}.zip"'
    return answer


def _leave(request: HttpRequest, workspace: UUID) -> Leave:
    """The grant for legal process, under which the look is written down even when another one is deeper. Raises
    ``NoLeave`` when there is none."""
    grant = disclosing.leave_of(staff_id=_me(request), workspace=workspace, at=clock.now())
    if grant is None:
        raise register.NoLeave
    _look(request).grant = grant
    return disclosing.as_leave(grant)


def _look(request: HttpRequest) -> looks.Look:
    look: looks.Look = request.look  # type: ignore[attr-defined]  # set by granted
    return look


def _ready_package_of(case: Disclosure) -> UUID:
    """What can be taken now. Raises ``Gone``."""
    if case.package_id is None or not archives.state(case.package_id, at=clock.now()).ready:
        raise archives.Gone
    return case.package_id


def _found(workspace: UUID, disclosure_id: str) -> Disclosure:
    rows = Disclosure.objects.using(register.DATABASE).filter(workspace_id=workspace)
    return lookups.find(rows, ids.DISCLOSURE, disclosure_id)


def _me(request: HttpRequest) -> UUID:
    assert request.user.pk is not None  # the page is for staff
    return request.user.pk
