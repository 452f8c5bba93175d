"""How the register is written: one call per row, short enough to be read as a table."""

import re

from privacy import profiles
from privacy.promises.model import Attestation, Promise

PLACEHOLDER = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)?)\}")


def row(
    id: str,
    clause: str,
    by: str,
    shown: str = "",
    *,
    attested: str = "",
    gap: str = "",
    keys: str = "",
    claimed: str = "",
) -> Promise:
    """A promise. ``shown`` names what shows it: live checks, and ``test`` for tests marked with its id.

    ``keys`` are settings besides those in the clause; ``claimed`` is the setting without which it is not published.
    Raises ``profiles.UnknownKey``.
    """
    words = shown.split()
    names = (*PLACEHOLDER.findall(clause), *keys.split(), *claimed.split())
    return Promise(
        id=id,
        clause=clause,
        mechanism=by,
        settings=tuple(profiles.key(name).name for name in dict.fromkeys(names)),
        checks=tuple(word for word in words if word != "test"),
        tested="test" in words,
        attested=Attestation(evidence=attested) if attested else None,
        gap=gap,
        claimed_if=claimed,
    )
