"""Key-encryption keys. ``current()`` is the vault the settings name."""

from functools import lru_cache

from django.conf import settings

from privacy.vault.base import Vault, VaultError

__all__ = ["Vault", "VaultError", "current"]


@lru_cache(maxsize=1)
def current() -> Vault:
    """The vault in force, opened once per process."""
    if settings.VAULT == "pkcs11":
        from privacy.vault.pkcs11 import Pkcs11Vault  # an optional dependency

        return Pkcs11Vault(**settings.VAULT_PKCS11)
    if settings.VAULT == "file":
        from privacy.vault.file import FileVault  # beside its optional sibling

        # Only the quick start and tests make one by themselves: elsewhere a missing vault must not become an empty one.
        return FileVault.create(settings.VAULT_FILE) if settings.DEMO else FileVault(settings.VAULT_FILE)
    raise VaultError(f"VAULT={settings.VAULT} is unknown; use file or pkcs11")
