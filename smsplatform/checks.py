"""System checks of the deployment: a wrong setting is a numbered finding with a fix, before the first request.

E0xx look at settings only and run at every start. Those that ask a server run for ``check --database …`` and in
``manage.py doctor``.
"""

import re
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from accounts import office
from privacy import profiles
from smsplatform.lib.tenancy import routers

SECRET_LENGTH_MIN = 32
DURABILITY = ("fsync", "full_page_writes", "synchronous_commit")
UNSAFE = re.compile(r"off|local|false|0")
VERSION_MIN = 160000

Apps = Sequence[AppConfig] | None


def _error(number: int, text: str, hint: str) -> Error:
    return Error(text, hint=hint, id=f"smsplatform.E{number:03}")


@register(Tags.security)
def secret_key(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    try:
        secret = settings.SECRET_KEY
    except ImproperlyConfigured:  # Django's answer to an empty one
        hint = "Set it to 32 or more random characters: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        return [_error(1, "SECRET_KEY is not set.", hint)]
    if len(secret) < SECRET_LENGTH_MIN or len(set(secret)) < 10:
        hint = "Database passwords and workspace signatures derive from it. Use secrets.token_urlsafe(48)."
        return [_error(2, f"SECRET_KEY is shorter than {SECRET_LENGTH_MIN} characters or not random.", hint)]
    return []


@register(Tags.urls)
def base_url(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    parts = urlsplit(settings.BASE_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        return [_error(3, "BASE_URL is no origin.", "Give scheme and host, such as https://sms.example.org.")]
    return []


@register(Tags.security, deploy=True)
def served_by_https(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if urlsplit(settings.BASE_URL).scheme != "https":
        hint = "Cookies, keys and texts would travel in the clear. Put a proxy with TLS in front; see deploy/Caddyfile."
        return [_error(4, "BASE_URL is not https.", hint)]
    return []


@register(Tags.security, deploy=True)
def no_demonstration(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO:
        hint = "Unset DEMO: it opens the handsets page, /metrics and webhooks to this machine's own addresses."
        return [_error(5, "DEMO is on.", hint)]
    return []


@register(Tags.security, deploy=True)
def mail_leaves(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEMO and settings.EMAIL_BACKEND.endswith(("console.EmailBackend", "outbox.Backend")):
        hint = "Set EMAIL_URL, such as smtp+tls://user:password@host:587. Links that let people in are mailed."
        return [_error(12, "Mails are printed or kept, not sent.", hint)]
    return []


@register(Tags.database)
def database_urls(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """The main database by the web role, the key store by its own, and never the same database."""
    found: list[CheckMessage] = []
    main, keystore = connections["default"].settings_dict, connections["keystore"].settings_dict
    if main["USER"] in ("postgres", "sp_owner", "sp_definer"):
        hint = "Use role sp_app: it sees the rows of one workspace at a time. Others would see all."
        found.append(_error(6, "DATABASE_URL does not sign in as sp_app.", hint))
    if all(main[name] == keystore[name] for name in ("HOST", "PORT", "NAME")):
        hint = "Keys must not be in the backups of what they open. Give the key store a database of its own."
        found.append(_error(7, "KEYSTORE_URL and DATABASE_URL are the same database.", hint))
    return found


@register("broker")
def broker_url(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    known = ("redis", "rediss", "redis+socket", "amqp", "amqps", "unix")
    if urlsplit(settings.BROKER_URL).scheme not in known:
        hint = "Use Valkey or Redis (redis://, rediss://, redis+socket://) or RabbitMQ (amqp://, amqps://)."
        return [_error(8, "BROKER_URL has an unknown scheme.", hint)]
    return []


@register(Tags.security)
def no_admin_of_customers(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Django's admin asks for no grant and writes no look down: no model of customers may be registered with one."""
    if not apps.is_installed("django.contrib.admin"):
        return []
    from django.contrib.admin.sites import all_sites

    return list(ungated(all_sites))


def ungated(sites: Iterable[Any]) -> Iterable[CheckMessage]:
    """What is wrong with the models that these admin sites show."""
    for site in sites:
        for model in site._registry:  # noqa: SLF001  # there is no other list of what is registered
            if routers.of_customers(model):
                hint = "Remove it: staff see customers' data under a grant, on the pages of /staff/ only."
                yield _error(15, f"{model._meta.label} is registered with the admin site {site.name}.", hint)


@register("staff")
def office_hours(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    try:
        office.hours()
    except office.InvalidOffice as error:
        hint = "Such as STAFF_TIME_ZONE=Europe/Berlin, STAFF_HOURS=08:00-18:00, STAFF_DAYS=1,2,3,4,5 (1 is Monday)."
        return [_error(14, f"{error.name} names no hours of work.", hint)]
    return []


@register("privacy")
def policy_profile(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    known = (*profiles.PROFILES, profiles.STRICT)
    if settings.POLICY_PROFILE not in known:
        hint = f"Use one of: {', '.join(known)}. It decides how long data is kept and what the policy says."
        return [_error(13, f"POLICY_PROFILE={settings.POLICY_PROFILE} is no policy.", hint)]
    return []


@register(Tags.security)
def vault(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Only its presence and mode; ``doctor`` opens it."""
    if settings.VAULT not in ("file", "pkcs11"):
        return [_error(9, "VAULT is unknown.", "Use VAULT=file or VAULT=pkcs11.")]
    path = Path(settings.VAULT_FILE)
    if settings.VAULT == "file" and path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return [_error(10, "Others may read the key vault.", "Run: chmod 600 on the file VAULT_FILE names.")]
    if settings.VAULT == "pkcs11" and not Path(settings.VAULT_PKCS11["module"]).is_file():
        hint = "Set VAULT_PKCS11_MODULE to the library of your HSM, e.g. /usr/lib/softhsm/libsofthsm2.so."
        return [_error(11, "The PKCS#11 module is not there.", hint)]
    return []


@register(Tags.database)
def servers(app_configs: Apps, databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Live: ``check --database default --database keystore …``."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        try:
            found += _server(alias)
        except DatabaseError as error:
            hint = (
                "Check its URL, that the server runs, and that the role may sign in (manage.py upgrade makes tables)."
            )
            found.append(_error(20, f"Database {alias} does not answer: {type(error).__name__}.", hint))
    return found


def _server(alias: str) -> list[CheckMessage]:
    questions: tuple[Callable[[Any], list[CheckMessage]], ...] = (_version, _durable, _unprivileged)
    with connections[alias].cursor() as cursor:
        return [finding for question in questions for finding in question(cursor)]


def _version(cursor: Any) -> list[CheckMessage]:
    cursor.execute("SELECT current_setting('server_version_num')::int")
    if cursor.fetchone()[0] < VERSION_MIN:
        return [_error(21, "PostgreSQL is older than 16.", "Upgrade it; 16 to 18 are supported.")]
    return []


def _durable(cursor: Any) -> list[CheckMessage]:
    """What was answered 202 must survive a power cut. Throw-away servers of tests say so by DEMO."""
    cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(DURABILITY)])
    off = [name for name, value in cursor.fetchall() if UNSAFE.fullmatch(value)]
    if not off:
        return []
    text, hint = f"PostgreSQL may lose committed messages: {', '.join(off)} off.", "Set them on in postgresql.conf."
    return [Warning(text, hint=hint, id="smsplatform.W022") if settings.DEMO else _error(22, text, hint)]


def _unprivileged(cursor: Any) -> list[CheckMessage]:
    cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    if cursor.fetchone()[0]:
        hint = "ALTER ROLE … NOSUPERUSER NOBYPASSRLS: row security does not bind such a role."
        return [_error(23, "The database role passes row security.", hint)]
    return []
