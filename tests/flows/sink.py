"""A customer's webhook receiver, in a process of its own: ``python -m tests.flows.sink --port … --record FILE``.

It checks every signature with the ``standardwebhooks`` library and appends what it got as JSON lines. Tests tell it
which secret belongs to a path, and with which statuses to answer first:

POST /_secrets  {"/hook/a": "whsec_…"}        POST /_answers  {"/hook/a": [500, 503]}
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Sink:
    """What was registered, and the record."""

    def __init__(self, record: Path) -> None:
        self._file = record.open("a", encoding="utf-8", buffering=1)
        self._kept = record.with_suffix(".secrets")  # outlives a kill of this process
        self._secrets: dict[str, str] = json.loads(self._kept.read_text()) if self._kept.exists() else {}
        self._answers: dict[str, list[int]] = {}

    async def secrets(self, request: web.Request) -> web.Response:
        """Register signing secrets by path."""
        self._secrets |= await request.json()
        self._kept.write_text(json.dumps(self._secrets))
        return web.Response()

    async def answers(self, request: web.Request) -> web.Response:
        """Register the first answers by path; then it is 204 again."""
        self._answers |= await request.json()
        return web.Response()

    async def event(self, request: web.Request) -> web.Response:
        """Take one event."""
        body = await request.read()
        waiting = self._answers.get(request.path)
        status = waiting.pop(0) if waiting else 204
        self._file.write(json.dumps(self._line(request, body, status)) + "\n")
        return web.Response(status=status)

    def _line(self, request: web.Request, body: bytes, status: int) -> dict[str, Any]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        document = json.loads(body)
        return {
            "path": request.path,
            "id": headers.get("webhook-id"),
            "signed": self._signed(request.path, body, headers),
            "type": document.get("type"),
            "message": document.get("data", {}).get("id"),
            "document": document,
            "status": status,
            "at": time.time(),
        }

    def _signed(self, path: str, body: bytes, headers: dict[str, str]) -> bool:
        try:
            Webhook(self._secrets[path]).verify(body, headers)
        except (KeyError, WebhookVerificationError):
            return False
        return True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--record", type=Path, required=True)
    options = parser.parse_args()
    sink = Sink(options.record)
    app = web.Application()
    app.router.add_post("/_secrets", sink.secrets)
    app.router.add_post("/_answers", sink.answers)
    app.router.add_post("/{path:.*}", sink.event)
    web.run_app(app, host="127.0.0.1", port=options.port, access_log=None, print=None)


if __name__ == "__main__":
    main()
