"""What every customer is told by the operator."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import staff_page
from smsplatform import announcements
from smsplatform.forms import AnnouncementForm
from smsplatform.lib import clock, ids
from smsplatform.views.staff.operators import OPERATORS, operates


@staff_page()
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The list, and a form for a new one."""
    may_change = operates(request)
    form = AnnouncementForm(request.POST or None)
    if request.method == "POST" and may_change and form.is_valid():
        assert request.user.pk is not None
        announcements.create(draft=form.draft(), by=request.user.pk, at=clock.now())
        messages.info(request, _("Written. Customers see it within seconds of its beginning."))
        return redirect("staff_notices")
    at = clock.now()
    rows = [(notice, notice.state(at)) for notice in announcements.listed()]
    context = {"rows": rows, "form": form, "may_change": may_change}
    return render(request, "staff/notices.html", context, status=422 if form.is_bound else 200)


@staff_page(*OPERATORS)
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one now."""
    assert request.user.pk is not None
    try:
        notice = ids.decode("ann", request.POST.get("notice", ""))
        announcements.end(announcement=notice, by=request.user.pk, at=clock.now())
    except (ids.InvalidId, announcements.NotEnding):
        raise Http404 from None
    messages.info(request, _("Ended."))
    return redirect("staff_notices")
