"""Live checks of cookies, the browser's signal, and the count of visits."""

import datetime as dt

from django.db import connections
from django.http import HttpRequest

from privacy.consent import choices, cookies
from privacy.promises.model import Check, Outcome, declare

_ADDRESSES = """
    SELECT count(*), count(*) FILTER (WHERE host(network) <>
        host(network(set_masklen(network, CASE family(network) WHEN 4 THEN 24 ELSE 48 END)))),
        count(visit_id)
    FROM privacy_visit"""


def _truncated(at: dt.datetime) -> Outcome:
    with connections["system"].cursor() as cursor:
        cursor.execute(_ADDRESSES)
        views, whole, named = cursor.fetchone()
    wrong = whole or (named if cookies.mode() == "log" else 0)
    return Outcome(holds=not wrong, evidence={"views": views, "whole addresses": whole, "with an id": named})


def _signal(at: dt.datetime) -> Outcome:
    request = HttpRequest()
    request.META["HTTP_SEC_GPC"] = "1"
    return Outcome(holds=choices.read(request).analytics is False)


declare(
    Check(
        name="privacy.visits_truncated",
        method="database",
        what="Every view of a page was kept with a truncated address, and without an id where the policy has none",
        run=_truncated,
    ),
    Check(
        name="privacy.gpc",
        method="probe",
        what="A request with Sec-GPC: 1 is one that declined statistics",
        run=_signal,
    ),
)
