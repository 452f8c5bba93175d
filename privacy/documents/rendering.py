"""A document for the settings as configured, in one language, as data: titles, clauses with their promises, tables."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.utils import translation

from privacy import profiles
from privacy.documents import tables, words
from privacy.documents.clauses import Clause, Document, Section, Table, Values

_REGIONS = {"home": ("the operator's region", "der Region des Betreibers")}


def values(language: str) -> dict[str, Any]:
    """Everything a clause can name, as configured now."""
    known: dict[str, Any] = {key.name: profiles.configured(key.name) for key in profiles.KEYS}
    regions = tuple(_REGIONS.get(name, (name, name))[language == "de"] for name in known["regions"])
    return {**known, "regions": regions, "operator": settings.OPERATOR_NAME, "address": settings.PRIVACY_EMAIL}


def rendered(document: Document, language: str) -> dict[str, Any]:
    """What is stored of a version, and shown as long as anybody asks for it."""
    known = values(language)
    with profiles.as_configured(), translation.override(language):
        sections = [_section(section, known, language) for section in document.sections]
    return {"title": document.title(language), "sections": sections}


def digest(content: Any) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def lines(content: dict[str, Any]) -> list[str]:
    """The rendered document as lines of text, for comparing and for mails."""
    found: list[str] = []
    for section in content["sections"]:
        found.append(section["title"])
        for block in section["blocks"]:
            found += [block["text"]] if block["kind"] == "clause" else _rows(block)
    return found


def _section(section: Section, known: Values, language: str) -> dict[str, Any]:
    blocks = [block for part in section.parts if _said(part, known) for block in _blocks(part, known, language)]
    return {"key": section.key, "title": section.title(language), "blocks": blocks}


def _said(part: Clause | Table, known: Values) -> bool:
    return isinstance(part, Table) or part.holds(known)


def _rows(table: dict[str, Any]) -> list[str]:
    return [" · ".join([*filter(None, [table.get("caption", "")]), *row]) for row in table["rows"]]


def _blocks(part: Clause | Table, known: Values, language: str) -> list[dict[str, Any]]:
    if isinstance(part, Table):
        return tables.made(part.key, language)
    text = words.filled(part.text(language), known, language)
    return [{"kind": "clause", "text": text, "promises": list(part.promises)}]
