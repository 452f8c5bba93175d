"""How passkeys are made and used here: what the library asks of a site."""

from typing import Any

from django_otp_webauthn.helpers import WebAuthnHelper

from accounts.models import User


class Helper(WebAuthnHelper):  # type: ignore[misc]  # the library is untyped
    """Names people as they know themselves, and keeps no attestation: we accept every make of authenticator."""

    def get_credential_display_name(self, user: User) -> str:
        return str(user.name or user.email)

    def create_attestation(self, *_args: Any, **_options: Any) -> None:
        """Nothing is kept: it would tell which device somebody owns, and decides nothing."""
