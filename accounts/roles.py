"""Who may do what: the roles of people, the scopes of keys, and one table that joins them."""

from django.db.models import TextChoices


class Role(TextChoices):
    """A person's role in a workspace."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    DEVELOPER = "developer", "Developer"
    BILLING = "billing", "Billing"
    VIEWER = "viewer", "Viewer"


class Scope(TextChoices):
    """What an API key may do; the same words name a person's permissions."""

    MESSAGES_SEND = "messages:send", "Send and cancel messages"
    MESSAGES_READ = "messages:read", "Read messages"
    MESSAGES_ERASE = "messages:erase", "Redact and erase messages"
    WEBHOOKS_READ = "webhooks:read", "Read webhook endpoints and deliveries"
    WEBHOOKS_WRITE = "webhooks:write", "Manage webhook endpoints"
    BILLING_READ = "billing:read", "Read balance and ledger"


_READ = frozenset({Scope.MESSAGES_READ, Scope.WEBHOOKS_READ})
PERMISSIONS: dict[str, frozenset[str]] = {
    Role.OWNER: frozenset(Scope),
    Role.ADMIN: frozenset(Scope),
    Role.DEVELOPER: frozenset(Scope) - {Scope.BILLING_READ},
    Role.BILLING: frozenset({Scope.BILLING_READ}),
    Role.VIEWER: _READ,
}


def allows(role: str, permission: str) -> bool:
    """Whether ``role`` includes ``permission``; an unknown role includes nothing."""
    return permission in PERMISSIONS.get(role, frozenset())
