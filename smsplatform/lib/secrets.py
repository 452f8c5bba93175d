"""Secrets: derivation of passwords and signing keys from SECRET_KEY, generation of keys, password hashing."""

import base64
import hashlib
import hmac
import secrets

from django.contrib.auth.hashers import BCryptSHA256PasswordHasher


def derive(secret: str, purpose: str, length: int = 32) -> bytes:
    """HKDF-SHA-256 (RFC 5869, one block) of ``secret`` for ``purpose``; at most 32 bytes."""
    root = hmac.digest(b"smsplatform", secret.encode(), hashlib.sha256)
    return hmac.digest(root, purpose.encode() + b"\x01", hashlib.sha256)[:length]


def derive_password(secret: str, role: str) -> str:
    """The password of a database role when the operator gave none of its own."""
    return base64.urlsafe_b64encode(derive(secret, f"database:{role}", 24)).decode()


def token(nbytes: int = 32) -> str:
    """A random secret in URL-safe base64, without padding."""
    return secrets.token_urlsafe(nbytes)


class PasswordHasher(BCryptSHA256PasswordHasher):
    """bcrypt at cost 12 over SHA-256, so that passwords beyond 72 bytes count in full."""

    rounds = 12
