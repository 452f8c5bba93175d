"""The dashboard's navigation as data: what the sidebar shows, and where ``g`` and a letter jump to."""

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A link of the sidebar. ``permission`` empty: anybody who is in a workspace. ``key`` is its jump letter."""

    url_name: str
    label: str | Promise
    icon: str
    key: str = ""
    permission: str = ""
    demo: bool = False  # only in the quick start
    public: bool = False  # for visitors too

    @property
    def url(self) -> str:
        """The address, empty when this installation has no such page."""
        try:
            return reverse(self.url_name)
        except NoReverseMatch:
            return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Entries under one heading; the first group has none."""

    title: str | Promise
    entries: tuple[Entry, ...]


GROUPS = (
    Group(
        title="",
        entries=(
            Entry(url_name="overview", label=_("Overview"), icon="home", key="o", permission="stats:read"),
            Entry(
                url_name="messages",
                label=_("Messages"),
                icon="chat-bubble-left-right",
                key="m",
                permission="messages:read",
            ),
            Entry(url_name="send", label=_("Send"), icon="paper-airplane", key="s", permission="messages:send"),
            Entry(url_name="senders", label=_("Senders"), icon="identification", key="e", permission="senders:read"),
            Entry(
                url_name="handsets",
                label=_("Handsets"),
                icon="device-phone-mobile",
                key="h",
                permission="messages:read",
                demo=True,
            ),
        ),
    ),
    Group(
        title=_("Developers"),
        entries=(
            Entry(url_name="api_keys", label=_("API keys"), icon="key", key="k", permission="keys:read"),
            Entry(url_name="webhooks", label=_("Webhooks"), icon="bolt", key="w", permission="webhooks:read"),
            Entry(url_name="api_log", label=_("API log"), icon="command-line", key="l", permission="logs:read"),
            Entry(url_name="docs", label=_("Docs"), icon="book-open", key="d", public=True),
            Entry(url_name="explorer", label=_("API explorer"), icon="code-bracket-square", public=True),
        ),
    ),
    Group(
        title=_("Account"),
        entries=(
            Entry(url_name="team", label=_("Team"), icon="user-group", key="t", permission="team:read"),
            Entry(
                url_name="activity",
                label=_("Activity"),
                icon="document-magnifying-glass",
                key="a",
                permission="activity:read",
            ),
            Entry(url_name="staff_access", label=_("Staff access"), icon="eye", permission="activity:read"),
            Entry(
                url_name="tickets",
                label=_("Privacy requests"),
                icon="hand-raised",
                key="p",
                permission="privacy:read",
            ),
            Entry(
                url_name="support",
                label=_("Support"),
                icon="lifebuoy",
                key="u",
                permission="support:ask",
            ),
            Entry(url_name="notifications", label=_("Notifications"), icon="bell", key="n"),
            Entry(url_name="settings", label=_("Settings"), icon="cog-6-tooth", key="x", permission="settings:read"),
            Entry(url_name="outbox", label=_("Outbox"), icon="envelope", demo=True),
        ),
    ),
)


def shown(place: Any, *, demo: bool) -> list[tuple[Group, list[Entry]]]:
    """The groups and entries for a person in ``place`` (None: in no workspace)."""
    visible = ((group, [entry for entry in group.entries if _visible(entry, place, demo)]) for group in GROUPS)
    return [(group, entries) for group, entries in visible if entries]


def _visible(entry: Entry, place: Any, demo: bool) -> bool:
    if entry.demo and not demo:
        return False
    if entry.public:
        return bool(entry.url)
    allowed = place and (not entry.permission or place.allows(entry.permission))
    return bool(allowed and entry.url)
