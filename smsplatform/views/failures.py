"""What Django shows when a view failed: that something broke, or that the database is away and will be back."""

import logging
import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error as broken

from smsplatform.lib.database import UNAVAILABLE

logger = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's ``handler500``, called while the exception is being handled. Under ``/v1/`` it becomes a problem.

    The page about the database knows nothing of the request: who has signed in would have to be looked up.
    """
    error = sys.exc_info()[1]
    if not isinstance(error, UNAVAILABLE):
        return broken(request)
    logger.warning("database_unavailable", extra={"error": type(error).__name__})
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS), "Cache-Control": "no-store"}
    return HttpResponse(render_to_string("503.html"), status=503, headers=headers)
