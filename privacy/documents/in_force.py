"""The settings in force: the stricter of what is configured and what the version in effect promises.

Whoever changes a setting so that it promises less finds it without effect until a new version of the policy, announced
in time, is in effect. What promises more applies at once. Readers ask ``privacy.profiles``, which asks here.
"""

from typing import Any

from privacy import profiles
from privacy.documents import changes, snapshot
from privacy.documents.remembered import Remembered
from privacy.models import DocumentVersion
from privacy.profiles import Key

FRESH_SECONDS = 15.0


def install() -> None:
    """From now on ``profiles.value`` answers with what is in force."""
    profiles.guarded_by(stricter)


def value(name: str) -> Any:
    """The setting in force. Raises ``UnknownKey``."""
    return stricter(profiles.key(name), profiles.configured(name))


def stricter(key: Key, configured: Any) -> Any:
    """The configured value, unless the version in effect promises more."""
    promised = _published.get().get(key.name, configured)
    return promised if changes.weaker(key, promised, configured) else configured


def withheld() -> list[tuple[Key, Any, Any]]:
    """Settings that are configured and not in force: with both values."""
    pairs = [(key, profiles.configured(key.name)) for key in profiles.KEYS]
    return [(key, chosen, promised) for key, chosen in pairs if (promised := stricter(key, chosen)) != chosen]


def forget() -> None:
    """Ask the database next time."""
    _published.forget()


def _load() -> dict[str, Any]:
    """The settings of the version in effect; empty before the first."""
    rows = DocumentVersion.objects.filter(document=snapshot.WHOLE, state=DocumentVersion.State.EFFECTIVE)
    found = rows.values_list("snapshot__settings", flat=True).first() or {}
    return {name: snapshot.decoded(each) for name, each in found.items()}


def _defaults() -> dict[str, Any]:
    """Before the database answered for the first time: what keeps least."""
    return {key.name: key.default for key in profiles.KEYS}


_published: Remembered[dict[str, Any]] = Remembered(_load, unknown=_defaults, fresh=FRESH_SECONDS)
