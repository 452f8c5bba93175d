"""The demo's phones: what the simulated carrier delivered to the numbers this workspace has sent to."""

import datetime as dt
import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import page
from accounts.roles import Scope
from messaging.drafting import number_index
from messaging.models import Message
from messaging.sandbox.script import MAGIC_NUMBERS
from privacy import keyring
from smsplatform.lib import clock, ids

PHONES_MAX = 12
TIMEOUT_SECONDS = 1.0
SHOWN = dt.timedelta(hours=2)  # the carrier itself forgets after one


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A text as the phone shows it."""

    sender: str
    text: str
    parts: int
    at: dt.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Handset:
    """A phone and its texts, newest first."""

    number: str
    texts: list[Received]


class Unreachable(Exception):
    """The simulated carrier does not answer."""


@page(permission=Scope.MESSAGES_READ)
@require_GET
def handsets(request: HttpRequest) -> HttpResponse:
    """All phones; for htmx only the part that changes."""
    if not settings.DEMO:
        raise Http404
    workspace = request.workspace.id  # type: ignore[attr-defined]  # set by accounts.middleware
    context: dict[str, Any] = {"magic_numbers": MAGIC_NUMBERS, "live": request.GET.get("live") != "0"}
    try:
        context["phones"] = phones(workspace, at=clock.now())
    except Unreachable:
        context["unreachable"] = True
    name = "messaging/_handsets.html" if request.htmx else "messaging/handsets.html"  # type: ignore[attr-defined]  # django_htmx
    return render(request, name, context)


def phones(workspace: UUID, *, at: dt.datetime) -> list[Handset]:
    """The phones that got something lately. Raises Unreachable."""
    numbers = [entry["number"] for entry in _get("/handsets")]
    return [_handset(number) for number in _texted(workspace, numbers, at)[:PHONES_MAX]]


def _texted(workspace: UUID, numbers: list[str], at: dt.datetime) -> list[str]:
    """Those of ``numbers`` this workspace has texted: the carrier's phones are shared by all workspaces."""
    index = keyring.key(workspace, keyring.Purpose.INDEX)
    by_index = {number_index(index, f"+{number}"): number for number in numbers}
    found = Message.objects.filter(workspace_id=workspace, to_idx__in=list(by_index), id__gte=ids.floor(at - SHOWN))
    ours = {bytes(to_idx) for to_idx in found.values_list("to_idx", flat=True).distinct()}
    return [number for to_idx, number in by_index.items() if to_idx in ours]


def _handset(number: str) -> Handset:
    texts = [
        Received(
            sender=text["from"],
            text=text["text"],
            parts=text["parts"],
            at=dt.datetime.fromisoformat(text["received_at"]),
        )
        for text in _get(f"/handsets/{quote(number)}")["messages"]
    ]
    return Handset(number=f"+{number}", texts=texts)


def _get(path: str) -> Any:
    """A JSON resource of the carrier's control. Its address is ours, on this machine, and never a customer's."""
    connection = _connection(settings.HANDSETS_URL)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable from error
    finally:
        connection.close()


def _connection(where: str) -> http.client.HTTPConnection:
    if not where:
        raise Unreachable
    if where.startswith(("/", "unix:")):
        return _UnixConnection(where.removeprefix("unix://").removeprefix("unix:"))
    return http.client.HTTPConnection(urlsplit(where).netloc or where, timeout=TIMEOUT_SECONDS)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(self._path)
