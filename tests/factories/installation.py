"""What an operator adds to the software before its promises can be shown: TLS in front, a list of providers, published
documents, a log that has been sealed for days, and evidence for what no machine can see."""

import contextlib
import datetime as dt
import ipaddress
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.test import override_settings

from privacy import profiles, registry, upkeep
from privacy.documents import providers, versions
from privacy.promises import evaluating, promises
from privacy.sealing import sealer
from smsplatform import promises as promises_of_transport
from smsplatform.lib import clock

DAY = dt.timedelta(days=1)
PROVIDER = {
    "key": "hosting", "name": "Hosting", "legal_name": "Hosting GmbH", "country": "DE", "holds": ["msisdn"],
    "evidence": "contract 17", "evidence_until": "2099-01-01",
}  # fmt: skip
SECURE = (
    "SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME",
)  # fmt: skip


@contextlib.contextmanager
def operated(folder: Path) -> Iterator[None]:
    """As it runs in production. The policy in force must be the one to be published, and none published before."""
    with providers_listed(folder), served(folder) as address, override_settings(BASE_URL=address, **secure()):
        at = clock.now()
        versions.publish_first(at=at)
        while upkeep.purge_audit(at=at):  # what a moved clock wrote long ago would be sealed when it is over already
            pass
        sealer.seal(at=at - DAY)
        sealer.seal(at=at)
        vouch(at)
        yield


def secure() -> dict[str, Any]:
    """The settings of an installation behind HTTPS, read in a process of their own."""
    code = f"import json, smsplatform.settings as s; print(json.dumps({{n: getattr(s, n) for n in {SECURE!r}}}))"
    env = {**os.environ, "BASE_URL": "https://sms.example.org", "SECRET_KEY": "x" * 40}
    out = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=settings.ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(out.stdout)
    return found


def vouch(at: dt.datetime) -> None:
    """Somebody saw the evidence of everything that only a person can say."""
    for promise in promises():
        if promise.attested:
            evaluating.attest(
                promise=promise, by=None, evidence="seen", document="file 1", expires_on=(at + 90 * DAY).date(), at=at
            )


@contextlib.contextmanager
def providers_listed(folder: Path, **changed: str) -> Iterator[None]:
    """The operator's list of providers: one, with some of its fields changed."""
    path = folder / "recipients.json"
    path.write_text(json.dumps([{**PROVIDER, **changed}]))
    with override_settings(RECIPIENTS_FILE=str(path)):
        providers.install()
        try:
            yield
        finally:
            registry._declared.pop((registry.Recipient, str(PROVIDER["key"])))


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """A server that shakes hands as the shipped proxy does, at the least the policy allows. Gives its address."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = promises_of_transport.VERSIONS[profiles.value("tls.minimum")]
    context.load_cert_chain(_certificate(folder))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=(listening, context), daemon=True).start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"


def _serve(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            plain, _from = listening.accept()
        except OSError:  # closed: the test is over
            return
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True):
            pass


def _certificate(folder: Path) -> Path:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    at = clock.now()
    made = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(at - DAY)
        .not_valid_after(at + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path
