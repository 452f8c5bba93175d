"""Words that promise, and words that claim what nobody certified. Tests run these over clauses, titles and pages."""

import re
from collections.abc import Iterator

from privacy.documents.clauses import LANGUAGES, Document

# Whoever writes one of these makes a promise, so it belongs into a clause that names which.
PROMISING = re.compile(
    r"\b(?:never|only|always|within|must|shall|will not|cannot|guarantee\w*|at most|at least|no longer than|"
    r"nie|niemals|nur|immer|innerhalb|muss|müssen|darf nicht|garantier\w*|höchstens|mindestens)\b",
    re.IGNORECASE,
)
# Certificates that nobody gave us. An audit under way may be named as that, and as nothing else.
CLAIMS = re.compile(
    r"\b(?:SOC\s*[123]|ISO\s*/?(?:IEC\s*)?27\d{3}|PCI(?:[ -]DSS)?|HIPAA|HITRUST|FedRAMP|certified|zertifiziert)\b",
    re.IGNORECASE,
)
IN_PROGRESS = re.compile(r"in progress")


def promises_in(text: str) -> list[str]:
    """The words in ``text`` that promise something."""
    return [match.group() for match in PROMISING.finditer(text)]


def claims_in(text: str) -> list[str]:
    """Certificates that ``text`` claims, sentence by sentence."""
    sentences = (part for part in re.split(r"(?<=[.;!?])\s", text) if not IN_PROGRESS.search(part))
    return [match.group() for part in sentences for match in CLAIMS.finditer(part)]


def unfounded(document: Document) -> Iterator[str]:
    """Titles of a document that promise something: titles carry no promise."""
    for language in LANGUAGES:
        for title in (document.title(language), *(section.title(language) for section in document.sections)):
            if promises_in(title):
                yield title
