import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from messaging.sandbox.script import MAGIC_NUMBERS
from tests.factories import pages

TEXT = {"from": "ACME", "text": "Parcel 3304", "parts": 1, "ids": ["1"], "received_at": "2026-01-01T00:00:00+00:00"}


class Control(BaseHTTPRequestHandler):
    """Answers as the simulated carrier's control does."""

    def do_GET(self) -> None:
        listed = [{"number": "4915123456789", "messages": 1, "last": TEXT}, {"number": "31612345678", "messages": 1}]
        body = json.dumps(listed if self.path == "/handsets" else {"number": "x", "messages": [TEXT]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Quietly."""


@pytest.fixture
def control(settings: Any) -> Iterator[None]:
    server = HTTPServer(("127.0.0.1", 0), Control)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.DEMO, settings.HANDSETS_URL = True, f"http://127.0.0.1:{server.server_port}"
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("control")
def test_phones_show_what_they_received_and_only_those_this_workspace_texted() -> None:
    shop = pages.shop()
    pages.message(shop)

    html = pages.client(shop.owner).get("/handsets").content.decode()

    assert "Parcel 3304" in html
    assert "+4915123456789" in html
    assert "31612345678" not in html
    assert MAGIC_NUMBERS[0].number in html


@pytest.mark.usefixtures("control")
def test_a_workspace_that_sent_nothing_sees_no_phone() -> None:
    html = pages.client(pages.shop().owner).get("/handsets").content.decode()

    assert "No phone has received anything" in html


def test_without_a_carrier_the_page_says_so(settings: Any) -> None:
    settings.DEMO, settings.HANDSETS_URL = True, "http://127.0.0.1:1"

    html = pages.client(pages.shop().owner).get("/handsets").content.decode()

    assert "does not answer" in html


def test_outside_the_demo_there_are_no_handsets(settings: Any) -> None:
    settings.DEMO = False

    assert pages.client(pages.shop().owner).get("/handsets").status_code == 404
