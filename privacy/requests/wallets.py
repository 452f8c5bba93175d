"""Showing that a wallet is one's own: its signature of a text in the form of EIP-4361, asked for by us.

The text names our address, the wallet, the chain and a nonce of this one proof; it is made again from the proof when
the signature comes, so that nothing of it can be changed. A nonce counts once and for a quarter of an hour. Whether the
wallet paid for anything here is asked only after its owner has signed: nobody else learns anything about a wallet.
"""

import datetime as dt
import hmac
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import F

from privacy import keyring
from privacy.keyring import PLATFORM, Purpose
from privacy.models import IdentityProof
from privacy.requests.proofs import ATTEMPTS_MAX, Identity, NotShown
from smsplatform.lib import ids, wallets

KEPT = dt.timedelta(minutes=15)
CHAIN = 1  # Ethereum; the same key has the same address on every chain like it
STATEMENT = "I show that this wallet is mine, to use my rights over my personal data. This moves no money."


def begin(*, identity: Identity, about: str, locale: str, at: dt.datetime) -> IdentityProof:
    """A proof to be shown by a signature. It costs nobody anything, so there is no share of a day."""
    return IdentityProof.objects.create(
        id=ids.uuid7(),
        kind="wallet",
        identity=identity.value,
        identity_idx=identity.index,
        on=at.date(),
        about=about,
        locale=locale,
        created_at=at,
        expires_at=at + KEPT,
    )


def waiting(proof_id: UUID, *, at: dt.datetime) -> IdentityProof | None:
    """The proof, while a signature of its text is awaited."""
    return IdentityProof.objects.filter(
        pk=proof_id, kind="wallet", verified_at=None, expires_at__gt=at, attempts__lt=ATTEMPTS_MAX
    ).first()  # fmt: skip


def text(proof: IdentityProof) -> str:
    """What is to be signed, to the letter."""
    site = settings.BASE_URL.rstrip("/")
    return "\n".join(
        (
            f"{urlsplit(site).netloc} wants you to sign in with your Ethereum account:",
            proof.identity,
            "",
            STATEMENT,
            "",
            f"URI: {site}/privacy/requests",
            "Version: 1",
            f"Chain ID: {CHAIN}",
            f"Nonce: {_nonce(proof)}",
            f"Issued At: {_moment(proof.created_at)}",
            f"Expiration Time: {_moment(proof.expires_at)}",
            f"Request ID: {proof.pk}",
        )
    )


def show(*, proof_id: UUID, signature: bytes, at: dt.datetime) -> IdentityProof:
    """The proof, shown now and once. Raises ``NotShown``; the try counts either way."""
    tries = IdentityProof.objects.filter(
        pk=proof_id, kind="wallet", verified_at=None, expires_at__gt=at, attempts__lt=ATTEMPTS_MAX
    )
    if not tries.update(attempts=F("attempts") + 1):
        raise NotShown
    proof = IdentityProof.objects.get(pk=proof_id)
    if not _signed(proof, signature):
        raise NotShown
    if not IdentityProof.objects.filter(pk=proof_id, verified_at=None).update(verified_at=at):
        raise NotShown  # the same signature came twice at once
    proof.verified_at = at
    return proof


def _signed(proof: IdentityProof, signature: bytes) -> bool:
    try:
        return hmac.compare_digest(wallets.signer(text(proof), signature), proof.identity)
    except wallets.InvalidSignature:
        return False


def _nonce(proof: IdentityProof) -> str:
    """Letters and digits that only this proof has, and nobody can foretell."""
    return keyring.key(PLATFORM, Purpose.INDEX).mac(b"wallet" + proof.pk.bytes)[:16].hex()


def _moment(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
