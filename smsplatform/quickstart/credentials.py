"""Generated secrets of an embedded installation: SECRET_KEY and the passwords of the database roles."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from smsplatform.lib.secrets import derive_password
from smsplatform.quickstart import files

ROLES = ("sp_owner", "sp_app", "sp_staff", "sp_audit", "sp_keys")


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Kept in one file of mode 0600; whoever reads it owns the installation."""

    secret_key: str
    superuser: str
    roles: dict[str, str]

    @classmethod
    def generate(cls) -> "Credentials":
        return cls(
            secret_key=secrets.token_urlsafe(48),
            superuser=secrets.token_urlsafe(24),
            roles={role: secrets.token_urlsafe(24) for role in ROLES},
        )

    @classmethod
    def load_or_create(cls, path: Path) -> "Credentials":
        if path.exists():
            return cls(**json.loads(path.read_text()))
        created = cls.generate()
        files.write_private(path, json.dumps(asdict(created)))
        return created

    @property
    def passwords(self) -> dict[str, str]:
        """Of every role that signs in; sp_system's follows from SECRET_KEY, as the settings expect."""
        return {**self.roles, "sp_system": derive_password(self.secret_key, "sp_system")}
