"""Which of our own connections leave the machine without TLS: to databases, the broker, the mail server, carriers."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections

from messaging.models import Carrier

DATABASES = ("default", "system", "keystore")
TLS_SCHEMES = frozenset({"rediss", "amqps"})


def unprotected(minimum: str) -> Iterator[str]:
    """What is spoken to without TLS ``minimum`` ("1.2") or newer, in words without names of machines."""
    yield from (f"database {alias}" for alias in DATABASES if not _database(alias, minimum))
    yield from (name for name in ("BROKER_URL", "LIMITS_URL") if not _address(getattr(settings, name)))
    if not _mail():
        yield "mail server"
    plain = [host for host in plain_carriers() if leaves(host)]
    if plain:
        yield f"{len(plain)} carriers"


def leaves(host: str) -> bool:
    """Whether a connection to ``host`` leaves this machine. Sockets are paths, or nothing."""
    if not host or host.startswith("/") or host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _database(alias: str, minimum: str) -> bool:
    if not leaves(str(connections[alias].settings_dict["HOST"])):
        return True
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        protected, version = cursor.fetchone()
    return bool(protected) and version >= f"TLSv{minimum}"


def _address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in TLS_SCHEMES or not leaves(parts.hostname or "")


def _mail() -> bool:
    sends = settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and leaves(settings.EMAIL_HOST)
    return not sends or settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL


def plain_carriers() -> list[str]:
    """Hosts of carriers that are spoken to without TLS."""
    return list(Carrier.objects.using("system").filter(enabled=True, tls=False).values_list("host", flat=True))
