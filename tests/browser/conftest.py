"""Chromium and a server for it; every test of this folder needs both."""

import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections

from tests.browser import visit
from tests.factories import pages

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this folder's tests, and skip them visibly where there is no browser."""
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            item.add_marker(visit.needs_chromium)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Quietly."""


def _closing(application: Any) -> Any:
    """Every request has a thread of its own, which takes its database connections with it."""

    def call(environ: Any, start: Any) -> Any:
        response = application(environ, start)
        body = b"".join(response)
        response.close()  # or the garbage collector does, and ends the connections of whatever request is under way
        connections.close_all()
        return [body]

    return call


@pytest.fixture(scope="module", autouse=True)
def _database_beside_the_browser() -> Iterator[None]:
    """Playwright keeps an event loop in this thread; the tests use the database between its calls, never within."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, _closing(get_wsgi_application()), server_class=_Server, handler_class=_Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium(address: str) -> Iterator[Any]:
    """Closed before the server it talks to."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=visit.CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def shop() -> pages.Shop:
    made = pages.shop()
    pages.messages(made, count=30)
    return made
