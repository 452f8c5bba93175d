"""Sends one text through the API and waits until the simulated carrier reports it delivered."""

import http.client
import json
import time
from collections.abc import Callable
from typing import Any

from smsplatform.quickstart.services import HOST

TO = "+15005550001"  # the simulated carrier delivers everything sent there
FINAL = {"delivered", "undelivered", "expired", "rejected", "failed", "canceled"}


class NotDelivered(RuntimeError):
    """The message was refused or did not arrive in time."""


class Refused(NotDelivered):
    """The platform runs and serves nothing, as after a restore: ``manage.py doctor`` says why."""


def send_and_wait(
    *, port: int, key: str, wait: Callable[[float], None], to: str = TO, timeout_seconds: float = 30.0
) -> float:
    """Seconds from the request to the state ``delivered``. ``wait`` passes time, and may serve the supervisor."""
    began = time.monotonic()
    message = _call(port, key, "POST", "/v1/messages", {"to": to, "body": "Hello from smsplatform."})
    status = message["status"]
    while status not in FINAL:
        if time.monotonic() - began > timeout_seconds:
            raise NotDelivered(f"still {status} after {timeout_seconds:.0f} s")
        wait(0.05)
        status = _call(port, key, "GET", f"/v1/messages/{message['id']}")["status"]
    if status != "delivered":
        raise NotDelivered(f"the message ended as {status}")
    return time.monotonic() - began


def _call(port: int, key: str, method: str, path: str, body: dict[str, str] | None = None) -> Any:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    headers = {"Host": "localhost", "Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(f"{method} {path}: {type(error).__name__}") from error
    finally:
        connection.close()
    if answer.status == http.client.SERVICE_UNAVAILABLE:
        raise Refused(f"{method} {path} answered 503. python3 manage.py doctor says why, and how to put it right.")
    if answer.status >= 300:
        raise NotDelivered(f"{method} {path} answered {answer.status}: {content.decode(errors='replace')[:500]}")
    return json.loads(content)
