"""Pages for developers: first steps, the API reference, the error dictionary, webhooks, and test numbers."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from markdown_it import MarkdownIt

from accounts import keys
from accounts.access import page, public
from accounts.models import Workspace
from accounts.reauth import confirmed
from accounts.roles import Permission, giveable
from messaging import outcomes
from messaging.sandbox.script import MAGIC_NUMBERS
from smsplatform import reference, snippets
from smsplatform.lib import clock
from smsplatform.lib.api.codes import CODES

GUIDES = settings.ROOT / "docs" / "guide"
PLACEHOLDER = "sk_test_YOUR_KEY"
KEY_NAME = "API reference"


@public
@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Where a developer starts."""
    return _guide(request, "start")


@public
@require_GET
def webhooks(request: HttpRequest) -> HttpResponse:
    """Events, and how to check who sent them."""
    return _guide(request, "webhooks")


@public
@require_GET
def testing(request: HttpRequest) -> HttpResponse:
    """Numbers that behave in a known way in test mode."""
    return render(request, "docs/testing.html", {"numbers": MAGIC_NUMBERS})


@public
@require_GET
def errors(request: HttpRequest) -> HttpResponse:
    """Every code of the API, by status."""
    found = sorted(CODES.items(), key=lambda item: (item[1].status, item[0]))
    context = {"errors": [_error(code) for code, _info in found], "outcomes": list(outcomes.described())}
    return render(request, "docs/errors.html", context)


@public
@require_GET
def error(request: HttpRequest, code: str) -> HttpResponse:
    """One code: what happened, why, and what to do."""
    if code not in CODES:
        raise Http404
    operations = [one for one in reference.operations() if code in one.codes]
    return render(request, "docs/error.html", {"error": _error(code), "operations": operations})


@public
@require_GET
def api(request: HttpRequest) -> HttpResponse:
    """The reference of every operation."""
    return _reference(request, key="")


@page(permission=Permission.KEYS_WRITE)
@confirmed
@require_POST
def api_key(request: HttpRequest) -> HttpResponse:
    """Make a test key and fill it into the examples of this one answer; nothing can show it again."""
    workspace = Workspace.objects.get(pk=request.workspace.id)  # type: ignore[attr-defined]  # set by accounts.middleware
    _key, secret = keys.create(
        workspace=workspace,
        name=KEY_NAME,
        livemode=False,
        scopes=sorted(giveable(request.workspace.role)),  # type: ignore[attr-defined]  # the same
        ip_ranges=[],
        by=request.user.pk,
        at=clock.now(),
    )
    return _reference(request, key=secret)


def _reference(request: HttpRequest, *, key: str) -> HttpResponse:
    shown = [
        {
            "operation": operation,
            "curl": snippets.curl(operation, base_url=settings.BASE_URL, key=key or PLACEHOLDER),
            "python": snippets.python(operation, base_url=settings.BASE_URL, key=key or PLACEHOLDER),
        }
        for operation in reference.operations()
    ]
    return render(request, "docs/api.html", {"shown": shown, "key": key})


def _error(code: str) -> dict[str, Any]:
    info = CODES[code]
    return {"code": code, "status": info.status, "title": _(info.title), "cause": _(info.cause), "fix": _(info.fix)}


def _guide(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "docs/guide.html", {"text": _written(name, get_language() or "en"), "guide": name})


def _written(name: str, language: str) -> SafeString:
    """A guide in the reader's language, else in English. The text is ours; HTML in it is not passed on."""
    path = Path(GUIDES / language / f"{name}.md")
    source = path if path.exists() else GUIDES / "en" / f"{name}.md"
    text = source.read_text().replace("{{ base_url }}", settings.BASE_URL)
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return SafeString(rendered.replace("<pre>", '<pre tabindex="0">'))  # what scrolls can be reached by keyboard
