"""Names of countries in the reader's language, from the tables that come with ``phonenumbers``."""

import importlib.util
import unicodedata
from functools import lru_cache
from pathlib import Path

import phonenumbers

_MISSING = {"XK": {"en": "Kosovo"}}  # has numbers, but no code of its own in ISO 3166


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    """Region to language to name. Loaded by path: importing its package reads every geocoding table (seconds)."""
    where = Path(phonenumbers.__file__).parent / "geodata" / "locale.py"
    spec = importlib.util.spec_from_file_location("phonenumbers.geodata._names", where)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    table: dict[str, dict[str, str]] = module.LOCALE_DATA
    return table


def name(region: str, language: str = "en") -> str:
    """What ``region`` is called; the code itself when it has no name. ``*aa`` in a table means "as in aa"."""
    names = _table().get(region) or _MISSING.get(region, {})
    for wanted in (language, "en"):
        found = names.get(wanted, "")
        found = names.get(found[1:], "") if found.startswith("*") else found
        if found:
            return found
    return region


@lru_cache(maxsize=8)
def choices(language: str) -> tuple[tuple[str, str], ...]:
    """Every country as (code, name), by name."""
    named = ((region, name(region, language)) for region in phonenumbers.SUPPORTED_REGIONS)
    return tuple(sorted(named, key=lambda pair: place(pair[1])))


def place(name: str) -> str:
    """What to sort a name by: accents do not count, so that Ägypten comes before Albanien, not after Zypern."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in parts if not unicodedata.combining(character))
