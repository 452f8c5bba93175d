"""The staff console's sidebar as data. An entry whose page does not exist yet is not shown."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models.user import StaffRole

EVERYBODY = frozenset({StaffRole.ADMIN, StaffRole.SUPPORT, StaffRole.FINANCE, StaffRole.AUDITOR})
WORKERS = EVERYBODY - {StaffRole.AUDITOR}
DESK = frozenset({StaffRole.ADMIN, StaffRole.SUPPORT})
OVERSEERS = frozenset({StaffRole.ADMIN, StaffRole.AUDITOR})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A link of the staff sidebar, for the roles that may follow it."""

    url_name: str
    label: str | Promise
    icon: str
    roles: frozenset[str] = WORKERS

    @property
    def url(self) -> str:
        """The address, empty when this installation has no such page."""
        try:
            return reverse(self.url_name)
        except NoReverseMatch:
            return ""


GROUPS: tuple[tuple[str | Promise, tuple[Entry, ...]], ...] = (
    (
        _("Customers"),
        (
            Entry(url_name="staff_home", label=_("Workspaces"), icon="building-office"),
            Entry(url_name="staff_grants", label=_("Access grants"), icon="key", roles=EVERYBODY),
            Entry(url_name="staff_senders", label=_("Sender reviews"), icon="identification"),
            Entry(url_name="staff_support", label=_("Support"), icon="chat-bubble-left-right"),
            Entry(url_name="staff_abuse", label=_("Abuse cases"), icon="flag", roles=DESK),
            Entry(url_name="staff_holds", label=_("Legal holds"), icon="scale", roles=DESK),
            Entry(url_name="staff_disclosures", label=_("Disclosures"), icon="document-text", roles=DESK),
        ),
    ),
    (
        _("Promises"),
        (
            Entry(url_name="staff_promises", label=_("Promise board"), icon="check-badge", roles=EVERYBODY),
            Entry(url_name="staff_policies", label=_("Policy versions"), icon="document-duplicate", roles=EVERYBODY),
            Entry(url_name="staff_retention", label=_("Retention"), icon="clock", roles=EVERYBODY),
            Entry(url_name="staff_requests", label=_("Requests"), icon="inbox", roles=EVERYBODY),
            Entry(url_name="staff_breaches", label=_("Breach desk"), icon="exclamation-triangle", roles=EVERYBODY),
        ),
    ),
    (
        _("Audit"),
        (
            Entry(url_name="staff_audit", label=_("Audit log"), icon="document-magnifying-glass", roles=OVERSEERS),
            Entry(url_name="staff_reviews", label=_("Reviews"), icon="clipboard-document-check", roles=OVERSEERS),
        ),
    ),
    (
        _("Operation"),
        (
            Entry(url_name="staff_carriers", label=_("Carriers"), icon="signal", roles=EVERYBODY),
            Entry(url_name="staff_queues", label=_("Queues"), icon="queue-list", roles=EVERYBODY),
            Entry(url_name="staff_dead_letters", label=_("Dead letters"), icon="archive-box-x-mark", roles=EVERYBODY),
            Entry(url_name="staff_notices", label=_("Notices"), icon="megaphone", roles=EVERYBODY),
        ),
    ),
)


def shown(role: str) -> list[tuple[str | Promise, list[Entry]]]:
    """The groups and entries for a staff role."""
    visible = ((title, [entry for entry in entries if role in entry.roles and entry.url]) for title, entries in GROUPS)
    return [(title, entries) for title, entries in visible if entries]
