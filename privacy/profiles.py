"""What a deployment promises, as settings: one value per question on which policies differ, and five presets of them.

An operator chooses a preset by ``POLICY_PROFILE``; without one the strictest value applies that breaks no preset's
upper bound. Retention, requests, notices and the published policy read their values here and nowhere else, so what the
policy says and what the purge does cannot differ. Durations are ``timedelta``.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from django.conf import settings

PROFILES = ("otp", "fleet", "transit", "api", "team")
STRICT = "strict"  # the name of the defaults
Value = Any  # bool, int, str, timedelta or a tuple of words, as the key says

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
YEAR = 365 * DAY


class UnknownKey(LookupError):
    """No policy has such a setting."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A setting that promises depend on. ``tighter``: the direction in which it promises more.

    ``conflict`` numbers the question on which the five policies differ.
    """

    name: str
    default: Value
    conflict: str
    values: Mapping[str, Value] = field(default_factory=dict)  # by profile; the default where one is left out
    tighter: Literal["less", "more", ""] = ""


def _each(*values: Value) -> dict[str, Value]:
    return dict(zip(PROFILES, values, strict=True))


KEYS = (
    Key(
        name="retention.body", default=DAY, conflict="C1", tighter="less",
        values=_each(7 * DAY, 7 * DAY, DAY, 7 * DAY, DAY),
    ),
    # From acceptance, or from the final status; never longer than the cap after acceptance.
    Key(
        name="retention.body_anchor", default="accepted", conflict="C1",
        values=_each("accepted", "final", "accepted", "accepted", "final"),
    ),
    Key(
        name="retention.body_cap", default=DAY, conflict="C1", tighter="less",
        values=_each(7 * DAY, 10 * DAY, DAY, 7 * DAY, 4 * DAY),
    ),
    # Whether a text goes as soon as its message is final, even when nobody asked for that.
    Key(name="retention.body_drop_on_final", default=False, conflict="C1"),
    Key(name="retention.body_extended", default=30 * DAY, conflict="C1", tighter="less"),  # a debugging window at most
    Key(
        name="retention.delivery_meta", default=90 * DAY, conflict="C2", tighter="less",
        values=_each(YEAR, 90 * DAY, 90 * DAY, YEAR, 90 * DAY),
    ),
    Key(name="redact.recipient_with_body", default=False, conflict="C3", values={"fleet": True}),
    Key(
        name="retention.account_grace", default=30 * DAY, conflict="C4", tighter="less",
        values=_each(30 * DAY, 30 * DAY, 90 * DAY, 30 * DAY, 30 * DAY),
    ),
    Key(
        name="erasure.mode", default="choose", conflict="C5",
        values=_each("now", "now", "grace", "now", "now"),
    ),
    Key(name="erasure.cool_off", default=DAY, conflict="C5"),
    Key(name="retention.audit", default=90 * DAY, conflict="C6", tighter="less"),
    # The oldest backup that may be restored: as long the marks are kept by which it is erased again.
    Key(name="retention.backups", default=35 * DAY, conflict="C7", tighter="less"),
    Key(name="retention.ledger", default=7 * YEAR, conflict="C8"),
    Key(
        name="policy.notice", default=30 * DAY, conflict="C9", tighter="more",
        values=_each(14 * DAY, 14 * DAY, 30 * DAY, 14 * DAY, 14 * DAY),
    ),
    Key(name="policy.notice_channels", default=("banner", "mail", "api"), conflict="C9"),
    Key(name="policy.deemed_acceptance", default=False, conflict="C10", values=_each(True, False, False, True, True)),
    Key(
        name="sla.inquiry", default=2 * DAY, conflict="C11", tighter="less",
        values=_each(5 * DAY, 30 * DAY, 5 * DAY, 2 * DAY, 5 * DAY),
    ),
    Key(name="sla.request", default=30 * DAY, conflict="C11", tighter="less"),
    Key(name="sla.request_extension", default=60 * DAY, conflict="C11", tighter="less"),
    Key(name="retention.request_words", default=30 * DAY, conflict="C11", tighter="less"),
    Key(name="retention.requests", default=3 * YEAR, conflict="C11", tighter="less"),
    Key(name="retention.tickets", default=YEAR, conflict="C11", tighter="less"),
    Key(name="breach.authority", default=72 * HOUR, conflict="C12", tighter="less"),
    Key(name="breach.users", default=72 * HOUR, conflict="C12", tighter="less"),
    Key(name="breach.controllers", default=24 * HOUR, conflict="C12", tighter="less"),
    Key(name="age.minimum", default=18, conflict="C13", tighter="more", values={"transit": 16, "team": 16}),
    Key(
        name="profile.collect", default=(), conflict="C14",
        values=_each(("name", "phone", "company"), ("company",), (), ("name", "phone"), ("name", "phone", "company")),
    ),
    Key(name="auth.factors", default=("totp", "passkey", "recovery"), conflict="C15"),
    Key(name="auth.hasher", default="bcrypt_sha256", conflict="C16"),
    Key(name="auth.access_token", default=15 * dt.timedelta(minutes=1), conflict="C17", tighter="less"),
    Key(name="auth.refresh_token", default=30 * DAY, conflict="C17", tighter="less"),
    Key(name="tls.minimum", default="1.2", conflict="C18", tighter="more", values={"team": "1.3"}),
    Key(name="vault.hardware", default=False, conflict="C19", values={"transit": True}),
    Key(name="tenancy.tier", default="shared", conflict="C20"),
    Key(
        name="analytics.mode", default="log", conflict="C21",
        values=_each("consent_cookie", "consent_cookie", "log", "log", "consent_cookie"),
    ),
    Key(name="analytics.third_party", default="", conflict="C22", values={"team": "google_analytics"}),
    Key(name="marketing.enabled", default=False, conflict="C23", values={"team": True}),
    Key(name="stats.messages_min", default=10, conflict="C24", tighter="more"),
    Key(name="stats.workspaces_min", default=3, conflict="C24", tighter="more"),
    Key(name="route.sender_rewrite", default=False, conflict="C25", values={"api": True}),
    Key(name="transfer.notice", default=30 * DAY, conflict="C26", tighter="more"),
    Key(name="disclosure.notify_first", default=True, conflict="C27"),
    Key(name="disclosure.wait", default=7 * DAY, conflict="C27", tighter="more"),  # between notice and package
    Key(name="claims", default=(), conflict="C28", values={"team": ("soc2_in_progress",)}),
    Key(name="retention.support", default=YEAR, conflict="C29", tighter="less"),
    Key(name="retention.abuse_words", default=30 * DAY, conflict="C29", tighter="less"),  # after a case is closed
    Key(name="retention.abuse", default=YEAR, conflict="C29", tighter="less"),
    Key(name="retention.disclosures", default=3 * YEAR, conflict="C27"),
    Key(name="retention.api_log", default=90 * DAY, conflict="C30", tighter="less"),
    Key(name="retention.contact_idle", default=None, conflict="C31"),
    Key(name="roles", default=("owner", "admin", "developer", "billing", "viewer"), conflict="C32"),
    Key(name="billing.modules", default=(), conflict="C33"),
    Key(name="regions", default=("home",), conflict="C34"),
    Key(name="requests.channels", default=("settings", "form", "mail"), conflict="C35"),
    Key(name="basis.use_is_consent", default=False, conflict="C36"),
)  # fmt: skip

_BY_NAME = {key.name: key for key in KEYS}
_guard: Callable[[Key, Value], Value] | None = None
_unguarded: ContextVar[bool] = ContextVar("unguarded", default=False)
_tried: ContextVar[str] = ContextVar("tried", default="")


def active() -> str:
    """The profile in force: one of ``PROFILES``, or ``STRICT``."""
    return _tried.get() or str(settings.POLICY_PROFILE)


def key(name: str) -> Key:
    """What is known of a setting. Raises ``UnknownKey``."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownKey(name) from None


def value(name: str, *, profile: str = "") -> Value:
    """The setting's value in ``profile``; by default the one in force here and now. Raises ``UnknownKey``.

    In force is the stricter of what is configured and what the published policy says: see ``guarded_by``.
    """
    if profile:
        found = key(name)
        return found.values.get(profile, found.default)
    chosen = configured(name)
    return chosen if _guard is None or _unguarded.get() else _guard(key(name), chosen)


def configured(name: str) -> Value:
    """What the active profile says, whether or not it is in force yet. Raises ``UnknownKey``."""
    return value(name, profile=active())


def guarded_by(guard: Callable[[Key, Value], Value]) -> None:
    """Ask ``guard`` for every value: it is given the configured one and answers with the one in force."""
    global _guard  # noqa: PLW0603  # set once, when the apps are ready
    _guard = guard


@contextmanager
def as_configured() -> Iterator[None]:
    """Inside, values are those configured: for what will be published, not for what is done."""
    token = _unguarded.set(True)
    try:
        yield
    finally:
        _unguarded.reset(token)


@contextmanager
def trying(profile: str) -> Iterator[None]:
    """Inside, ``profile`` counts as the one in force: to look at what it would promise, not to act by it."""
    token = _tried.set(profile)
    try:
        with as_configured():
            yield
    finally:
        _tried.reset(token)


def duration(name: str) -> dt.timedelta:
    """The value of a setting that is a time. Raises ``UnknownKey``."""
    found: dt.timedelta = value(name)
    return found
