"""Live checks of the deployment: transport, headers, cookies, and what the running server answers."""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import warnings
from urllib.parse import urlsplit

from django.conf import settings

from privacy import profiles
from privacy.promises import Check, Outcome, declare
from smsplatform import transport
from smsplatform.guard import Message, Receive, RestoreGuard, Send
from smsplatform.models import Probe

YEAR_SECONDS = 365 * 86400
HEARTBEAT_MAX = dt.timedelta(minutes=5)
PROBE_SECONDS = 5.0
DAILY = dt.timedelta(days=1)
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
BELOW = {"1.2": ssl.TLSVersion.TLSv1_1, "1.3": ssl.TLSVersion.TLSv1_2}
ONLY_OURS = {"'self'", "'none'"}


def debug_off(at: dt.datetime) -> Outcome:
    """Error pages show nothing of the inside."""
    return Outcome(holds=not settings.DEBUG)


def https(at: dt.datetime) -> Outcome:
    """Plain requests are sent to HTTPS, and cookies go over nothing else."""
    if _is_local():
        return Outcome(holds=None, why="served on this machine only, without TLS")
    holds = settings.SECURE and settings.SECURE_SSL_REDIRECT and settings.SESSION_COOKIE_SECURE
    return Outcome(holds=bool(holds and settings.CSRF_COOKIE_SECURE))


def hsts(at: dt.datetime) -> Outcome:
    """Browsers are told for a year, for all subdomains."""
    if _is_local():
        return Outcome(holds=None, why="served on this machine only, without TLS")
    holds = settings.SECURE_HSTS_SECONDS >= YEAR_SECONDS and settings.SECURE_HSTS_INCLUDE_SUBDOMAINS
    return Outcome(holds=bool(holds), evidence={"seconds": settings.SECURE_HSTS_SECONDS})


def tls(at: dt.datetime) -> Outcome:
    """The running server refuses what is older than the profile allows, and takes what it demands."""
    parts = urlsplit(settings.BASE_URL)
    if parts.scheme != "https" or not parts.hostname:
        return Outcome(holds=None, why="served on this machine only, without TLS")
    wanted = str(profiles.value("tls.minimum"))
    place = (parts.hostname, parts.port or 443)
    try:
        new, old = _handshake(place, VERSIONS[wanted]), _handshake(place, BELOW[wanted])
    except OSError as error:
        return Outcome(holds=None, why=type(error).__name__)
    return Outcome(holds=new and not old, evidence={"minimum": wanted, "older_accepted": int(old)})


def links(at: dt.datetime) -> Outcome:
    """What leaves this machine goes over TLS: databases, broker, mails, carriers."""
    minimum = str(profiles.value("tls.minimum"))
    found = list(transport.unprotected(minimum))
    return Outcome(holds=not found, why=", ".join(found), evidence={"minimum": minimum, "unprotected": len(found)})


def restore_guard(at: dt.datetime) -> Outcome:
    """The guard in front of the web lets nothing through while the database is behind its erasures, and all else."""
    whole, restored = _guarded(behind=False), _guarded(behind=True)
    return Outcome(holds=(whole, restored) == (200, 503), evidence={"whole": whole, "restored": restored})


def _guarded(*, behind: bool) -> int:
    """The status with which a guard answers a request for the start page."""
    statuses: list[int] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        if "status" in message:
            statuses.append(message["status"])

    asyncio.run(RestoreGuard(app, behind=lambda: behind)({"type": "http", "path": "/"}, receive, send))
    return statuses[0]


def csp(at: dt.datetime) -> Outcome:
    """No page may load anything from anywhere else, or call it."""
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    others = sorted({source for sources in directives.values() for source in sources} - ONLY_OURS)
    holds = directives.get("default-src") == ["'none'"] and not others
    return Outcome(holds=holds, why=", ".join(others), evidence={"directives": len(directives)})


def cookies(at: dt.datetime) -> Outcome:
    """Session and forgery token are out of reach for scripts and other sites, and go over TLS where there is any."""
    holds = (
        settings.SESSION_COOKIE_HTTPONLY
        and settings.CSRF_COOKIE_HTTPONLY
        and settings.SESSION_COOKIE_SAMESITE in ("Lax", "Strict")
        and settings.SESSION_COOKIE_SECURE == settings.SECURE
        and settings.CSRF_COOKIE_SECURE == settings.SECURE
    )
    return Outcome(holds=holds)


def heartbeat(at: dt.datetime) -> Outcome:
    """The platform measured itself in the last minutes."""
    last = Probe.objects.using("system").order_by("-at").values_list("at", flat=True).first()
    if last is None:
        return Outcome(holds=False, why="nothing was measured yet")
    return Outcome(holds=at - last <= HEARTBEAT_MAX, evidence={"seconds": int((at - last).total_seconds())})


def _is_local() -> bool:
    """A demonstration on loopback has no TLS, and says so instead of calling it proven or broken."""
    host = urlsplit(settings.BASE_URL).hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return loopback and not settings.SECURE


def _handshake(place: tuple[str, int], version: ssl.TLSVersion) -> bool:
    """Whether the server agrees on exactly this version. Raises OSError when it does not answer at all."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only the version is asked for
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the old version: that it is refused is the question
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(place, timeout=PROBE_SECONDS) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=place[0]):
                return True
        except (ssl.SSLError, ConnectionError):
            return False


declare(
    Check(
        name="smsplatform.debug_off", method="configuration", run=debug_off, fresh=DAILY,
        what="Whether error pages are for users only.",
    ),
    Check(
        name="smsplatform.https", method="configuration", run=https, fresh=DAILY,
        what="Redirects to HTTPS and flags of cookies.",
    ),
    Check(
        name="smsplatform.hsts", method="configuration", run=hsts, fresh=DAILY,
        what="How long browsers insist on HTTPS.",
    ),
    Check(
        name="smsplatform.tls", method="probe", run=tls, fresh=DAILY,
        what="Which versions of TLS the server accepts.",
    ),
    Check(
        name="smsplatform.links", method="probe", run=links, fresh=DAILY,
        what="Which connections to databases, broker, mail server and carriers go without TLS.",
    ),
    Check(
        name="smsplatform.restore_guard", method="probe", run=restore_guard, fresh=DAILY,
        what="What the web answers while the database is behind its erasures.",
    ),
    Check(name="smsplatform.csp", method="configuration", run=csp, fresh=DAILY, what="What pages may load and call."),
    Check(name="smsplatform.cookies", method="configuration", run=cookies, fresh=DAILY, what="The flags of cookies."),
    Check(
        name="smsplatform.heartbeat", method="database", run=heartbeat, fresh=dt.timedelta(minutes=5),
        what="When the platform last measured itself.",
    ),
)  # fmt: skip
