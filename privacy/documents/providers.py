"""The providers that work for this installation: hosting, mail, payments. The operator lists them in a file.

``RECIPIENTS_FILE`` is a JSON list of objects with the fields of ``registry.Recipient``. They stand in the policy, on
the page of recipients and in the records of processing; a new one is a change of weight, announced like any other.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from msgspec import Meta

from privacy import registry
from privacy.registry import Recipient

SOON = dt.timedelta(days=30)


class Provider(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One entry of the file."""

    key: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{1,30}$")]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    legal_name: Annotated[str, Meta(min_length=1, max_length=200)]
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    holds: Annotated[list[str], Meta(min_length=1)]
    evidence: Annotated[str, Meta(min_length=1, max_length=200)]
    evidence_until: dt.date
    role: Literal["processor", "controller"] = "processor"
    safeguard: Annotated[str, Meta(max_length=200)] = ""
    hosts: list[str] = []


def install() -> None:
    """Declare what the file lists. Raises ``ImproperlyConfigured``."""
    if settings.RECIPIENTS_FILE:
        registry.declare(*read(Path(settings.RECIPIENTS_FILE)))


def read(path: Path) -> list[Recipient]:
    """The entries of a file. Raises ``ImproperlyConfigured`` with the first fault."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[Provider])
    except (OSError, msgspec.MsgspecError) as error:
        raise ImproperlyConfigured(f"RECIPIENTS_FILE: {error}") from None
    for one in found:
        if unknown := set(one.holds) - registry.categories().keys():
            raise ImproperlyConfigured(f"RECIPIENTS_FILE: {one.key} holds unknown kinds: {', '.join(sorted(unknown))}")
    return [_recipient(one) for one in found]


def _recipient(one: Provider) -> Recipient:
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return Recipient(**{**fields, "holds": tuple(one.holds), "hosts": tuple(one.hosts)})


def expired(on: dt.date) -> Iterator[Recipient]:
    """Providers whose contract has run out."""
    return (one for one in registry.recipients() if one.evidence_until is not None and one.evidence_until < on)
