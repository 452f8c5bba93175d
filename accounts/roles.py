"""Who may do what: the roles of people, the scopes of keys, and one table that joins them."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """A person's role in a workspace."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    DEVELOPER = "developer", _("Developer")
    BILLING = "billing", _("Billing")
    VIEWER = "viewer", _("Viewer")


class Scope(TextChoices):
    """What an API key may do; the same words name a person's permissions."""

    MESSAGES_SEND = "messages:send", _("Send and cancel messages")
    MESSAGES_READ = "messages:read", _("Read messages")
    MESSAGES_ERASE = "messages:erase", _("Redact and erase messages")
    WEBHOOKS_READ = "webhooks:read", _("Read webhook endpoints and deliveries")
    WEBHOOKS_WRITE = "webhooks:write", _("Manage webhook endpoints")
    BILLING_READ = "billing:read", _("Read balance and ledger")
    PRIVACY_READ = "privacy:read", _("Read requests of people about their data")
    PRIVACY_WRITE = "privacy:write", _("Decide requests of people about their data")


class Permission(TextChoices):
    """What only people may do, in the browser: no key can hold one of these."""

    STATS_READ = "stats:read", _("See figures and charts")
    SENDERS_READ = "senders:read", _("See senders")
    SENDERS_WRITE = "senders:write", _("Register and withdraw senders")
    KEYS_READ = "keys:read", _("See API keys")
    KEYS_WRITE = "keys:write", _("Create, rotate and revoke API keys")
    LOGS_READ = "logs:read", _("See the API log")
    EXPORTS_CREATE = "exports:create", _("Export lists")
    TEAM_READ = "team:read", _("See who belongs to the workspace")
    TEAM_WRITE = "team:write", _("Invite and remove people, change roles")
    SUPPORT_ASK = "support:ask", _("Ask support and read the answers")
    SUPPORT_ALL = "support:all", _("Read what others asked support")
    ACTIVITY_READ = "activity:read", _("See who did what in the workspace")
    SETTINGS_READ = "settings:read", _("See the workspace's settings")
    SETTINGS_WRITE = "settings:write", _("Change the workspace's settings")
    WORKSPACE_EXPORT = "workspace:export", _("Take a copy of everything in the workspace")
    WORKSPACE_CLOSE = "workspace:close", _("Close the workspace for good")


_EVERYTHING = frozenset(Scope) | frozenset(Permission)
_SEE_WORK = frozenset(
    {
        Scope.MESSAGES_READ,
        Scope.WEBHOOKS_READ,
        Permission.STATS_READ,
        Permission.SENDERS_READ,
        Permission.TEAM_READ,
        Permission.SETTINGS_READ,
        Permission.SUPPORT_ASK,
    }
)
PERMISSIONS: dict[str, frozenset[str]] = {
    Role.OWNER: _EVERYTHING,
    Role.ADMIN: _EVERYTHING - {Permission.WORKSPACE_CLOSE, Permission.WORKSPACE_EXPORT},
    Role.DEVELOPER: _SEE_WORK
    | {
        Scope.MESSAGES_SEND,
        Scope.MESSAGES_ERASE,
        Scope.WEBHOOKS_WRITE,
        Permission.SENDERS_WRITE,
        Permission.KEYS_READ,
        Permission.KEYS_WRITE,
        Permission.LOGS_READ,
        Permission.EXPORTS_CREATE,
    },
    Role.BILLING: frozenset(
        {
            Scope.BILLING_READ,
            Permission.STATS_READ,
            Permission.TEAM_READ,
            Permission.SETTINGS_READ,
            Permission.SUPPORT_ASK,
        }
    ),
    Role.VIEWER: _SEE_WORK,
}


def allows(role: str, permission: str) -> bool:
    """Whether ``role`` includes ``permission``; an unknown role includes nothing."""
    return permission in PERMISSIONS.get(role, frozenset())


def giveable(role: str) -> frozenset[str]:
    """The scopes that somebody in ``role`` may give a key: nobody gives it more than they may do themselves."""
    return PERMISSIONS.get(role, frozenset()) & frozenset(Scope)
