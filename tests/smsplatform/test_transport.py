"""What leaves this machine without TLS is seen; what stays on it needs none."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from messaging.models import Carrier
from smsplatform import promises, transport
from smsplatform.lib import clock

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.mark.parametrize(
    ("host", "leaves"),
    [
        ("", False), ("/run/postgresql", False), ("localhost", False), ("127.0.0.1", False), ("127.9.9.9", False),
        ("::1", False), ("10.0.0.5", True), ("192.168.1.1", True), ("db.example.org", True),
        ("localhost.example", True),
    ],
)  # fmt: skip
def test_only_loopback_and_sockets_stay_here(host: str, leaves: bool) -> None:
    assert transport.leaves(host) is leaves


@pytest.mark.promise("team-35")
@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"BROKER_URL": "redis://broker.example.org:6379/0"}, "BROKER_URL"),
        ({"BROKER_URL": "amqp://user:secret@broker.example.org/"}, "BROKER_URL"),
        ({"BROKER_URL": "rediss://broker.example.org:6379/0"}, ""),
        ({"BROKER_URL": "amqps://user:secret@broker.example.org/"}, ""),
        ({"LIMITS_URL": "redis://10.0.0.5:6379/1"}, "LIMITS_URL"),
        ({"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "mail.example.org"}, "mail server"),
        ({"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "mail.example.org", "EMAIL_USE_TLS": True}, ""),
        ({"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "mail.example.org", "EMAIL_USE_SSL": True}, ""),
        ({"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "localhost"}, ""),
    ],
)
def test_an_address_elsewhere_needs_tls(settings: Any, changed: dict[str, Any], found: str) -> None:
    before = {*transport.unprotected("1.2")}
    for name, value in changed.items():
        setattr(settings, name, value)

    assert {*transport.unprotected("1.2")} - before == ({found} if found else set())
    assert "example.org" not in promises.links(clock.now()).why


@pytest.mark.promise("team-35")
def test_a_database_elsewhere_is_asked_how_we_are_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    connections["default"].ensure_connection()
    monkeypatch.setitem(connections["default"].settings_dict, "HOST", "db.example.org")

    assert "database default" in transport.unprotected("1.2")  # the open connection has no TLS
    assert "database keystore" not in transport.unprotected("1.2")


@pytest.mark.promise("team-35")
def test_a_carrier_elsewhere_needs_tls() -> None:
    def plain() -> int:
        return sum(transport.leaves(host) for host in transport.plain_carriers())

    before = plain()
    for host, tls in (("smsc.example.org", False), ("smsc.example.org", True), ("127.0.0.1", False)):
        made = Carrier(name=f"c{uuid4().hex[:12]}", host=host, port=2775, tls=tls, system_id="a", password="b")
        made.save(using="owner", force_insert=True)

    assert plain() - before == 1
    assert promises.links(clock.now()).holds is False
    Carrier.objects.using("owner").filter(host="smsc.example.org").delete()
