"""Every string that is marked for translators is German in the compiled catalogue."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation import templatize

APPS = ("smsplatform", "accounts", "messaging", "billing", "privacy")
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
CONTEXT = "\x04"  # what the catalogue puts between a context and its message
IN_TEMPLATE = re.compile(r"\b(_|n?p?gettext)\(((?:u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*,?\s*)+)")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
Found = tuple[str, str]  # where, message id


def _messages(name: str, arguments: list[str]) -> list[str]:
    """The ids under which the catalogue knows a call."""
    if name.startswith(("pgettext", "npgettext")):
        return [f"{arguments[0]}{CONTEXT}{arguments[1]}"]
    return arguments[:1]


def _in_python(path: Path) -> Iterator[Found]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        literals = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if name in CALLS and literals:
            yield from ((str(path), message) for message in _messages(name, literals))


def _in_template(path: Path) -> Iterator[Found]:
    for name, written in IN_TEMPLATE.findall(templatize(path.read_text(), origin=str(path))):
        arguments = ast.literal_eval(f"[{written.rstrip(', ')}]")
        yield from ((str(path), message) for message in _messages(name, arguments))


def marked() -> list[Found]:
    templates = sorted((settings.ROOT / "templates").rglob("*.[htm]*"))  # html, txt, mail
    sources = sorted(path for app in APPS for path in (settings.ROOT / app).rglob("*.py"))
    found = [found for path in sources for found in _in_python(path)]
    return found + [found for path in templates for found in _in_template(path)]


def forms() -> dict[str, list[str]]:
    """All German forms by message id: of a plural, the one for one and the one for many."""
    found: dict[str, list[str]] = {}
    with (settings.ROOT / "locale/de/LC_MESSAGES/django.mo").open("rb") as compiled:
        for key, text in gettext.GNUTranslations(compiled)._catalog.items():  # type: ignore[attr-defined]  # the only way to list one
            found.setdefault(key[0] if isinstance(key, tuple) else key, []).append(text)
    return found


def catalogue() -> dict[str, str]:
    return {message: texts[0] for message, texts in forms().items()}


def test_every_marked_string_has_a_german_text() -> None:
    known = catalogue()
    found = marked()

    assert len(found) > 400
    assert sorted({f"{message!r} in {path}" for path, message in found if not known.get(message)}) == []


def test_translations_keep_the_placeholders() -> None:
    broken = [
        (message, text)
        for message, texts in forms().items()
        for text in texts
        if message and set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(message))
    ]

    assert broken == []
