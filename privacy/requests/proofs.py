"""Showing who somebody is: a code to a number, a link to an address (by a wallet: ``wallets.py``). Nothing here tells
whether we hold any data.

A code has six digits, lives ten minutes and ends with the fifth wrong try; a number gets three codes a day. A try is
counted before it is looked at, so that a burst of them counts in full. Of code and link only a keyed hash is kept,
bound to its row. Once shown, a proof opens its person's pages for half an hour in the browser it was shown in.
"""

import datetime as dt
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from privacy import ciphers, keyring
from privacy.keyring import PLATFORM, Purpose
from privacy.models import IdentityProof
from smsplatform.lib import ids

DIGITS = 6
PER_DAY = 3
ATTEMPTS_MAX = 5
CODE_KEPT = dt.timedelta(minutes=10)
LINK_KEPT = dt.timedelta(hours=24)
SHOWN_KEPT = dt.timedelta(minutes=30)
INDEX = "privacy.identity"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """A number in E.164, a mail address or that of a wallet, in the form it is compared by."""

    kind: Literal["phone", "mail", "wallet"]
    value: str

    @property
    def index(self) -> bytes:
        """The blind index by which requests and proofs of this identity are found."""
        return ciphers.platform_index(INDEX, self.value)

    def __repr__(self) -> str:
        return f"<Identity {self.kind}>"


class NotShown(ValueError):
    """Wrong, too late, or tried too often."""


def begin(*, identity: Identity, about: str, locale: str, at: dt.datetime) -> IdentityProof:
    """A proof to be shown. Without an ``ordinal`` the day's share is used up, and nothing must be sent."""
    taken = IdentityProof.objects.filter(identity_idx=identity.index, on=at.date(), ordinal__isnull=False).count()
    ordinal = taken + 1 if taken < PER_DAY else None
    try:
        with transaction.atomic():
            return _insert(identity, about, locale, ordinal, at)
    except IntegrityError:  # another request of the same moment took this one
        return _insert(identity, about, locale, None, at)


def _insert(identity: Identity, about: str, locale: str, ordinal: int | None, at: dt.datetime) -> IdentityProof:
    kept = CODE_KEPT if identity.kind == "phone" else LINK_KEPT
    return IdentityProof.objects.create(
        id=ids.uuid7(),
        kind=identity.kind,
        identity=identity.value,
        identity_idx=identity.index,
        on=at.date(),
        ordinal=ordinal,
        about=about,
        locale=locale,
        created_at=at,
        expires_at=at + kept,
    )


def arm(proof: IdentityProof, secret: str) -> None:
    """Keep the hash of the code or link that was just sent."""
    proof.digest = _digest(proof.pk, secret)
    proof.save(update_fields=["digest"])


def new_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def link(proof: IdentityProof) -> str:
    """A fresh token for a mail; an earlier one of the same proof is void."""
    secret = secrets.token_urlsafe(32)
    arm(proof, secret)
    return f"{proof.pk.hex}.{secret}"


def of_link(token: str, *, at: dt.datetime) -> tuple[IdentityProof, str]:
    """Which proof a token belongs to, and its secret; shows nothing yet. Raises ``NotShown``."""
    name, _, secret = token.partition(".")
    try:
        proof = IdentityProof.objects.get(pk=UUID(name), kind="mail", verified_at=None, expires_at__gt=at)
    except (ValueError, IdentityProof.DoesNotExist):
        raise NotShown from None
    if not _fits(proof, secret):
        raise NotShown
    return proof, secret


def show(*, proof_id: UUID, secret: str, at: dt.datetime) -> IdentityProof:
    """The proof, shown now and once. Raises ``NotShown``; the try counts either way."""
    tries = IdentityProof.objects.filter(
        pk=proof_id, verified_at=None, expires_at__gt=at, attempts__lt=ATTEMPTS_MAX, digest__isnull=False
    )
    if not tries.update(attempts=F("attempts") + 1):
        raise NotShown
    proof = IdentityProof.objects.get(pk=proof_id)
    if not _fits(proof, secret) or not _unshown(proof, at):
        raise NotShown
    return proof


def shown(proof_id: UUID, *, at: dt.datetime) -> IdentityProof | None:
    """The proof, if it was shown within the half hour before ``at``."""
    return IdentityProof.objects.filter(
        pk=proof_id, verified_at__gt=at - SHOWN_KEPT, verified_at__lte=at
    ).first()  # fmt: skip


def _unshown(proof: IdentityProof, at: dt.datetime) -> bool:
    """Whether this call is the one that shows it: a code counts once, however many come with it at once."""
    proof.verified_at = at
    return IdentityProof.objects.filter(pk=proof.pk, verified_at=None).update(verified_at=at) == 1


def _fits(proof: IdentityProof, secret: str) -> bool:
    return proof.digest is not None and hmac.compare_digest(bytes(proof.digest), _digest(proof.pk, secret))


def _digest(proof_id: UUID, secret: str) -> bytes:
    return keyring.key(PLATFORM, Purpose.INDEX).mac(b"proof" + proof_id.bytes + secret.encode())
