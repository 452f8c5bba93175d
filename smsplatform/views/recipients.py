"""Everybody outside who is given data: who they are, where, what for, and what binds them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.access import public
from messaging.models import Carrier
from privacy import registry
from privacy.documents import providers
from privacy.documents.german import word
from smsplatform import regions
from smsplatform.lib import clock


@public
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list: declared by the product, listed by the operator, and the carriers set up."""
    language, today = get_language() or "en", clock.now().date()
    known = registry.categories()
    rows = [
        {
            "name": word(one.name, language),
            "legal_name": one.legal_name,
            "country": regions.name(one.country, language) if one.country else "",
            "role": word(one.role, language),
            "holds": [word(known[key].label, language) for key in one.holds],
            "safeguard": one.safeguard,
            "evidence": one.evidence,
            "until": one.evidence_until,
            "over": one.evidence_until is not None and one.evidence_until < today,
            "soon": one.evidence_until is not None and one.evidence_until < today + providers.SOON,
            "hosts": one.hosts,
        }
        for one in registry.recipients()
    ]
    carriers = Carrier.objects.filter(enabled=True).order_by("name").values("name", "country", "sandbox")
    listed = [
        {**carrier, "country": regions.name(carrier["country"], language) if carrier["country"] else ""}
        for carrier in carriers
    ]
    return render(request, "public/recipients.html", {"rows": rows, "carriers": listed})
