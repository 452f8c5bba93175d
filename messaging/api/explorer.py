"""The OpenAPI document and the page to try it out."""

from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

_page = SpectacularSwaggerSplitView.as_view(url_name="openapi")

# The explorer's script styles elements directly and draws with data: images; nothing else is relaxed, and only here.
RELAXED = {"style-src": ["'unsafe-inline'"], "img-src": ["data:"]}


@csp_update(RELAXED)
def explorer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    """Swagger UI from our own server. The key one enters stays in the page."""
    return _page(request, *args, **kwargs)


document = SpectacularJSONAPIView.as_view()
for view in (document, explorer):
    view.access = "public"  # type: ignore[attr-defined]  # read by the test of all routes; ``access.public`` is for pages
