"""Records of processing and the data map, to read and to take away."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import staff_page
from privacy.documents import fides, records

FORMS = {"csv": ("text/csv; charset=utf-8", records.as_csv), "json": ("application/json", records.as_json)}
ROLES = ("controller", "processor")


@staff_page()
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Both records, each on its own."""
    found = [(role, records.of_role(cast(records.Role, role))) for role in ROLES]
    return render(request, "staff/records.html", {"records": found})


@staff_page()
@require_safe
def download(request: HttpRequest, role: str, form: str) -> HttpResponse:
    """One of them as a file."""
    kind, made = FORMS[form]
    return _file(made(cast(records.Role, role)), kind, f"records-{role}.{form}")


@staff_page()
@require_safe
def data_map(request: HttpRequest) -> HttpResponse:
    """The data map in the format of Fides."""
    return _file(fides.as_yaml(), "application/yaml", "data-map.yml")


def _file(content: str, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
