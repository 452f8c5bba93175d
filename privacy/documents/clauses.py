"""What a document is made of: clauses in both languages side by side, each with the promises that carry it.

Legal texts are versioned with their document, so both languages stand here and not in a catalogue of translations. A
clause without a promise does not load; ``lint`` finds the words that promise more than that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Values = Mapping[str, Any]  # settings by key, as in privacy.profiles
LANGUAGES = ("en", "de")


class Unfounded(ValueError):
    """A clause that names no promise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clause:
    """One statement. ``{retention.body}`` is filled from the settings; ``when`` leaves it out where it is not true."""

    en: str
    de: str
    promises: tuple[str, ...]
    when: Callable[[Values], bool] | None = None

    def __post_init__(self) -> None:
        if not self.promises:
            raise Unfounded(self.en)

    def text(self, language: str) -> str:
        """The words in a language, not yet filled in."""
        return self.de if language == "de" else self.en

    def holds(self, values: Values) -> bool:
        """Whether it is said at all under these settings."""
        return self.when is None or self.when(values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table made from the inventory by ``tables``: its name."""

    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A heading with what stands below it."""

    key: str
    en: str
    de: str
    parts: tuple[Clause | Table, ...]

    def title(self, language: str) -> str:
        """The heading."""
        return self.de if language == "de" else self.en


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A document as declared, before it is rendered for a profile and a language."""

    key: str  # also its address: /privacy/<key>
    en: str
    de: str
    sections: tuple[Section, ...] = field(default=())

    def title(self, language: str) -> str:
        """Its name."""
        return self.de if language == "de" else self.en

    def clauses(self) -> Iterator[Clause]:
        """Every clause, said or not."""
        for section in self.sections:
            yield from (part for part in section.parts if isinstance(part, Clause))
