"""The documents people rely on, at addresses that stay: what applies, what will, what did, and what changed."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.access import public
from privacy import profiles
from privacy.documents import clauses, rendering, telling, versions
from privacy.documents.texts import DOCUMENTS
from privacy.models import DocumentVersion


class DocumentConverter:
    """The documents that exist, in an address."""

    regex = "|".join(DOCUMENTS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of a comparison: what came, what went, or what stayed around it."""

    sign: str  # "+", "-" or " "
    text: str


@public
@require_safe
def current(request: HttpRequest, document: str) -> HttpResponse:
    """What applies now; before the first start was finished, what will."""
    version = versions.in_effect(document)
    if version is None:
        content = rendering.rendered(DOCUMENTS[document], _language(request))
        return _page(request, document, {"content": content, "language": _language(request)})
    return _version(request, version)


@public
@require_safe
def numbered(request: HttpRequest, document: str, number: int) -> HttpResponse:
    """A version that was announced at some time, as it was."""
    return _version(request, _found(document, number))


@public
@require_safe
def archive(request: HttpRequest, document: str) -> HttpResponse:
    """Every version there was, with its dates."""
    found = versions.published(document).defer("snapshot")
    rows = [(version, telling.summary(version.changes)) for version in found]
    return render(request, "public/document_archive.html", {**_about(document), "rows": rows})


@public
@require_safe
def changed(request: HttpRequest, document: str, number: int) -> HttpResponse:
    """What a version changed: the computed list, and the texts line by line."""
    version = _found(document, number)
    before = versions.published(document).filter(number__lt=number).first()
    if before is None:
        raise Http404
    texts = [rendering.lines(versions.shown(each, _language(request)).content) for each in (before, version)]
    context = {
        "version": version,
        "before": before,
        "changes": telling.listed(version.changes),
        "lines": list(_compared(*texts)),
    }
    return render(request, "public/document_changes.html", {**_about(document), **context})


def _version(request: HttpRequest, version: DocumentVersion) -> HttpResponse:
    seen = versions.shown(version, _language(request))
    coming = versions.of_state(version.document, DocumentVersion.State.ANNOUNCED)
    context = {"version": version, "content": seen.content, "language": seen.language, "coming": coming}
    return _page(request, version.document, context)


def _page(request: HttpRequest, document: str, context: dict[str, Any]) -> HttpResponse:
    other = next(language for language in clauses.LANGUAGES if language != context["language"])
    context["sections"] = list(sections(context["content"]))
    context |= {"other": other, "promises_url": reverse("promises")}
    return render(request, "public/document.html", {**_about(document), **context})


def sections(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The sections of a rendered document as the template wants them."""
    for section in content["sections"]:
        yield {**section, "blocks": [_block(block) for block in section["blocks"]]}


def _block(block: dict[str, Any]) -> dict[str, Any]:
    if block["kind"] == "table":
        return {**block, "rows": [list(zip(block["head"], row, strict=True)) for row in block["rows"]]}
    own = ("transit" if profiles.active() == profiles.STRICT else profiles.active(), "duty")  # as the board has it
    cited = block["promises"]
    return {**block, "proof": next((one for one in cited if one.split("-")[0] in own), cited[0])}


def _compared(before: list[str], after: list[str]) -> Iterator[Line]:
    """Three lines around each difference, without the headers of patches."""
    for line in difflib.unified_diff(before, after, lineterm="", n=1):
        if not line.startswith(("---", "+++")):
            yield Line(sign="@" if line.startswith("@@") else line[0], text=line[1:])


def _found(document: str, number: int) -> DocumentVersion:
    found = versions.published(document).filter(number=number).first()
    if found is None:
        raise Http404
    return found


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("language") or get_language() or settings.LANGUAGE_CODE
    return asked if asked in clauses.LANGUAGES else clauses.LANGUAGES[0]


def _about(document: str) -> dict[str, Any]:
    return {
        "document": document,
        "name": DOCUMENTS[document].title(_spoken()),
        "address": address(document),
        "others": [(address(key), one.title(_spoken())) for key, one in DOCUMENTS.items() if key != document],
    }


def _spoken() -> str:
    return get_language() or settings.LANGUAGE_CODE


def address(document: str) -> str:
    """Where the version in effect is."""
    return reverse(document)
