"""Key-encryption keys. ``current()`` is the vault the settings name."""

from functools import lru_cache

from django.conf import settings

from privacy.vault.base import Vault, VaultError, VaultNotReady, VaultRefused

__all__ = ["Vault", "VaultError", "VaultNotReady", "VaultRefused", "current", "initialise"]


@lru_cache(maxsize=1)
def current() -> Vault:
    """The vault in force, opened once per process.

    Only demonstrations and tests make one by themselves: elsewhere a missing vault must not become an empty one.
    """
    return _open(create=settings.DEMO and settings.VAULT == "file")


def initialise() -> Vault:
    """Make the vault and its first key where there is none; an existing one stays as it is."""
    return _open(create=True)


def _open(*, create: bool) -> Vault:
    if settings.VAULT == "file":
        from privacy.vault.file import FileVault  # beside its optional sibling

        return FileVault.create(settings.VAULT_FILE) if create else FileVault(settings.VAULT_FILE)
    if settings.VAULT == "pkcs11":
        from privacy.vault.pkcs11 import Pkcs11Vault  # an optional dependency

        return Pkcs11Vault(**settings.VAULT_PKCS11, create=create)
    raise VaultNotReady(f"VAULT={settings.VAULT} is unknown; use file or pkcs11")
