"""Word of new versions: the feed, and the banner's button that puts it away."""

import datetime as dt

from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.feedgenerator import Atom1Feed
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts import reading
from accounts.access import onward, page, public
from privacy.documents import notices, telling
from privacy.documents.texts import DOCUMENTS
from privacy.models import DocumentVersion
from smsplatform.lib import clock, lookups

ENTRIES_MAX = 20


class Versions(Feed):  # type: ignore[type-arg]  # generic in the stubs only
    """Announced versions of all documents, newest first."""

    feed_type = Atom1Feed
    title: str | Promise = gettext_lazy("Privacy policy, terms and processing agreement")
    subtitle: str | Promise = gettext_lazy("Announced versions and what they change")
    link = reverse_lazy("policy")

    def items(self) -> list[DocumentVersion]:
        rows = DocumentVersion.objects.exclude(state=DocumentVersion.State.DRAFT).defer("snapshot")
        return list(rows.order_by("-announced_at", "-pk")[:ENTRIES_MAX])

    def item_title(self, item: DocumentVersion) -> str:
        name = DOCUMENTS[item.document].title(telling.language())
        return _("%(document)s, version %(number)d") % {"document": name, "number": item.number}

    def item_description(self, item: DocumentVersion) -> str:
        return "\n".join([telling.summary(item.changes), *telling.texts(item.changes)])

    def item_link(self, item: DocumentVersion) -> str:
        return reverse("document_version", args=[item.document, item.number])

    def item_guid(self, item: DocumentVersion) -> str:
        return f"urn:uuid:{item.pk}"

    def item_pubdate(self, item: DocumentVersion) -> dt.datetime | None:
        return item.announced_at


_versions = Versions()


@public
def feed(request: HttpRequest) -> HttpResponse:
    """The feed."""
    return _versions(request)


@page(outside=True)
@require_POST
def dismiss(request: HttpRequest, notice_id: str) -> HttpResponse:
    """Put a banner away; that it was is noted."""
    version = lookups.named(notices.PREFIX, notice_id)
    known = [*notices.coming(), *filter(None, [notices.current(reading.POLICY)])]
    if version not in {notice.version_id for notice in known}:
        raise Http404
    reading.dismiss(request.user, request.session, version, at=clock.now())  # type: ignore[arg-type]  # a signed-in person: access.page
    return redirect(onward(request))
